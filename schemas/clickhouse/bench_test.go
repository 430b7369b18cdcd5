package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"testing"
)

// traffic makes n events that look like life: statuses of messages in a few thousand
// conversations of each sender, message ids random, mostly without optional members.
func traffic(seed uint64, n int, offset int64) []ingest.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	categories := []string{"marketing", "utility", "authentication", "service"}
	records := make([]ingest.Record, 0, n)
	at := rating.Instant(1790812800000)
	for len(records) < n {
		at += rating.Instant(r.IntN(200))
		e := rating.Event{
			Type: rating.Sent, Kind: rating.Kind(1 + r.IntN(2)), At: at,
			MessageID: fmt.Sprintf("wamid.HBgLNDQ3NzAwOTAwMTIzFQIAERgS%016X%08XAA==", r.Uint64(), r.Uint32()),
			Sender:    fmt.Sprintf("+4420794600%02d", r.IntN(20)),
			User:      fmt.Sprintf("+4477009%05d", r.IntN(2000)),
			Category:  categories[r.IntN(4)],
		}
		if e.Kind == rating.Template {
			e.Template = fmt.Sprintf("template_%d", r.IntN(40))
		}
		for _, t := range []rating.EventType{rating.Sent, rating.Delivered, rating.Read} {
			e.Type = t
			e.At += rating.Instant(r.IntN(60000))
			if t != rating.Sent {
				e.Template, e.Kind = "", rating.KindUnknown
				e.Claim = rating.Claim{Billable: rating.BillableYes, Model: "PMP", Type: "regular", Category: e.Category}
			}
			records = append(records, ingest.Record{
				Origin:    ingest.Origin{Topic: "postage.events", Partition: int32(offset % 12), Offset: offset / 12},
				ArrivedAt: e.At + 500, Event: e,
			})
			offset++
		}
	}
	return records[:n]
}

// BenchmarkAppend writes batches as ingest does.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b)
			records := traffic(1, n, 0)
			for b.Loop() {
				for i := range records {
					records[i].Offset += int64(n)
				}
				if err := s.Append(b.Context(), ingest.Sole{}, &ingest.Batch{Events: records, Spans: []ingest.Span{span(0, 0, int64(n))}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkConversations reads a log of a million events in twenty inserts, whose
// conversations are spread over all parts: the worst case for merging.
func BenchmarkConversations(b *testing.B) {
	s := open(b)
	const inserts, n = 20, 50_000
	for i := range inserts {
		if err := s.Append(b.Context(), ingest.Sole{}, &ingest.Batch{Events: traffic(uint64(i), n, int64(i*n))}); err != nil {
			b.Fatal(err)
		}
	}
	cutoff := all(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	for b.Loop() {
		got := 0
		for c, err := range s.allConversations(b.Context(), cutoff) {
			if err != nil {
				b.Fatal(err)
			}
			got += len(c)
		}
		if got != inserts*n {
			b.Fatalf("events: got %d, want %d", got, inserts*n)
		}
	}
	b.ReportMetric(float64(inserts*n*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkRun writes a run of 200,000 messages, a third of them charged.
func BenchmarkRun(b *testing.B) {
	s := open(b)
	messages := make([]rating.Message, 200_000)
	for i := range messages {
		messages[i] = charged(i, "acme", "0.0345")
		if i%3 != 0 {
			messages[i].Outcome, messages[i].Reason, messages[i].Rate = rating.Free, rating.FreeCustomerService, nil
		}
	}
	for b.Loop() {
		writeRun(b, s, testRun("bench", reports.DraftRun), messages)
	}
	b.ReportMetric(float64(len(messages)*b.N)/b.Elapsed().Seconds(), "messages/s")
}
