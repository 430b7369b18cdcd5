package clickhouse

import (
	"postage/ingest"
	"reflect"
	"strings"
	"testing"
	"time"
)

// counted is a span of records of which none was refused and each holds one event.
func counted(partition int32, from, to int64) ingest.Span {
	n := to - from
	return ingest.Span{Topic: topic, Partition: partition, From: from, To: to, Records: n, Stored: n, Events: n}
}

// eventsOf are the rows that counted speaks of.
func eventsOf(partition int32, from, to int64) (records []ingest.Record) {
	for offset := from; offset < to; offset++ {
		records = append(records, record(partition, offset, 0, traffic(uint64(offset), 1, 0)[0].Event))
	}
	return records
}

func TestCompleteness(t *testing.T) {
	refusedAt := func(offset int64, item int32) ingest.Refused {
		return ingest.Refused{Origin: ingest.Origin{Topic: topic, Offset: offset, Index: item}}
	}
	tests := []struct {
		name    string
		batches []ingest.Batch
		want    ingest.PartitionState
		faults  []string // a part of each
	}{
		{
			"complete, with refusals and control records",
			[]ingest.Batch{
				{Events: eventsOf(0, 5, 8), Spans: []ingest.Span{counted(0, 5, 8)}},
				{
					Events: eventsOf(0, 8, 9), Refused: []ingest.Refused{refusedAt(8, 1), refusedAt(9, 0)},
					Spans: []ingest.Span{{Topic: topic, From: 8, To: 12, Records: 2, Stored: 1, Refused: 1, Events: 1, Parts: 2}},
				},
			},
			ingest.PartitionState{First: 5, CompleteTo: 12, End: 12, Offsets: 7, Records: 5, Stored: 4, Refused: 1, Events: 4, Parts: 2, EventRows: 4, PartRows: 2},
			nil,
		},
		{
			"a span repeated by a restart",
			[]ingest.Batch{{Events: eventsOf(0, 0, 6), Spans: []ingest.Span{counted(0, 0, 3), counted(0, 0, 3), counted(0, 3, 6)}}},
			ingest.PartitionState{CompleteTo: 6, End: 6, Offsets: 6, Records: 6, Stored: 6, Events: 6, EventRows: 6},
			nil,
		},
		{
			"a span of a lost process around those of its successor",
			[]ingest.Batch{{Events: eventsOf(0, 0, 9), Spans: []ingest.Span{counted(0, 0, 3), counted(0, 3, 9), counted(0, 3, 5), counted(0, 5, 9)}}},
			ingest.PartitionState{CompleteTo: 9, End: 9, Offsets: 9, Records: 9, Stored: 9, Events: 9, EventRows: 9},
			nil,
		},
		{
			"a span of a lost process across those of its successor",
			[]ingest.Batch{{Events: eventsOf(0, 0, 9), Spans: []ingest.Span{counted(0, 0, 5), counted(0, 3, 9)}}},
			ingest.PartitionState{CompleteTo: 9, End: 9, Offsets: 9, Records: 11, Stored: 11, Events: 11, Overlaps: 1, EventRows: 9},
			nil,
		},
		{
			"rows of a batch without its span",
			[]ingest.Batch{{Events: eventsOf(0, 0, 9), Spans: []ingest.Span{counted(0, 0, 5)}}},
			ingest.PartitionState{CompleteTo: 5, End: 5, Offsets: 5, Records: 5, Stored: 5, Events: 5, EventRows: 5, BeyondRows: 4},
			nil,
		},
		{
			"rows before the first span",
			[]ingest.Batch{{Events: eventsOf(0, 0, 9)}},
			ingest.PartitionState{BeyondRows: 9},
			nil,
		},
		{
			"gaps",
			[]ingest.Batch{{Events: append(append(eventsOf(0, 0, 5), eventsOf(0, 6, 8)...), eventsOf(0, 20, 21)...), Spans: []ingest.Span{counted(0, 20, 21), counted(0, 0, 5), counted(0, 6, 8)}}},
			ingest.PartitionState{CompleteTo: 5, End: 21, Offsets: 8, Records: 8, Stored: 8, Events: 8, Missing: 13, Gaps: []ingest.Gap{{From: 5, To: 6}, {From: 8, To: 20}}, EventRows: 8},
			[]string{"offsets 5 to 5 were never", "offsets 8 to 19 were never"},
		},
		{
			"an origin stored twice",
			[]ingest.Batch{{Events: append(eventsOf(0, 0, 5), eventsOf(0, 2, 4)...), Spans: []ingest.Span{counted(0, 0, 5)}}},
			ingest.PartitionState{CompleteTo: 5, End: 5, Offsets: 5, Records: 5, Stored: 5, Events: 5, EventRows: 7, Repeated: 2},
			[]string{"2 rows of tables events and refused repeat", "table events holds 7 rows below offset 5, the ledger knows of 5"},
		},
		{
			"rows lost",
			[]ingest.Batch{{Events: eventsOf(0, 0, 4), Spans: []ingest.Span{{Topic: topic, To: 6, Records: 6, Stored: 5, Refused: 1, Events: 5, Parts: 1}}}},
			ingest.PartitionState{CompleteTo: 6, End: 6, Offsets: 6, Records: 6, Stored: 5, Refused: 1, Events: 5, Parts: 1, EventRows: 4},
			[]string{"table events holds 4 rows below offset 6, the ledger knows of 5; rows were lost", "table refused holds 0 rows"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			for _, b := range tt.batches {
				appendBatch(t, s, b)
			}
			// A partition and a topic beside it, complete.
			appendBatch(t, s, ingest.Batch{Events: eventsOf(1, 7, 8), Spans: []ingest.Span{counted(1, 7, 8), {Topic: "another", From: 3, To: 4}}})
			states, err := s.Completeness(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(states) != 3 {
				t.Fatalf("%d partitions, want 3: %+v", len(states), states)
			}
			found := false
			for _, got := range states {
				if (got.LastAt == 0) != (got.End == 0) || got.LastAt != 0 && time.Since(got.LastAt.Time()).Abs() > time.Hour {
					t.Errorf("%s/%d: last activity %s", got.Topic, got.Partition, got.LastAt)
				}
				faults := got.Faults()
				if got.Topic != topic || got.Partition != 0 {
					if len(faults) > 0 {
						t.Errorf("%s/%d: faults %q, want none", got.Topic, got.Partition, faults)
					}
					continue
				}
				found = true
				got.LastAt = 0
				tt.want.Topic = topic
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got  %+v\nwant %+v", got, tt.want)
				}
				if len(faults) != len(tt.faults) {
					t.Fatalf("faults: got %q, want %q", faults, tt.faults)
				}
				for i, want := range tt.faults {
					if !strings.Contains(faults[i], want) || !strings.Contains(faults[i], "topic postage.events, partition 0") {
						t.Errorf("fault: got %q, want in it %q and the partition", faults[i], want)
					}
				}
			}
			if !found {
				t.Errorf("partition 0 is not in %+v", states)
			}
		})
	}
}
