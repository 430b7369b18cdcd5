package main

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	kafkaembedded "postage/ingest/kafka/embedded"
)

// overtaken is a log that lets something else happen once, while a close that has
// taken its cut-off is still reading.
type overtaken struct {
	reports.EventLog
	meanwhile func()
}

func (o *overtaken) Conversations(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		for c, err := range o.EventLog.Conversations(ctx, upTo, of) {
			if !yield(c, err) {
				return
			}
		}
		if meanwhile := o.meanwhile; meanwhile != nil {
			o.meanwhile = nil
			meanwhile()
		}
	}
}

// TestCloseOvertaken: two closes of a closed month run at once, and the slower one
// has the older cut-off. It must not take back what the faster one has issued.
func TestCloseOvertaken(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	p.close(p.closer(), june)

	slow := p.closer()
	slow.Log = &overtaken{slow.Log, func() {
		p.pauseWriter()
		p.produce(inbound("late", acme, alice, at("2019-06-10T11:00:00Z")))
		p.ingest()
		if r := p.close(p.closer(), june); len(r.Documents) != 1 || r.Documents[0].Type != reports.CreditNote {
			t.Errorf("the faster close issued %+v, want one credit note", r.Documents)
		}
	}}
	// It may fail, and it may find nothing to do; it may not issue.
	r, err := slow.Close(t.Context(), june)
	if err == nil && len(r.Documents) > 0 {
		t.Errorf("the slower close issued %s %s of %s: it undoes what it had not seen", r.Documents[0].Type, r.Documents[0].Number, r.Documents[0].Net)
	}
	statements, err := p.closer().Books.Statements(t.Context(), june)
	if err != nil || statements[0].Billed.String() != "10.05" {
		t.Errorf("acme in the books: %s, error %v; want 10.05", statements[0].Billed, err)
	}
}

// foreseen is a log that lets something else happen once, after a close has read
// the books and before it takes its cut-off.
type foreseen struct {
	reports.EventLog
	meanwhile func()
}

func (f *foreseen) Cutoff(ctx context.Context) (reports.Cutoff, error) {
	if meanwhile := f.meanwhile; meanwhile != nil {
		f.meanwhile = nil
		meanwhile()
	}
	return f.EventLog.Cutoff(ctx)
}

// TestCloseTwiceCreditsOnce: two closes see the same late event, and both read the
// books before either issues. The difference may be credited once only.
func TestCloseTwiceCreditsOnce(t *testing.T) {
	t.Run("one cut-off", func(t *testing.T) { closeTwice(t, true) })
	t.Run("two cut-offs", func(t *testing.T) { closeTwice(t, false) })
}

func closeTwice(t *testing.T, sameCutoff bool) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	p.close(p.closer(), june)
	p.produce(inbound("late", acme, alice, at("2019-06-10T11:00:00Z")))
	p.ingest()

	slow := p.closer()
	slow.Log = &foreseen{slow.Log, func() {
		p.pauseWriter()
		if r := p.close(p.closer(), june); len(r.Documents) != 1 || r.Documents[0].Type != reports.CreditNote {
			t.Errorf("the faster close issued %+v, want one credit note", r.Documents)
		}
		if !sameCutoff { // something that changes nothing but the offsets
			p.produce(inbound("later", acme, alice, at("2019-07-20T11:00:00Z")))
			p.ingest()
		}
	}}
	if _, err := slow.Close(t.Context(), june); !errors.Is(err, books.ErrNotHolder) {
		t.Errorf("the slower close: got error %v, want %v", err, books.ErrNotHolder)
	}
	documents, err := p.closer().Books.Documents(t.Context(), june)
	if err != nil {
		t.Fatal(err)
	}
	var credited []string
	for _, d := range documents {
		if d.Type == reports.CreditNote {
			credited = append(credited, d.Number)
		}
	}
	if len(credited) != 1 {
		t.Errorf("credit notes: got %v, want one", credited)
	}
}

// pauseWriter makes whoever holds the books look as if he had been silent for long, as a
// process that is stopped or a machine that sleeps.
func (p *plant) pauseWriter() {
	p.t.Helper()
	if _, err := openBooksFile(p.t, p).ExecContext(p.t.Context(), "UPDATE lease SET expires_at = 1"); err != nil {
		p.t.Fatal(err)
	}
}

