package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"postage/ingest"
	"postage/ingest/live"
	"postage/rating"
	"postage/schemas/clickhouse"
	"testing"
	"time"
)

// stage is a topic of two partitions on which a test moves processes by hand.
type stage struct {
	t      *testing.T
	store  *clickhouse.Store
	tariff *rating.Tariff
	next   [2]int64
	all    []rating.Event
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, store: open(t), tariff: exampleTariff(t)}
	if _, err := s.store.Activate(t.Context(), s.tariff.Rows.Version); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts a process as owner of partitions of which everything has been committed. It looks
// for notes when told to, by CatchUp.
func (s *stage) begin(partitions ...int32) *live.Follower {
	s.t.Helper()
	f := live.New(live.Options{
		Store: clickhouse.Live{Store: s.store}, Tariff: func(context.Context, string) (*rating.Tariff, error) { return s.tariff, nil },
		Poll: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	take := ingest.Takeover{Topic: topicName, Shards: 2, Owned: map[ingest.Partition]ingest.Reached{}, Prove: func(context.Context) error { return nil }}
	for _, p := range partitions {
		take.Owned[ingest.Partition{Topic: topicName, ID: p}] = ingest.Reached{Committed: s.next[p], Covered: s.next[p]}
	}
	if err := f.Begin(s.t.Context(), take); err != nil {
		s.t.Fatalf("Begin: %v", err)
	}
	s.t.Cleanup(f.End)
	return f
}

// see lets a process store events on a partition and follow them.
func (s *stage) see(f *live.Follower, partition int32, events ...rating.Event) {
	s.t.Helper()
	from := s.next[partition]
	b := &ingest.Batch{}
	for _, e := range events {
		b.Events = append(b.Events, ingest.Record{Origin: ingest.Origin{Topic: topicName, Partition: partition, Offset: s.next[partition]}, ArrivedAt: e.At, Event: e})
		s.next[partition]++
	}
	n := int64(len(events))
	b.Spans = []ingest.Span{{Topic: topicName, Partition: partition, From: from, To: from + n, Records: n, Stored: n, Events: n}}
	if err := s.store.Append(s.t.Context(), ingest.Sole{}, b); err != nil {
		s.t.Fatalf("Append: %v", err)
	}
	if err := f.Observe(s.t.Context(), b); err != nil {
		s.t.Fatalf("Observe: %v", err)
	}
	s.all = append(s.all, events...)
}

func (s *stage) catchUp(f *live.Follower) {
	s.t.Helper()
	if err := f.CatchUp(s.t.Context()); err != nil {
		s.t.Fatalf("CatchUp: %v", err)
	}
}

func (s *stage) check() {
	s.t.Helper()
	compare(s.t, liveRows(s.t, s.store), offlineRows(s.tariff, s.all))
}

// conversation is one that partition 0 owns.
func (s *stage) conversation() live.Key {
	key := live.Key{Sender: s.tariff.Rows.Senders[0].Sender, User: "+4915112345600"}
	for i := byte('0'); key.Home(2) != 0; i++ {
		key.User = key.User[:len(key.User)-1] + string(i)
	}
	return key
}

// message makes events of one message of that conversation.
func (s *stage) message(id string) func(rating.EventType, rating.Instant) rating.Event {
	key := s.conversation()
	return func(typ rating.EventType, after rating.Instant) rating.Event {
		e := rating.Event{Type: typ, At: 1_790_900_000_000 + after, MessageID: id, Sender: key.Sender, User: key.User}
		if typ == rating.Sent {
			e.Kind, e.Category, e.Template = rating.Template, "utility", "order_shipped"
		}
		if typ == rating.Received {
			e.Kind = rating.Freeform
		}
		return e
	}
}

// TestFromTheCache: what the cache keeps of a conversation is enough for what comes next, without
// a look at the log; and where it is not, the log is asked.
func TestFromTheCache(t *testing.T) {
	s := newStage(t)
	a, b, in := s.message("wamid.a"), s.message("wamid.b"), s.message("wamid.in")
	f := s.begin(0, 1)
	s.catchUp(f)
	step := func(what string, misses int64, events ...rating.Event) {
		t.Helper()
		before, rows := f.Stats.Misses.Load(), f.Stats.Rows.Load()
		s.see(f, 0, events...)
		if got := f.Stats.Misses.Load() - before; got != misses {
			t.Errorf("%s: got %d loads, want %d", what, got, misses)
		}
		t.Logf("%s: %d rows", what, f.Stats.Rows.Load()-rows)
		s.check()
	}
	attempt := a(rating.Sent, 500)
	attempt.Extra = `{"attempt":2}`
	step("sent", 0, a(rating.Sent, 0))
	step("the same again", 0, a(rating.Sent, 0))
	step("a copy that differs", 0, attempt)
	step("and comes again: it has lost already", 0, attempt)
	named := attempt
	named.Template = "another"
	step("a third, with what it may have lent", 1, named)
	step("delivered: the flag of the copy stays", 0, a(rating.Delivered, 1000))
	early := a(rating.Delivered, 900)
	early.Extra = attempt.Extra
	step("a copy that was earlier", 0, early)
	before := f.Stats.Rows.Load()
	step("read", 0, a(rating.Read, 2000))
	if got := f.Stats.Rows.Load() - before; got != 0 {
		t.Errorf("read after delivered: got %d rows, want none", got)
	}
	before = f.Stats.Rows.Load()
	step("another, sent and delivered at once", 0, b(rating.Sent, 60_000), b(rating.Delivered, 61_000))
	if got := f.Stats.Rows.Load() - before; got != 1 {
		t.Errorf("sent and delivered in one batch: got %d rows, want 1", got)
	}
	step("an inbound that touches nothing before it", 0, in(rating.Received, 70_000))
	late, later := s.message("wamid.late"), s.message("wamid.later")
	step("a late inbound opens the window of both", 0, late(rating.Received, -1000))
	if got := f.Stats.Late.Load(); got != 2 {
		t.Errorf("classified again late: got %d, want 2", got)
	}
	if got := f.Stats.Unnamed.Load(); got != 0 {
		t.Errorf("conversations whose ids were looked up: got %d, want none, for they are recent", got)
	}
	f.ForgetIDs()
	step("another takes its place", 0, later(rating.Received, -500))
	if late, unnamed := f.Stats.Late.Load(), f.Stats.Unnamed.Load(); late != 4 || unnamed != 1 {
		t.Errorf("got %d classified again late, ids of %d conversations looked up; want 4 and 1", late, unnamed)
	}
	step("a third at the instant of the second: the ids decide", 0, s.message("wamid.c")(rating.Sent, 60_000), s.message("wamid.c")(rating.Delivered, 61_000))
	if got := f.Stats.Unnamed.Load(); got != 2 {
		t.Errorf("conversations whose ids were looked up: got %d, want 2", got)
	}
	step("and are kept", 0, s.message("wamid.c")(rating.Failed, 90_000))
	d := s.message("wamid.d")
	second := d(rating.Sent, 200_000)
	second.Extra = attempt.Extra
	step("a second attempt is seen first", 0, second)
	step("and then the first, like it but for that", 1, d(rating.Sent, 200_000))
}

// TestBehindTheCut: what a story has left out is asked of the log when an event reaches back to it, be
// it of a message that the story knows.
func TestBehindTheCut(t *testing.T) {
	s := newStage(t)
	f := s.begin(0, 1)
	f.Bound(1, 1, 1<<20)
	s.catchUp(f)
	a, b, in := s.message("wamid.a"), s.message("wamid.b"), s.message("wamid.in")
	s.see(f, 0, in(rating.Received, 0), a(rating.Sent, rating.Hour), a(rating.Delivered, rating.Hour+1000))
	s.see(f, 0, b(rating.Delivered, 25*rating.Hour)) // without sent: as if sent then
	if got := f.Shortened(); got != 2 {
		t.Fatalf("left out: got %d messages, want the inbound and the first", got)
	}
	s.see(f, 0, b(rating.Sent, 2*rating.Hour)) // in the window of the inbound
	s.check()

	s.see(f, 0, a(rating.Read, 30*rating.Hour))
	s.check()
}

// TestMarksOfALostOwner: what an owner that has lost its partition has read, without knowing that it has,
// neither its successor nor the one after takes for done.
func TestMarksOfALostOwner(t *testing.T) {
	s := newStage(t)
	m := s.message("wamid.m")
	attempt := m(rating.Sent, 0)
	attempt.Extra = `{"attempt":2}`

	other := s.begin(1)
	lost := s.begin(0)
	s.catchUp(lost)
	s.catchUp(other)
	s.see(lost, 0, m(rating.Sent, 0))

	owner := s.begin(0)
	s.see(owner, 0, m(rating.Delivered, 1000)) // it has the conversation in memory now
	s.see(other, 1, attempt)                   // a copy comes to the wrong partition
	s.catchUp(lost)                            // the lost owner reads the note first
	s.see(owner, 0, m(rating.Failed, 2000))    // the owner does not know of it yet
	owner.End()

	next := s.begin(0)
	s.catchUp(next)
	s.check()
}

// TestSweepOfALostOwner: the same for a sweep, whether the owner after it takes notice of the tariff or not.
func TestSweepOfALostOwner(t *testing.T) {
	t.Run("looks", func(t *testing.T) { sweepOfALostOwner(t, true) })
	t.Run("does not look", func(t *testing.T) { sweepOfALostOwner(t, false) })
}

func sweepOfALostOwner(t *testing.T, looks bool) {
	s := newStage(t)
	m, n := s.message("wamid.m"), s.message("wamid.n")
	lost := s.begin(0)
	s.catchUp(lost)
	s.see(lost, 0, m(rating.Sent, 0))

	owner := s.begin(0)
	s.catchUp(owner)
	rows := *s.tariff.Rows
	rows.Version, rows.Senders = "sha256:next", nil // every sender is unknown
	next, err := rating.NewTariff(&rows)
	if err != nil {
		t.Fatal(err)
	}
	s.tariff = next
	if _, err := s.store.Activate(t.Context(), rows.Version); err != nil {
		t.Fatal(err)
	}
	s.catchUp(lost)                            // the lost owner follows at once
	s.see(owner, 0, m(rating.Delivered, 1000)) // the owner has not looked yet
	if looks {
		s.catchUp(owner)
		s.check()
	}
	s.see(owner, 0, n(rating.Sent, 5000))
	owner.End()
	s.catchUp(s.begin(0))
	s.check()
}

// TestFoldedUp: what is folded up is not left out: an event that reaches back to it is answered from memory.
func TestFoldedUp(t *testing.T) {
	s := newStage(t)
	f := s.begin(0, 1)
	f.Bound(1<<20, 2, 1<<20)
	s.catchUp(f)
	const n = 40
	id := func(i int) string { return fmt.Sprint("wamid.", i) }
	at := func(i int) rating.Instant { return rating.Instant(i) * 5 * rating.Hour }
	for i := range n {
		m := s.message(id(i))
		s.see(f, 0, m(rating.Sent, at(i)), m(rating.Delivered, at(i)+1000))
	}
	if got := f.Folded(s.conversation()); got < n-4 {
		t.Fatalf("folded up: got %d messages of %d, want all but the latest", got, n)
	}
	for _, i := range []int{0, 7, 20, n - 5} { // in any sheet
		s.see(f, 0, s.message(id(i))(rating.Failed, at(n)))                          // of a message folded up
		s.see(f, 0, s.message(id(i))(rating.Delivered, at(i)+900))                   // a copy that was earlier
		s.see(f, 0, s.message(fmt.Sprint("wamid.in.", i))(rating.Received, at(i)-1)) // opens a window there
		s.check()
	}
	if got := f.Stats.Misses.Load(); got != 0 {
		t.Errorf("read from the log: got %d times, want none", got)
	}
	if got := f.Shortened(); got != 0 {
		t.Errorf("left out: got %d messages, want none", got)
	}
}
