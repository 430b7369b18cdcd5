package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"postage/ingest"
	"postage/ingest/live"
	"postage/rating"
	"postage/schemas/clickhouse"
	"postage/schemas/tariff"
	"runtime"
	"testing"
	"time"
)

// exampleTariff is the built-in one.
func exampleTariff(t testing.TB) *rating.Tariff {
	t.Helper()
	rows, err := tariff.Read(tariff.Example)
	if err != nil {
		t.Fatal(err)
	}
	example, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatal(err)
	}
	return example
}

// notices makes batches of notifications: to each user of a sender one or two messages,
// each sent, delivered a little later and mostly read, in the order of time, so that the events
// of a message are often in different batches.
type notices struct {
	senders []string
	users   int
	offset  int64
	now     rating.Instant
	n       int
	waiting []rating.Event // ring of events to come
}

func newNotices(t *rating.Tariff) *notices {
	var senders []string
	for _, row := range t.Rows.Senders {
		senders = append(senders, row.Sender)
	}
	return &notices{senders: senders, now: 1_790_812_800_000}
}

// batch makes n events. Conversations are new with two messages of three.
func (b *notices) batch(n int) *ingest.Batch {
	batch := &ingest.Batch{Events: make([]ingest.Record, 0, n)}
	from := b.offset
	for len(batch.Events) < n {
		b.now++
		var e rating.Event
		if len(b.waiting) > 30_000 {
			e, b.waiting = b.waiting[0], b.waiting[1:]
		} else {
			b.n++
			if b.n%3 != 0 {
				b.users++
			}
			e = rating.Event{
				Type: rating.Sent, Kind: rating.Template, At: b.now, Sender: b.senders[b.users%len(b.senders)],
				User: fmt.Sprintf("+4477%08d", b.users), MessageID: fmt.Sprintf("wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgS%016X", uint64(b.n)*0x9e3779b97f4a7c15),
				Category: "utility", Template: fmt.Sprintf("order_shipped_%d", b.n%20),
			}
			d := e
			d.Type, d.At, d.Kind, d.Category, d.Template = rating.Delivered, e.At+2000, rating.KindUnknown, "", ""
			d.Claim = rating.Claim{Billable: rating.BillableYes, Model: "PMP", Type: "regular", Category: "utility"}
			r := d
			r.Type, r.At, r.Claim = rating.Read, e.At+60_000, rating.Claim{}
			b.waiting = append(b.waiting, d, r)
		}
		batch.Events = append(batch.Events, ingest.Record{Origin: ingest.Origin{Topic: topicName, Offset: b.offset}, ArrivedAt: e.At, Event: e})
		b.offset++
	}
	batch.Spans = []ingest.Span{{Topic: topicName, From: from, To: b.offset, Records: int64(n), Stored: int64(n), Events: int64(n)}}
	return batch
}

// silent is a ClickHouse that takes verdicts and forgets them: what remains is our own work.
type silent struct{ clickhouse.Live }

func (silent) Write(context.Context, []live.Row) error { return nil }

func follow(t testing.TB, store live.Store, s *clickhouse.Store, example *rating.Tariff) *live.Follower {
	t.Helper()
	if _, err := s.Activate(t.Context(), example.Rows.Version); err != nil {
		t.Fatal(err)
	}
	f := live.New(live.Options{
		Store: store, Tariff: func(context.Context, string) (*rating.Tariff, error) { return example, nil },
		Logger: slog.New(slog.DiscardHandler),
	})
	take := ingest.Takeover{Topic: topicName, Shards: 1, Owned: map[ingest.Partition]ingest.Reached{{Topic: topicName}: {}}, Prove: func(context.Context) error { return nil }}
	if err := f.Begin(t.Context(), take); err != nil {
		t.Fatal(err)
	}
	if err := f.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.End)
	return f
}

