package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"postage/ingest/kafka"
	"postage/ingest/kafka/apachekafka"
	"postage/rating"
	"postage/reports"
	"postage/schemas/events/traffic"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestTorture has two `postage ingest` consume from Apache Kafka into ClickHouse while
// records arrive and everything is killed, paused and restarted at random. The records are
// hostile too: copies, disorder over hours, wrong keys, conversations spread over
// partitions, poison. In the end every origin is in the log once, the ledger is closed and
// true, and a draft comes out as if nothing had happened.
//
// POSTAGE_TORTURE_MESSAGES makes it longer (`make torture`), POSTAGE_TEST_SEED repeats the
// decisions of a run.
func TestTorture(t *testing.T) {
	t.Parallel()
	messages := 2500
	if s := os.Getenv("POSTAGE_TORTURE_MESSAGES"); s != "" {
		var err error
		if messages, err = strconv.Atoi(s); err != nil {
			t.Fatalf("POSTAGE_TORTURE_MESSAGES: %v", err)
		}
	}
	october := month("2026-10")
	c := &chaos{t: t, chance: randomly(t), engineDir: t.TempDir(), done: map[string]int{}}
	var err error
	if c.broker, err = apachekafka.Start(t.Context(), apachekafka.Options{DataDir: t.TempDir()}); err != nil {
		t.Fatalf("this test needs Apache Kafka: %v", err)
	}
	t.Cleanup(c.broker.Kill)
	c.startEngine()
	t.Cleanup(func() { c.engine.Close() })
	p := newPlantOn(t, c.engine, c.broker.Addr(), "example")
	records := torturedRecords(t, c.chance, p.tariff.Tariff, october, messages)

	c.args = []string{
		"ingest", "-v", "--tariff", "example", "--kafka", p.Kafka, "--clickhouse", p.Clickhouse, "--data", p.Data,
		"--session-timeout", tortureSession.String(), "--batch-age", "150ms", "--batch-records", strconv.Itoa(max(300, messages/20)),
	}
	for range 2 {
		it := c.newConsumer()
		it.start()
		c.consumers = append(c.consumers, it)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for i, it := range c.consumers {
				t.Logf("consumer %d: ...%s", i, it.lastWords())
			}
		}
	})

	// Each act goes with a share of the records, so that some arrive before, during and after.
	acts := deck(c, 1+messages/40_000)
	began := time.Now()
	for i, act := range acts {
		share := records[i*len(records)/len(acts) : (i+1)*len(records)/len(acts)]
		var work errgroup.Group
		work.Go(func() error { return produceStubbornly(t.Context(), p.Kafka, share) })
		c.sleep(0, 600)
		c.act(act)
		if err := work.Wait(); err != nil {
			t.Fatalf("produce: %v", err)
		}
	}
	for _, it := range c.consumers {
		it.stop()
	}
	last := command(t, append(c.args, "--until-caught-up")...)
	if out, err := last.CombinedOutput(); err != nil {
		t.Fatalf("the last consumer: %v\n%s", err, out)
	}
	t.Logf("%d records, %d acts %v in %.0f s", len(records), len(acts), c.done, time.Since(began).Seconds())
	p.checkTortured(records, october)
}

// deck is a sequence of acts in which each comes up so many times.
func deck(c *chaos, times int) []string {
	var acts []string
	for range times {
		hand := slices.Sorted(maps.Keys(c.acts()))
		c.chance.Shuffle(len(hand), func(i, j int) { hand[i], hand[j] = hand[j], hand[i] })
		acts = append(acts, hand...)
	}
	return acts
}

