package main

import (
	"bytes"
	"fmt"
	"postage/ingest/kafka"
	"postage/ingest/kafka/apachekafka"
	"postage/schemas/events/traffic"
	"testing"
	"time"
)

// TestPipeline takes a month through the whole path, once on the embedded broker
// and once on Apache Kafka itself. What comes out must be what the rating function
// says of the same records without any of the machinery.
func TestPipeline(t *testing.T) {
	t.Run("embedded broker", func(t *testing.T) {
		t.Parallel()
		testPipeline(t, embeddedBroker(t))
	})
	t.Run("Apache Kafka", func(t *testing.T) {
		t.Parallel()
		b, err := apachekafka.Start(t.Context(), apachekafka.Options{DataDir: t.TempDir()})
		if err != nil {
			t.Fatalf("this test needs Apache Kafka: %v", err)
		}
		t.Cleanup(func() {
			if err := b.Stop(); err != nil {
				t.Errorf("stopping Apache Kafka: %v", err)
			}
		})
		testPipeline(t, b.Addr())
	})
}

func testPipeline(t *testing.T, brokers string) {
	began := time.Now()
	october := month("2026-10")
	p := newPlant(t, brokers, "example")
	records := monthOf(t, p.tariff.Tariff, october, 3000, traffic.V1)
	// More disorder than the generator makes: neighbours change places, and some
	// records come again much later. Bad ones lie in between.
	chance := randomly(t)
	for i := range records {
		if j := i + chance.IntN(50); j < len(records) {
			records[i], records[j] = records[j], records[i]
		}
	}
	for i := 0; i < len(records); i += 20 {
		records = append(records, records[i])
	}
	records = append(records, badRecords(october)...)

	p.produce(records[:len(records)/2]...)
	first := p.ingest()
	p.produce(records[len(records)/2:]...)
	second := p.ingest()
	if got, want := first.Stats.Records.Load()+second.Stats.Records.Load(), int64(len(records)); got != want {
		t.Errorf("records consumed by two services, one after the other: got %d, want %d", got, want)
	}
	p.checkLedger(len(records))

	closer := p.closer()
	r := p.close(closer, october)
	t.Logf("%d records, %.1f s to the close", len(records), time.Since(began).Seconds())

	issued, err := closer.Books.Statements(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "statements in the books", issued, offline(t, p.tariff.Tariff, october, records))
	if len(issued) != len(p.tariff.Accounts(october)) {
		t.Errorf("statements: got %d, want one for each of %d accounts", len(issued), len(p.tariff.Accounts(october)))
	}
	if r.Suspense != 1 {
		t.Errorf("messages of unknown senders: got %d, want 1", r.Suspense)
	}

	totals, err := p.engines.store.StatementTotals(t.Context(), r.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := closer.Books.Documents(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	if len(totals) != len(issued) || len(documents) != len(issued) {
		t.Fatalf("%d statements, %d of them in SQL, %d invoices: want equal", len(issued), len(totals), len(documents))
	}
	for i := range issued {
		s, sum, d := &issued[i], totals[i], documents[i]
		if sum.Account != s.Account || !sum.Agrees || !sum.Billed.Equal(s.Billed) || !sum.FromLines.Equal(s.Billed) || !sum.FromCharges.Equal(s.Billed) || !sum.Exact.Equal(s.Exact) {
			t.Errorf("%s: SQL says %+v, the statement %s exact %s", s.Account, sum, s.Billed, s.Exact)
		}
		if sum.Charged != s.Counts.NoticeCharged+s.Counts.CareCharged {
			t.Errorf("%s: %d charged in SQL, statement %+v", s.Account, sum.Charged, s.Counts)
		}
		if d.Customer.ID != s.Account || !d.Net.Equal(s.Billed) || !d.Gross.Equal(d.Net.Add(d.Tax)) {
			t.Errorf("invoice %s of %s: net %s, tax %s, gross %s; want net %s of %s", d.Number, d.Customer.ID, d.Net, d.Tax, d.Gross, s.Billed, s.Account)
		}
		if want := fmt.Sprintf("PEX-2026-%06d", i+1); d.Number != want {
			t.Errorf("invoice number: got %s, want %s", d.Number, want)
		}
		for format, magic := range map[string]string{"pdf": "%PDF-", "xlsx": "PK\x03\x04"} {
			content, err := closer.Books.File(t.Context(), d.Number, format)
			if err != nil || !bytes.HasPrefix(content, []byte(magic)) {
				t.Errorf("%s of %s in the books: %d bytes, error %v; want a %s file", format, d.Number, len(content), err, format)
			}
		}
	}
}

// TestCommittedOffsets: what is committed to the group is what the ledger covers, so
// that lag tools tell the truth and a group that moves to another log starts right.
func TestCommittedOffsets(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 100, traffic.V1)
	p.produce(records...)
	p.ingest()
	group, err := kafka.JoinGroup(p.engines.brokers, eventsTopic, consumerGroup, p.log, kafka.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	gen, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ends := topicEnds(t, p.engines.brokers[0], eventsTopic)
	if len(gen.Owned()) != len(ends) {
		t.Errorf("partitions owned: got %d, want %d", len(gen.Owned()), len(ends))
	}
	for partition, committed := range gen.Owned() {
		if end := ends[int(partition.ID)]; committed != end {
			t.Errorf("partition %d: committed %d, want %d", partition.ID, committed, end)
		}
	}
}
