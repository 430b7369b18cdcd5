package main

import (
	"fmt"
	"postage/ingest"
	"postage/ingest/kafka/apachekafka"
	"strings"
	"testing"
)

// TestIncomplete: a month is not closed while the log is known to lack something of
// it; the message says what, where, and what to do. --force closes, a draft warns.
func TestIncomplete(t *testing.T) {
	closeJune := []string{"close", "--month", "2019-06", "--tariff", "testdata/tariff", "--issued-on", "2026-11-02"}
	for _, tt := range []struct {
		name  string
		spoil func(p *plant)
		want  []string
	}{
		{"a gap in the ledger", func(p *plant) {
			p.append(ingest.Batch{Spans: []ingest.Span{{Topic: "elsewhere", Partition: 3, From: 0, To: 5}, {Topic: "elsewhere", Partition: 3, From: 8, To: 9}}})
		}, []string{"topic elsewhere, partition 3: offsets 5 to 7 were never consumed", "again"}},
		{"rows lost", func(p *plant) {
			p.append(ingest.Batch{Spans: []ingest.Span{{Topic: "elsewhere", From: 0, To: 5, Records: 5, Stored: 5, Events: 5}}})
		}, []string{"topic elsewhere, partition 0: table events holds 0 rows below offset 5, the ledger knows of 5"}},
		{"records of the month that were not consumed", func(p *plant) {
			p.produce(notification("n4", acme, alice, at("2019-06-30T23:00:00Z"))...)
			p.produce(notification("n5", acme, alice, at("2019-07-02T23:00:00Z"))...) // not of the month
		}, []string{"topic " + eventsTopic + ", partition ", ", and perhaps more, arrived before 2019-06 was over everywhere and were not consumed; run postage ingest"}},
		{"a file loaded in part", func(p *plant) {
			if err := p.engines.store.SaveLoad(p.t.Context(), ingest.FileLoad{Topic: "load:abc", File: "may.csv", Records: 9, End: 9}); err != nil {
				p.t.Fatal(err)
			}
			p.append(ingest.Batch{Spans: []ingest.Span{{Topic: "load:abc", From: 0, To: 5}}})
		}, []string{"file may.csv (topic load:abc, partition 0): offsets 5 to 8 were not loaded; load it again"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, embeddedBroker(t), "testdata/tariff")
			smallMonth(p)
			p.produce(notification("n6", acme, alice, at("2019-08-02T23:00:00Z"))...) // nor is this in the way
			if faults, err := incomplete(t.Context(), p.engines, june); err != nil || len(faults) > 0 {
				t.Fatalf("before anything is spoilt: %q, %v", faults, err)
			}
			tt.spoil(p)

			approve := append(closeJune, "--approve", "--by", "tester", "--why", "a test")
			out, errOut := p.must(1, approve...)
			wantText(t, out, append(tt.want, "blocking log_incomplete: the log is not complete: ", "--force")...)
			wantText(t, errOut, "postage: month 2019-06: nothing was issued: there are blocking exceptions")
			out, _ = p.must(0, append(closeJune, "--draft")...)
			wantText(t, out, "log_incomplete: the log is not complete: "+tt.want[0], "(draft)")
			if closed, err := p.closer().Books.Month(t.Context(), june); err != nil || closed != nil {
				t.Errorf("the month is closed: %+v, %v", closed, err)
			}
			out, _ = p.must(0, append(approve, "--force")...)
			wantText(t, out, "warning log_incomplete: the log is not complete: "+tt.want[0], "US-2026-000001")
		})
	}
}

// append writes to the log what no service would.
func (p *plant) append(b ingest.Batch) {
	p.t.Helper()
	if err := p.engines.store.Append(p.t.Context(), ingest.Sole{Name: "test"}, &b); err != nil {
		p.t.Fatal(err)
	}
}

// TestArrived: which records came before an instant is the broker's own answer, on
// Apache Kafka too; with all consumed, the close goes ahead.
func TestArrived(t *testing.T) {
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
	p := newPlant(t, b.Addr(), "testdata/tariff")
	smallMonth(p)
	p.produce(notification("n4", acme, alice, at("2019-06-30T23:00:00Z"))...)
	p.produce(notification("n5", acme, alice, at("2019-07-02T23:00:00Z"))...)
	faults, err := incomplete(t.Context(), p.engines, june)
	var partition int
	var from, to int64
	if err == nil && len(faults) == 1 {
		_, err = fmt.Sscanf(faults[0], "topic postage.events, partition %d: offsets %d to %d", &partition, &from, &to)
	}
	if err != nil || len(faults) != 1 || to-from != 1 {
		t.Fatalf("got %q, %v; want the two offsets of n4", faults, err)
	}
	if !strings.HasSuffix(faults[0], "until it has caught up") {
		t.Errorf("got %q; want what to do", faults[0])
	}
	p.ingest()
	if faults, err := incomplete(t.Context(), p.engines, june); err != nil || len(faults) > 0 {
		t.Errorf("with all consumed: %q, %v", faults, err)
	}
}
