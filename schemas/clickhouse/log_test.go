package clickhouse

import (
	"errors"
	"fmt"
	"math"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

var (
	_ ingest.Log       = (*Store)(nil)
	_ reports.EventLog = (*Store)(nil)
	_ reports.RunStore = (*Store)(nil)
)

const topic = "postage.events"

// all is a cut-off behind everything.
func all(partitions ...int32) (c reports.Cutoff) {
	for _, p := range partitions {
		c = append(c, reports.CutoffOffset{Topic: topic, Partition: p, Offset: math.MaxInt64})
	}
	return c
}

func appendBatch(t testing.TB, s *Store, b ingest.Batch) {
	t.Helper()
	if err := s.Append(t.Context(), ingest.Sole{}, &b); err != nil {
		t.Fatalf("Append: %v", err)
	}
}

func readEvents(t testing.TB, s *Store, upTo reports.Cutoff) [][]rating.Event {
	t.Helper()
	var conversations [][]rating.Event
	for c, err := range s.allConversations(t.Context(), upTo) {
		if err != nil {
			t.Fatalf("Conversations: %v", err)
		}
		conversations = append(conversations, slices.Clone(c))
	}
	return conversations
}

// record is an event at an origin; the time follows the offset.
func record(partition int32, offset int64, index int32, e rating.Event) ingest.Record {
	if e.At == 0 {
		e.At = rating.Instant(1_790_812_800_000 + offset)
	}
	return ingest.Record{Origin: ingest.Origin{Topic: topic, Partition: partition, Offset: offset, Index: index}, ArrivedAt: e.At, Event: e}
}

// oddStrings are strings that formats tend to trip over.
var oddStrings = []string{"", "plain", "\x00", "a\x00b", "\xff\xfe not UTF-8", "tab\tnewline\nreturn\rquote'\"`\\N\\", "{x:String}", "NULL", "ключ 🔑", strings.Repeat("long", 10_000), "$1 ? @p"}

// TestEveryFieldSurvives writes events whose every field takes every odd value and wants
// them back as they were.
func TestEveryFieldSurvives(t *testing.T) {
	s := open(t)
	var want []rating.Event
	var batch ingest.Batch
	for i := range 40 {
		e := rating.Event{
			Type: rating.EventType(1 + i%7), Kind: rating.Kind(i % 6), Referral: rating.Referral(i % 3), Client: rating.Client(i % 5),
			At:     []rating.Instant{1, 1_514_764_800_000, 1_790_812_800_123, lastInstant, firstInstant, -1}[i%6],
			Sender: "+442079460000", User: "+447700900123",
			Claim: rating.Claim{Billable: rating.Billable(i % 3)},
			Error: rating.CarrierError{Code: []int32{0, 131049, math.MaxInt32, math.MinInt32}[i%4]},
		}
		texts := []*string{&e.MessageID, &e.Account, &e.UserCountry, &e.Category, &e.Template, &e.Source, &e.Claim.Model, &e.Claim.Type, &e.Claim.Category, &e.Error.Title, &e.Extra}
		for j, field := range texts {
			*field = oddStrings[(i+j)%len(oddStrings)]
		}
		want = append(want, e)
		r := ingest.Record{Origin: ingest.Origin{Topic: topic, Partition: math.MaxInt32, Offset: math.MaxInt64 - int64(i) - 1, Index: math.MaxInt32}, ArrivedAt: e.At, Event: e}
		batch.Events = append(batch.Events, r)
	}
	appendBatch(t, s, batch)
	conversations := readEvents(t, s, all(math.MaxInt32))
	if len(conversations) != 1 {
		t.Fatalf("conversations: got %d, want 1", len(conversations))
	}
	for c, err := range s.Conversations(t.Context(), all(math.MaxInt32), reports.LogSlice{Senders: []string{"+442079460000"}}) {
		if err != nil {
			t.Fatal(err)
		}
		conversations = append(conversations, slices.Clone(c))
	}
	if len(conversations) != 2 {
		t.Fatalf("conversations of a slice: got %d, want 1", len(conversations)-1)
	}
	for _, got := range conversations { // row by row, and by blocks
		compareEvents(t, got, want)
	}
	stored, err := s.StoredFrom(t.Context(), topic, math.MaxInt32, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range batch.Events {
		if _, ok := stored[r.Origin]; !ok {
			t.Errorf("origin %v: got not stored, want stored", r.Origin)
		}
	}
}

// compareEvents compares events in any order.
func compareEvents(t *testing.T, got, want []rating.Event) {
	t.Helper()
	byContent := func(a, b rating.Event) int { return strings.Compare(contentOf(a), contentOf(b)) }
	slices.SortFunc(got, byContent)
	slices.SortFunc(want, byContent)
	if len(got) != len(want) {
		t.Fatalf("events: got %d, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d:\ngot  %.300q\nwant %.300q", i, contentOf(got[i]), contentOf(want[i]))
		}
	}
}

func columnsOf[R any](p *columnPool[R]) int {
	columns, back := p.lend()
	defer back()
	return len(columns)
}

// TestNoFieldIsForgotten fails when a type gets a field that no column keeps.
func TestNoFieldIsForgotten(t *testing.T) {
	if got, want := leaves(reflect.TypeFor[rating.Event]()), columnsOf(eventColumns)-len([]string{"topic", "partition", "offset", "item", "arrived_at"}); got != want {
		t.Errorf("rating.Event has %d fields, the table keeps %d", got, want)
	}
	cost := len([]string{"unit_cost", "cost_currency"}) // shown of the rate beside its row
	if got, want := leaves(reflect.TypeFor[rating.Message]()), len(messageColumns("", uuid.Nil))-len([]string{"run", "attempt"})-cost; got != want {
		t.Errorf("rating.Message has %d fields, the table keeps %d", got, want)
	}
	tables := len([]string{"Lines", "Costs"}) // rows of their own
	if got, want := leaves(reflect.TypeFor[rating.Statement]()), len(statementFields("", uuid.Nil))-len([]string{"run", "attempt"})+tables; got != want {
		t.Errorf("rating.Statement has %d fields, the table keeps %d", got, want)
	}
	ofPools := len([]string{"member"}) // on lines that the books add to what a run says
	if got, want := leaves(reflect.TypeFor[rating.Line]()), len(lineFields("", uuid.Nil))-len([]string{"run", "attempt", "account", "month", "line", "currency"})+ofPools; got != want {
		t.Errorf("rating.Line has %d fields, the table keeps %d", got, want)
	}
	if got, want := leaves(reflect.TypeFor[rating.Cost]()), len(costFields("", uuid.Nil))-len([]string{"run", "attempt", "account", "month"}); got != want {
		t.Errorf("rating.Cost has %d fields, the table keeps %d", got, want)
	}
	if got, want := leaves(reflect.TypeFor[ingest.Span]()), len(ledgerFields); got != want {
		t.Errorf("ingest.Span has %d fields, the table keeps %d", got, want)
	}
	if got, want := leaves(reflect.TypeFor[ingest.Refused]()), columnsOf(refusedColumns); got != want {
		t.Errorf("ingest.Refused has %d fields, the table keeps %d", got, want)
	}
}

// leaves counts the exported fields of a struct and of the structs in it.
func leaves(t reflect.Type) (n int) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[rating.Month]() || t == reflect.TypeFor[decimal.Decimal]() {
		return 1
	}
	for f := range t.Fields() {
		if f.IsExported() {
			n += leaves(f.Type)
		}
	}
	return n
}