// torturedRecords are a month in disorder, with copies, under wrong keys, and with poison.
func torturedRecords(t *testing.T, chance *rand.Rand, tariff *rating.Tariff, m rating.Month, messages int) []kafka.Produced {
	t.Helper()
	accounts, err := traffic.AccountsOf(tariff.Rows, m, 0)
	if err != nil {
		t.Fatal(err)
	}
	var records []kafka.Produced
	for i, format := range []traffic.Format{traffic.V1, traffic.Webhook} {
		g, err := traffic.New(traffic.Config{Month: m, Messages: messages / 2, Seed: chance.Uint64() + uint64(i), Accounts: accounts, Format: format, Copies: 0.10})
		if err != nil {
			t.Fatal(err)
		}
		for r := range g.Records() {
			records = append(records, kafka.Produced{Key: []byte(r.Key), Value: r.Value, Time: r.Arrived.Time()})
		}
	}
	// What arrives is late by up to six hours, each record by itself.
	late := make(map[*byte]time.Time, len(records))
	arrival := func(r kafka.Produced) time.Time { return late[&r.Key[0]] }
	for i := range records {
		r := &records[i]
		r.Key = bytes.Clone(r.Key)
		late[&r.Key[0]] = r.Time.Add(time.Duration(chance.IntN(6*3600)) * time.Second)
	}
	slices.SortFunc(records, func(a, b kafka.Produced) int {
		return cmp.Or(arrival(a).Compare(arrival(b)), bytes.Compare(a.Value, b.Value))
	})
	for i := range records {
		switch chance.IntN(20) {
		case 0:
			records[i].Key = nil
		case 1, 2:
			records[i].Key = records[chance.IntN(len(records))].Key
		case 3:
			records[i].Key = fmt.Append(nil, "no key of anybody ", chance.IntN(100))
		}
	}
	noon := at("2026-10-15T12:00:00Z")
	poison := append(badRecords(m),
		kafka.Produced{Key: []byte("tombstone"), Time: noon},
		kafka.Produced{Value: []byte{}, Time: noon},
		kafka.Produced{Value: make([]byte, 1<<20), Time: noon},
		kafka.Produced{Value: []byte(`{"type":"message.sent","padding":"` + strings.Repeat("y", 20<<20) + `"}`), Time: noon},
		kafka.Produced{Value: []byte(strings.Repeat("[", 100_000)), Time: noon},
	)
	for _, r := range poison {
		records = slices.Insert(records, chance.IntN(len(records)), r)
	}
	return records
}