// BenchmarkObserve measures an event of a notification: classify its conversation from the cache,
// with and without writing the verdicts to ClickHouse.
func BenchmarkObserve(b *testing.B) {
	for _, writes := range []bool{false, true} {
		name := "classify"
		if writes {
			name = "write"
		}
		b.Run(name, func(b *testing.B) {
			s := open(b)
			example := exampleTariff(b)
			var store live.Store = clickhouse.Live{Store: s}
			if !writes {
				store = silent{clickhouse.Live{Store: s}}
			}
			f := follow(b, store, s, example)
			source := newNotices(example)
			const size = 50_000
			b.ReportAllocs()
			events := 0
			for b.Loop() {
				b.StopTimer()
				batch := source.batch(size)
				b.StartTimer()
				if err := f.Observe(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				events += size
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
			b.ReportMetric(float64(f.Stats.Rows.Load())/float64(events), "rows/event")
			b.ReportMetric(float64(f.Stats.Misses.Load())/float64(events), "misses/event")
		})
	}
}

// TestResidentBytes holds the promise of 150 bytes for a conversation in memory.
func TestResidentBytes(t *testing.T) {
	conversations := int64(1_000_000)
	if testing.Short() {
		conversations = 200_000
	}
	s := open(t)
	example := exampleTariff(t)
	before := heap()
	f := follow(t, silent{clickhouse.Live{Store: s}}, s, example)
	source := newNotices(example)
	for f.Stats.Resident.Load() < conversations {
		if err := f.Observe(t.Context(), source.batch(50_000)); err != nil {
			t.Fatal(err)
		}
	}
	source.waiting = nil
	f.ClearDesk()
	each := float64(heap()-before) / float64(f.Stats.Resident.Load())
	t.Logf("%d conversations, %.1f events each: %.1f bytes of heap each, %.1f of them counted as cache; %d misses",
		f.Stats.Resident.Load(), float64(source.offset)/float64(f.Stats.Resident.Load()), each, float64(f.Stats.CacheBytes.Load())/float64(f.Stats.Resident.Load()), f.Stats.Misses.Load())
	if each > 150 {
		t.Errorf("heap per resident conversation: got %.1f bytes, want at most 150", each)
	}
	runtime.KeepAlive(f)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// history fills the log with so many conversations of four events, as a server would have it
// after a long time.
func history(t testing.TB, s *clickhouse.Store, conversations int) {
	t.Helper()
	sql(t, s, fmt.Sprintf(`INSERT INTO events (topic, partition, offset, item, arrived_at, type, kind, time, message_id, sender, user, category, template)
		SELECT '%s', 0, number, 0, at, ['message.sent', 'message.delivered', 'message.read', 'message.received'][number %% 4 + 1], if(number %% 4 = 0, 'template', ''), at,
			concat('wamid.', hex(sipHash64(n, number %% 4 = 3))), concat('+4420794600', toString(10 + n %% 40)), concat('+44', toString(7700000000 + n)), if(number %% 4 = 0, 'utility', ''), if(number %% 4 = 0, 'order_shipped', '')
		FROM (SELECT number, intDiv(number, 4) * 7919 %% %d AS n, fromUnixTimestamp64Milli(1780000000000 + number) AS at FROM numbers(%d))`, topicName, conversations, 4*conversations))
	sql(t, s, fmt.Sprintf("INSERT INTO ledger (topic, partition, offset_from, offset_to, records, stored, events) VALUES ('%s', 0, 0, %d, %d, %d, %d)", topicName, 4*conversations, 4*conversations, 4*conversations, 4*conversations))
}

// BenchmarkBegin measures how long it takes until a process that has forgotten everything is ready to
// consume, with history in the log, and then a batch of events of old conversations, none of which
// is in memory.
func BenchmarkBegin(b *testing.B) {
	const conversations = 5_000_000
	s := open(b)
	example := exampleTariff(b)
	history(b, s, conversations)
	if _, err := s.Activate(b.Context(), example.Rows.Version); err != nil {
		b.Fatal(err)
	}
	active, err := s.Active(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := (clickhouse.Live{Store: s}).Sweep(b.Context(), active, topicName, 1, []int32{0}, 0); err != nil {
		b.Fatal(err) // as if swept: what is measured is the usual start
	}
	offset := int64(4 * conversations)
	for b.Loop() {
		began := time.Now()
		f := follow(b, clickhouse.Live{Store: s}, s, example)
		b.Logf("ready after %s: %d conversations known, in %d MB", time.Since(began), f.Stats.Known.Load(), f.Stats.KnownBytes.Load()>>20)
		for _, n := range []int{10, 1000, 10_000} {
			batch := &ingest.Batch{Spans: []ingest.Span{{Topic: topicName, From: offset, To: offset + int64(n), Records: int64(n), Stored: int64(n), Events: int64(n)}}}
			for i := range n {
				user := (offset + int64(i)) * 7919 % conversations
				batch.Events = append(batch.Events, ingest.Record{Origin: ingest.Origin{Topic: topicName, Offset: offset + int64(i)}, ArrivedAt: 1_790_812_800_000, Event: rating.Event{
					Type: rating.Sent, Kind: rating.Template, At: 1_790_812_800_000, MessageID: fmt.Sprint("wamid.", offset+int64(i)), Category: "utility",
					Sender: fmt.Sprintf("+4420794600%d", 10+user%40), User: fmt.Sprintf("+44%d", 7700000000+user),
				}})
			}
			offset += int64(n)
			if err := s.Append(b.Context(), ingest.Sole{}, batch); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			if err := f.Observe(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d old conversations classified after %s", n, time.Since(began))
		}
		f.End()
	}
}