func TestRefusedBytesSurvive(t *testing.T) {
	s := open(t)
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	big := []byte(strings.Repeat("0123456789", 1<<20))
	appendBatch(t, s, ingest.Batch{Refused: []ingest.Refused{
		{Origin: ingest.Origin{Topic: topic, Offset: 1}, ArrivedAt: 1, Reason: "not_json", Key: everyByte, Value: everyByte},
		{Origin: ingest.Origin{Topic: topic, Offset: 2, Index: 3}, ArrivedAt: math.MaxInt64, Reason: "too_large", Detail: "10 MB", Value: big},
		{Origin: ingest.Origin{Topic: topic, Offset: 3}, ArrivedAt: math.MinInt64, Reason: "no_event"},
	}})
	got := rowsOf(t, s, "SELECT toString(offset), toString(item), reason, detail, hex(key), toString(length(value)), length(value) > 1000 ? left(value, 10) || toString(countSubstrings(value, '0123456789')) : hex(value), toString(arrived_at, 'UTC') FROM refused ORDER BY offset")
	hex := strings.ToUpper(strings.Join(strings.Fields(hexOf(everyByte)), ""))
	want := "1\t0\tnot_json\t\t" + hex + "\t256\t" + hex + "\t1970-01-01 00:00:00.001\n" +
		"2\t3\ttoo_large\t10 MB\t\t10485760\t01234567891048576\t2262-01-01 00:00:00.000\n" +
		"3\t0\tno_event\t\t\t0\t\t1900-01-01 00:00:00.000"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNothingIsLeftOver: what an append that was broken off had in hand does not come with the next.
func TestNothingIsLeftOver(t *testing.T) {
	s := open(t)
	for range 20 { // columns of the pool are lent to anybody
		columns, back := eventColumns.lend()
		old := []*ingest.Record{{Origin: ingest.Origin{Topic: "old", Offset: 99}, Event: rating.Event{Type: rating.Sent, At: 1, MessageID: "old"}}}
		for _, c := range columns {
			if _, isEnum := c.data.(*enumData); isEnum {
				continue // has not seen the table yet
			}
			if err := c.fill(old); err != nil {
				t.Fatal(err)
			}
		}
		back()
		appendBatch(t, s, ingest.Batch{Events: []ingest.Record{record(0, 1, 0, rating.Event{Type: rating.Sent, At: 2, MessageID: "new"})}})
	}
	if got, want := rowsOf(t, s, "SELECT message_id, toString(count()) FROM events GROUP BY message_id"), "new\t20"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEnumsAreKnown: a number that the column does not know is refused before anything is sent.
func TestEnumsAreKnown(t *testing.T) {
	s := open(t)
	r := record(0, 1, 0, rating.Event{Type: rating.Failed + 1, At: 1})
	err := s.Append(t.Context(), ingest.Sole{}, &ingest.Batch{Events: []ingest.Record{r}})
	if !errors.Is(err, ingest.ErrHopeless) || !strings.Contains(err.Error(), "type") {
		t.Errorf("got %v, want a hopeless error that names the column", err)
	}
	if got := rowsOf(t, s, "SELECT toString(count()) FROM events"); got != "0" {
		t.Errorf("%s rows after it", got)
	}
}

// TestAppendRefusesWhatItCannotKeep: an instant that would not come back is an error.
func TestAppendRefusesWhatItCannotKeep(t *testing.T) {
	s := open(t)
	for _, at := range []rating.Instant{lastInstant + 1, firstInstant - 1, math.MaxInt64} {
		r := record(0, 1, 0, rating.Event{Type: rating.Sent, At: at})
		if err := s.Append(t.Context(), ingest.Sole{}, &ingest.Batch{Events: []ingest.Record{r}, Spans: []ingest.Span{{Topic: topic, From: 0, To: 2}}}); err == nil {
			t.Errorf("Append of an event at %d ms: got no error", int64(at))
		}
	}
	if cutoff, err := s.Cutoff(t.Context()); err != nil || len(cutoff) != 0 {
		t.Errorf("Cutoff after failed batches: got %v, %v; want none", cutoff, err)
	}
}

func contentOf(e rating.Event) string { return fmt.Sprintf("%+v", e) }

func hexOf(b []byte) string { return fmt.Sprintf("%x", b) }