// produceStubbornly goes on until everything is acknowledged. What was acknowledged in
// vain is there twice: one more sort of copies.
func produceStubbornly(ctx context.Context, broker string, records []kafka.Produced) error {
	producer := kafka.NewProducer([]string{broker}, eventsTopic)
	defer producer.Close()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for chunk := range slices.Chunk(records, 2000) {
		for {
			err := producer.Produce(ctx, chunk...)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return err
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	return nil
}

// checkTortured compares what is there with what was sent.
func (p *plant) checkTortured(records []kafka.Produced, m rating.Month) {
	p.t.Helper()
	// The engine was restarted under the old connections.
	store := p.engines.store
	p.engines = &engines{brokers: p.engines.brokers}
	_ = store.Close()
	if err := p.openStore(p.t.Context(), p.streams, p.engines); err != nil {
		p.t.Fatal(err)
	}
	var produced int
	for _, end := range topicEnds(p.t, p.Kafka, eventsTopic) {
		produced += int(end)
	}
	if produced < len(records) {
		p.t.Errorf("topic holds %d records, %d were produced", produced, len(records))
	}
	p.checkLedger(produced)
	p.checkSpans()
	p.checkIdentities(records)

	rated := offlineRated(p.t, p.tariff.Tariff, records)
	closer := p.closer()
	written := &recording{RunStore: closer.Runs}
	closer.Runs = written
	draft, err := closer.Draft(p.t.Context(), m)
	if err != nil {
		p.t.Fatal(err)
	}
	equalJSON(p.t, "statements of the draft", draft.Statements, offlineStatements(p.t, p.tariff.Tariff, m, rated))
	classified, err := p.engines.store.CompareLive(p.t.Context(), draft.Run.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	if classified.Messages == 0 || classified.Missing > 0 || classified.Different > 0 {
		p.t.Errorf("classified live, against the draft: %+v, want none missing and none different", classified)
	}
	offline := map[string]*rating.Message{}
	for _, message := range rated.Messages {
		offline[message.Sender+"|"+message.User+"|"+message.MessageID] = message
	}
	for i := range written.messages {
		got := &written.messages[i]
		want := offline[got.Sender+"|"+got.User+"|"+got.MessageID]
		if want == nil {
			p.t.Errorf("message %s is not in the offline result", got.MessageID)
			continue
		}
		equalJSON(p.t, "message "+got.MessageID, got, want)
		if p.t.Failed() {
			return
		}
	}
}

// recording is a run store that remembers the messages written to it.
type recording struct {
	reports.RunStore
	mu       sync.Mutex
	messages []rating.Message
}

func (r *recording) BeginRun(ctx context.Context, run reports.Run) (reports.RunWriter, error) {
	w, err := r.RunStore.BeginRun(ctx, run)
	return &recordingWriter{w, r}, err
}

type recordingWriter struct {
	reports.RunWriter
	store *recording
}

func (w *recordingWriter) WriteMessages(ctx context.Context, messages []rating.Message) error {
	w.store.mu.Lock()
	w.store.messages = append(w.store.messages, messages...)
	w.store.mu.Unlock()
	return w.RunWriter.WriteMessages(ctx, messages)
}

// checkSpans: each line of the ledger says how many records, events and refusals lie
// between its offsets.
func (p *plant) checkSpans() {
	p.t.Helper()
	type counts struct{ records, stored, refused, events, parts int64 }
	below := map[string][]counts{} // by partition: of the offsets below
	for _, row := range p.sql(`SELECT partition, offset, countIf(event), countIf(NOT event) FROM
		(SELECT partition, offset, true AS event FROM events UNION ALL SELECT partition, offset, false FROM refused)
		GROUP BY partition, offset ORDER BY partition, offset`) {
		events, parts := number(p.t, row[2]), number(p.t, row[3])
		at := below[row[0]]
		if at == nil {
			at = []counts{{}}
		}
		next := at[len(at)-1]
		next.records++
		next.events += events
		next.parts += parts
		if events > 0 {
			next.stored++
		} else {
			next.refused++
		}
		if got := number(p.t, row[1]); got != int64(len(at)-1) {
			p.t.Fatalf("partition %s: offset %d comes after %d", row[0], got, len(at)-2)
		}
		below[row[0]] = append(at, next)
	}
	for _, row := range p.sql("SELECT partition, offset_from, offset_to, records, stored, refused, events, parts FROM ledger") {
		at := below[row[0]]
		from, to := at[number(p.t, row[1])], at[number(p.t, row[2])]
		want := fmt.Sprint(to.records-from.records, to.stored-from.stored, to.refused-from.refused, to.events-from.events, to.parts-from.parts)
		if got := strings.Join(row[3:], " "); got != want {
			p.t.Errorf("ledger, partition %s, offsets %s to %s: records, stored, refused, events, parts %s, want %s", row[0], row[1], row[2], got, want)
		}
	}
}

// checkIdentities: the events and the refusals in the log are those that were sent.
func (p *plant) checkIdentities(records []kafka.Produced) {
	p.t.Helper()
	identities, refusals := map[string]bool{}, map[string]bool{}
	decoder := newDecoder(p.tariff.Tariff)
	for _, r := range records {
		items, refused := decoder.Decode(nil, r.Value, rating.At(r.Time))
		for _, it := range items {
			e := &it.Event
			identities[fmt.Sprintf("%s\t%s\t%s\t%d\t%d", e.Sender, e.User, e.MessageID, e.Type, e.At)] = true
		}
		for _, f := range refused {
			refusals[f.Reason+"\t"+hashOf(r.Value)] = true
		}
	}
	check := func(what string, rows [][]string, want map[string]bool) {
		for _, row := range rows {
			if !want[strings.Join(row, "\t")] {
				p.t.Errorf("%s %v was never sent", what, row)
				return
			}
		}
		if len(rows) != len(want) {
			p.t.Errorf("different %s: got %d, want %d", what, len(rows), len(want))
		}
	}
	check("events", p.sql("SELECT DISTINCT sender, user, message_id, toInt8(type), toUnixTimestamp64Milli(time) FROM events"), identities)
	check("refusals", p.sql("SELECT DISTINCT reason, lower(hex(SHA256(value))) FROM refused"), refusals)
	published := map[string]bool{}
	for _, m := range readTopic(p.t, p.Kafka, refusedTopic) {
		for _, h := range m.Headers {
			if h.Key == "postage-reason" {
				published[string(h.Value)+"\t"+hashOf(m.Value)] = true
			}
		}
	}
	if len(published) != len(refusals) {
		p.t.Errorf("different records in topic %s: got %d, want %d", refusedTopic, len(published), len(refusals))
	}
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
