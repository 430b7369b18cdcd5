package ingest

import (
	"fmt"
	"postage/rating"
)

// PartitionState says whether a partition of a topic is in the log completely:
// what the ledger says of its offsets, and what the tables hold of them.
// Every offset ends as a stored record, a refused one or a control record.
type PartitionState struct {
	Topic     string
	Partition int32

	First      int64 // first offset consumed
	CompleteTo int64 // end of the prefix without gaps, exclusive: the cut-off of a close
	End        int64 // end of the last span, exclusive

	// By the ledger. With Overlaps, all but Offsets and Missing count some
	// records twice.
	Offsets int64 // consumed, each counted once
	Records int64 // Kafka records read; Offsets - Records were control records
	Stored  int64 // records of which at least one event was stored
	Refused int64 // records of which nothing could be stored
	Events  int64 // events stored
	Parts   int64 // refusals kept: whole records and single items of a body

	Missing  int64 // offsets in gaps
	Gaps     []Gap // the first hundred
	Overlaps int64 // spans that overlap others in part: two processes had the partition

	// By the tables.
	EventRows  int64 // events below End
	PartRows   int64 // refusals below End
	Repeated   int64 // rows whose origin is there already
	BeyondRows int64 // at or above End: of a batch that is being written, or that a successor will complete

	LastAt rating.Instant // when the last span was written
}

// Gap is offsets [From, To) that were never consumed.
type Gap struct{ From, To int64 }

// Control is how many of the offsets consumed held no record: control records of
// transactions, and records that the broker had compacted away.
func (s *PartitionState) Control() int64 { return s.Offsets - s.Records }

// Faults says in sentences for an operator what is not as it must be; none when
// the partition is complete up to End.
func (s *PartitionState) Faults() []string {
	var faults []string
	add := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("topic %s, partition %d: ", s.Topic, s.Partition)+fmt.Sprintf(format, args...))
	}
	for _, g := range s.Gaps {
		add("offsets %d to %d were never consumed; load those records again (postage load, or into another topic)", g.From, g.To-1)
	}
	if len(s.Gaps) == 100 {
		add("%d offsets in all are missing; only the first 100 gaps are named", s.Missing)
	}
	if s.Repeated > 0 {
		add("%d rows of tables events and refused repeat an origin that is there already; a month with them must not be closed", s.Repeated)
	}
	for _, c := range [...]struct {
		table         string
		rows, counted int64
	}{{"events", s.EventRows, s.Events}, {"refused", s.PartRows, s.Parts}} {
		switch {
		case c.rows > c.counted:
			add("table %s holds %d rows below offset %d, the ledger knows of %d; somebody else wrote to it, or a span was lost", c.table, c.rows, s.End, c.counted)
		case c.rows < c.counted && s.Overlaps == 0:
			add("table %s holds %d rows below offset %d, the ledger knows of %d; rows were lost: restore them from a backup", c.table, c.rows, s.End, c.counted)
		}
	}
	return faults
}
