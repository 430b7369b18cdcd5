package clickhouse

import (
	"fmt"
	"postage/ingest"
	"postage/reports"
	"slices"
	"strings"
	"testing"
)

// TestStoredFromAfterPartialInsert: what a dead owner had written before it could write
// its ledger line is found, events and refusals alike, and nothing else.
func TestStoredFromAfterPartialInsert(t *testing.T) {
	s := open(t)
	appendBatch(t, s, ingest.Batch{Events: []ingest.Record{
		record(0, 9, 0, traffic(1, 1, 0)[0].Event), record(0, 10, 0, traffic(2, 1, 0)[0].Event), record(0, 12, 0, traffic(3, 1, 0)[0].Event),
		record(0, 12, 2, traffic(4, 1, 0)[0].Event), record(1, 11, 0, traffic(5, 1, 0)[0].Event),
	}, Refused: []ingest.Refused{
		{Origin: ingest.Origin{Topic: topic, Offset: 12, Index: 1}}, {Origin: ingest.Origin{Topic: "other", Offset: 13}}, {Origin: ingest.Origin{Topic: topic, Offset: 14}},
	}})
	got, err := s.StoredFrom(t.Context(), topic, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []ingest.Origin{
		{Topic: topic, Offset: 10}, {Topic: topic, Offset: 12}, {Topic: topic, Offset: 12, Index: 1}, {Topic: topic, Offset: 12, Index: 2}, {Topic: topic, Offset: 14},
	}
	if len(got) != len(want) {
		t.Errorf("got %d origins, want %d: %v", len(got), len(want), got)
	}
	for _, o := range want {
		if _, ok := got[o]; !ok {
			t.Errorf("origin %v: got not stored, want stored", o)
		}
	}
}

func TestStoredFromReadsTheProjection(t *testing.T) {
	s := open(t)
	appendBatch(t, s, ingest.Batch{Events: traffic(1, 1000, 0)})
	plan := rowsOf(t, s, "EXPLAIN indexes = 1, projections = 1 SELECT offset, item FROM events WHERE topic = 'postage.events' AND partition = 3 AND offset >= 70")
	if want := "by_origin"; !strings.Contains(plan, want) {
		t.Errorf("plan does not use the projection %s:\n%s", want, plan)
	}
}

// TestConversationsAreNotSorted: the server reads in the order of the table, whatever the
// number of parts, so that its memory stays bounded.
func TestConversationsAreNotSorted(t *testing.T) {
	s := open(t)
	for i := range 3 {
		appendBatch(t, s, ingest.Batch{Events: traffic(uint64(i), 1000, 0)})
	}
	rows, err := s.conn.Query(t.Context(), "EXPLAIN actions = 1 "+queryText("queries/conversations.sql"), cutoffParams(all(0)).args()...)
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	err = each(rows, func() error {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		plan.WriteString(line + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Read type: InOrder"; !strings.Contains(plan.String(), want) {
		t.Errorf("plan: want %q in\n%s", want, &plan)
	}
}

func span(partition int32, from, to int64) ingest.Span {
	return ingest.Span{Topic: topic, Partition: partition, From: from, To: to}
}

func TestCutoffAndCovered(t *testing.T) {
	type covered struct{ offset, want int64 }
	tests := []struct {
		name    string
		spans   []ingest.Span
		want    int64
		covered []covered
	}{
		{"one", []ingest.Span{span(0, 0, 10)}, 10, []covered{{0, 10}, {9, 10}, {10, 10}, {99, 99}}},
		{"contiguous", []ingest.Span{span(0, 0, 10), span(0, 10, 20)}, 20, []covered{{0, 20}, {15, 20}}},
		{"written in disorder", []ingest.Span{span(0, 10, 20), span(0, 0, 10)}, 20, []covered{{3, 20}}},
		{"repeated", []ingest.Span{span(0, 0, 10), span(0, 0, 10), span(0, 10, 20), span(0, 10, 20)}, 20, []covered{{0, 20}}},
		{"overlapping", []ingest.Span{span(0, 0, 10), span(0, 5, 20), span(0, 7, 9), span(0, 18, 30)}, 30, []covered{{0, 30}, {8, 30}}},
		{"inside another", []ingest.Span{span(0, 0, 100), span(0, 5, 20), span(0, 100, 110)}, 110, []covered{{50, 110}}},
		{"gap", []ingest.Span{span(0, 0, 10), span(0, 11, 20), span(0, 20, 30)}, 10, []covered{{0, 10}, {10, 10}, {11, 30}, {15, 30}, {30, 30}}},
		{"gap behind overlaps", []ingest.Span{span(0, 0, 10), span(0, 2, 5), span(0, 12, 20), span(0, 14, 16)}, 10, []covered{{4, 10}, {13, 20}}},
		{"two gaps", []ingest.Span{span(0, 0, 10), span(0, 12, 20), span(0, 22, 30)}, 10, []covered{{12, 20}}},
		{"gap filled later", []ingest.Span{span(0, 0, 10), span(0, 11, 20), span(0, 10, 11)}, 20, []covered{{0, 20}}},
		{"beginning above zero", []ingest.Span{span(0, 500, 510), span(0, 510, 520)}, 520, []covered{{0, 0}, {499, 499}, {500, 520}}},
		{"equal beginnings", []ingest.Span{span(0, 0, 3), span(0, 0, 10), span(0, 10, 12)}, 12, []covered{{0, 12}}},
		{"empty spans", []ingest.Span{span(0, 0, 10), span(0, 10, 10), span(0, 15, 15)}, 10, []covered{{0, 10}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			for _, sp := range tt.spans {
				appendBatch(t, s, ingest.Batch{Spans: []ingest.Span{sp}})
			}
			appendBatch(t, s, ingest.Batch{Spans: []ingest.Span{span(1, 7, 8), {Topic: "another", From: 3, To: 4}}})
			want := reports.Cutoff{{Topic: "another", Offset: 4}, {Topic: topic, Offset: tt.want}, {Topic: topic, Partition: 1, Offset: 8}}
			got, err := s.Cutoff(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("Cutoff: got %v, want %v", got, want)
			}
			for _, c := range tt.covered {
				reached, err := s.Covered(t.Context(), topic, 0, c.offset)
				if err != nil {
					t.Fatal(err)
				}
				if reached != c.want {
					t.Errorf("Covered(%d): got %d, want %d", c.offset, reached, c.want)
				}
			}
		})
	}
}

// TestConversations: one conversation at a time, ordered by sender then user, over several parts,
// below the cut-off only, copies included.
func TestConversations(t *testing.T) {
	s := open(t)
	stored := map[string]int{}
	limit := map[int32]int64{0: 40, 1: 25, 2: 0}
	want := map[string]int{}
	for i := range 6 {
		batch := ingest.Batch{}
		for j, r := range traffic(uint64(i), 200, 0) {
			e := r.Event
			e.Sender, e.User = fmt.Sprintf("+4420%d", j%3), fmt.Sprintf("+4477%d", (i*7+j)%11)
			p, o := int32(j%4), int64(i*10+j/20)
			batch.Events = append(batch.Events, record(p, o, int32(j), e))
			key := e.Sender + " " + e.User
			stored[key]++
			if o < limit[p] {
				want[key]++
			}
		}
		appendBatch(t, s, batch)
	}
	cutoff := reports.Cutoff{{Topic: topic, Offset: 40}, {Topic: topic, Partition: 1, Offset: 25}, {Topic: topic, Partition: 2, Offset: 0}}
	checkConversations(t, s, cutoff, want)
	checkConversations(t, s, all(0, 1, 2, 3), stored)
	checkConversations(t, s, reports.Cutoff{}, map[string]int{})
}

func checkConversations(t *testing.T, s *Store, cutoff reports.Cutoff, want map[string]int) {
	t.Helper()
	last, got := "", map[string]int{}
	for _, c := range readEvents(t, s, cutoff) {
		key := c[0].Sender + " " + c[0].User
		if key <= last {
			t.Errorf("conversation %s came after %s", key, last)
		}
		for _, e := range c {
			if k := e.Sender + " " + e.User; k != key {
				t.Errorf("event of %s in the conversation %s", k, key)
			}
		}
		last, got[key] = key, len(c)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("cut-off %v: events by conversation:\ngot  %v\nwant %v", cutoff, got, want)
	}
}

// TestConversationsStopEarly: leaving the loop frees the connection.
func TestConversationsStopEarly(t *testing.T) {
	s := open(t)
	appendBatch(t, s, ingest.Batch{Events: traffic(1, 50_000, 0)})
	for range 20 {
		for _, err := range s.allConversations(t.Context(), all(0, 1, 2)) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping after leaving 20 loops: %v", err)
	}
}