// TestLostRecordsAreNoticed: records that the broker has thrown away before they
// were read are gone. The ledger must not call their offsets complete.
func TestLostRecordsAreNoticed(t *testing.T) {
	t.Parallel()
	b, err := kafkaembedded.Start(kafkaembedded.Options{DataDir: t.TempDir(), Topics: []kafkaembedded.Topic{{Name: eventsTopic, Partitions: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	p := newPlant(t, b.Addr(), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 30, traffic.V1)
	p.produce(records[:20]...)
	p.ingest()
	p.produce(records[20:40]...)
	deleteRecords(t, b.Addr(), 30)

	service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
	if err != nil {
		t.Fatal(err)
	}
	defer closeService()
	service.UntilCaughtUp = true
	err = service.Run(t.Context())
	cutoff, cutoffErr := p.engines.store.Cutoff(t.Context())
	if cutoffErr != nil {
		t.Fatal(cutoffErr)
	}
	if err == nil || !strings.Contains(err.Error(), "20") || cutoff[0].Offset != 20 {
		t.Errorf("10 records from offset 20 on are lost: got error %v and a cut-off of %d; want an error that names the offset, and 20", err, cutoff[0].Offset)
	}
}

func deleteRecords(t *testing.T, broker string, upTo int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	partition := kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Offset = upTo
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic, topic.Partitions = eventsTopic, []kmsg.DeleteRecordsRequestTopicPartition{partition}
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = []kmsg.DeleteRecordsRequestTopic{topic}
	resp, err := req.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if code := resp.Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatalf("delete records: error code %d", code)
	}
}

// TestDemoOfAnySize: a demo is right whatever its size and month.
func TestDemoOfAnySize(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--messages", "2000"}, {"--messages", "2000", "--month", "2025-08"}, {"--messages", "1"}} {
		out, err := command(t, append([]string{"demo", "--data", t.TempDir()}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("demo %v: %v\n%s", args, err, bytes.TrimSpace(out))
		}
	}
}

// TestDeadlineEndsService: Run ends when its context does, by a deadline too.
func TestDeadlineEndsService(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	p.produce(monthOf(t, p.tariff.Tariff, month("2026-10"), 30, traffic.V1)...)
	service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("got %v, want nil", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still running 7 s after its deadline")
	}
	if err := closeService(); err != nil {
		t.Error(err)
	}
}

// TestTopicsKeepRecords: what we create keeps its records. The default of a real
// broker is a week by the record's timestamp, so that a month backfilled under its
// own times is thrown away before it can be read.
func TestTopicsKeepRecords(t *testing.T) {
	t.Parallel()
	broker := embeddedBroker(t)
	newPlant(t, broker, "example")
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, topic := range []string{eventsTopic, refusedTopic} {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, topic
		req := kmsg.NewPtrDescribeConfigsRequest()
		req.Resources = []kmsg.DescribeConfigsRequestResource{resource}
		resp, err := req.RequestWith(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		retention := "(not set)"
		for _, c := range resp.Resources[0].Configs {
			if c.Name == "retention.ms" && c.Value != nil && c.Source == kmsg.ConfigSourceDynamicTopicConfig {
				retention = *c.Value
			}
		}
		if retention != "-1" {
			t.Errorf("topic %s: retention.ms is %s, want -1", topic, retention)
		}
	}
}

// TestInvoiceAtTheMinimum: who uses less than the minimum spend pays the minimum, to
// the penny. The lines above it are rounded one by one, so the difference has to be
// taken from what they are billed at.
func TestInvoiceAtTheMinimum(t *testing.T) {
	t.Parallel()
	tf, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	minimum := map[string]string{"alpenglueck-reisen": "1500", "sundari-bank": "200000"}
	for _, m := range []string{"2025-08", "2025-09", "2025-10", "2025-11"} {
		for _, s := range offline(t, tf.Tariff, month(m), monthOf(t, tf.Tariff, month(m), 1000, traffic.V1)) {
			if want := minimum[s.Account]; want != "" && s.Billed.String() != want {
				t.Errorf("%s of %s: billed %s, want the minimum spend of %s", s.Account, m, s.Billed, want)
			}
		}
	}
}
