package clickhouse

import (
	"fmt"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"slices"
	"testing"
)

// TestSlicesAreTheLog: slices by senders, and by stretches of users, hold every event below the
// cut-off once, and whole conversations, whatever parts and topics they came in.
func TestSlicesAreTheLog(t *testing.T) {
	s := open(t)
	var cutoff reports.Cutoff
	for i, name := range []string{topic, "load:0a1b", "an'odd topic"} {
		records := traffic(uint64(i), 900, 0)
		for n := range records {
			records[n].Topic, records[n].Partition, records[n].Offset = name, int32(n%3), int64(n/3)
			records[n].Event.Account = fmt.Sprintf("account %d", n%3)
			records[n].Event.Sender = fmt.Sprintf("+4420%08d", n%7*n%5)
		}
		for half := range slices.Chunk(records, 500) {
			appendBatch(t, s, ingest.Batch{Events: half})
		}
		for p := range int32(3 - i) { // of some topics not all partitions
			cutoff = append(cutoff, reports.CutoffOffset{Topic: name, Partition: p, Offset: int64(100 + 60*i)})
		}
	}
	want := map[string]int{}
	events := map[string]int64{}
	for _, c := range readEvents(t, s, cutoff) {
		for _, e := range c {
			want[contentOf(e)]++
			events[e.Sender]++
		}
	}
	senders, err := s.Senders(t.Context(), cutoff)
	if err != nil {
		t.Fatal(err)
	}
	if len(senders) != len(events) || len(senders) < 5 {
		t.Errorf("senders: got %d, want %d", len(senders), len(events))
	}
	var pieces []reports.LogSlice
	var names []string
	for _, one := range senders {
		if one.Events != events[one.Sender] {
			t.Errorf("events of %s: got %d, want %d", one.Sender, one.Events, events[one.Sender])
		}
		users, err := s.Users(t.Context(), cutoff, one.Sender, 4)
		if err != nil || len(users) != 4 || !slices.IsSorted(users) {
			t.Errorf("users of %s: got %v, error %v; want 4, sorted", one.Sender, users, err)
		}
		from := ""
		for _, to := range append(users, "") {
			pieces = append(pieces, reports.LogSlice{Senders: []string{one.Sender}, UserFrom: from, UserTo: to})
			from = to
		}
		names = append(names, one.Sender)
	}
	check := func(what string, pieces []reports.LogSlice) {
		t.Helper()
		got := map[string]int{}
		seen := map[string]bool{}
		for _, piece := range pieces {
			for c, err := range s.Conversations(t.Context(), cutoff, piece) {
				if err != nil {
					t.Fatal(err)
				}
				talk := c[0].Sender + " " + c[0].User
				if seen[talk] {
					t.Errorf("%s: conversation %s comes twice", what, talk)
				}
				seen[talk] = true
				for _, e := range c {
					got[contentOf(e)]++
					if e.Sender+" "+e.User != talk {
						t.Errorf("%s: event of %s %s in conversation %s", what, e.Sender, e.User, talk)
					}
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %d different events, want %d, equal ones", what, len(got), len(want))
		}
	}
	check("by senders", []reports.LogSlice{{Senders: names[:2]}, {Senders: names[2:]}})
	check("by users", pieces)
	for c, err := range s.Conversations(t.Context(), nil, reports.LogSlice{Senders: names}) {
		t.Errorf("below no cut-off: got %v, %v, want nothing", c, err)
	}
}

// TestSendersTellWhatEventsName: accounts without repetition and without "", and the latest time.
func TestSendersTellWhatEventsName(t *testing.T) {
	s := open(t)
	var batch ingest.Batch
	for i, account := range []string{"b", "", "a", "b", "beyond"} {
		batch.Events = append(batch.Events, record(0, int64(i), 0, rating.Event{Type: rating.Sent, MessageID: "m", Sender: "+1", User: "+2", Account: account}))
	}
	appendBatch(t, s, batch)
	got, err := s.Senders(t.Context(), reports.Cutoff{{Topic: topic, Offset: 4}})
	if err != nil || len(got) != 1 {
		t.Fatalf("Senders: got %v, %v, want one", got, err)
	}
	slices.Sort(got[0].Accounts)
	if want := fmt.Sprint(reports.SenderSummary{Sender: "+1", Accounts: []string{"a", "b"}, Events: 4, Latest: batch.Events[3].Event.At}); fmt.Sprint(got[0]) != want {
		t.Errorf("got %v, want %s", got[0], want)
	}
}

// TestAsOf: the latest event counts at the time of its earliest copy, wherever that stands; a
// consent at its own; nothing beyond the cut-off.
func TestAsOf(t *testing.T) {
	s := open(t)
	const odd = "m\\'\t\n\x00"
	at := func(offset int64, kind rating.EventType, id string, at rating.Instant) ingest.Record {
		return record(0, offset, 0, rating.Event{Type: kind, MessageID: id, Sender: "+1", User: "+2", At: at})
	}
	appendBatch(t, s, ingest.Batch{Events: []ingest.Record{
		at(0, rating.Sent, odd, 5000), at(1, rating.Sent, odd, 1000), // a later copy of an early event
		at(2, rating.Delivered, odd, 3000), // another event of that message
		at(3, rating.ConsentGranted, "", 4000), at(4, rating.ConsentGranted, "", 500), at(5, rating.Sent, "n", 9000),
	}})
	for upTo, want := range map[int64]rating.Instant{0: 0, 1: 5000, 2: 1000, 3: 3000, 4: 4000, 5: 4000, 6: 9000} {
		if got, err := s.AsOf(t.Context(), reports.Cutoff{{Topic: topic, Offset: upTo}}); err != nil || got != want {
			t.Errorf("AsOf below %d: got %d, %v, want %d", upTo, got, err, want)
		}
	}
	if got, err := s.AsOf(t.Context(), nil); err != nil || got != 0 {
		t.Errorf("AsOf of nothing: got %d, %v", got, err)
	}
}

// TestAsOfBehindManyCopies: more late copies than are looked at in one go.
func TestAsOfBehindManyCopies(t *testing.T) {
	s := open(t)
	var batch ingest.Batch
	for i := range int64(150) {
		id := fmt.Sprint("m", i)
		batch.Events = append(batch.Events,
			record(0, 2*i, 0, rating.Event{Type: rating.Sent, MessageID: id, Sender: "+1", User: "+2", At: rating.Instant(100 + i)}),
			record(0, 2*i+1, 0, rating.Event{Type: rating.Sent, MessageID: id, Sender: "+1", User: "+2", At: rating.Instant(10_000 + i)}))
	}
	appendBatch(t, s, batch)
	if got, err := s.AsOf(t.Context(), all(0)); err != nil || got != 249 {
		t.Errorf("AsOf: got %d, %v, want 249", got, err)
	}
}
