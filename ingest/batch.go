// Package ingest takes records from Kafka to the event log and never loses or
// repeats one: read, decode, refuse what no tariff could cure, append, and only
// then commit the contiguous prefix. It never prices anything.
package ingest

import (
	"context"
	"postage/rating"
)

// Origin says where an event came from. It is unique: an origin is stored at
// most once, whatever restarts happen.
type Origin struct {
	Topic     string
	Partition int32
	Offset    int64
	Index     int32 // position in the body: a webhook body holds several events
}

// Record is one event with its origin, as the log keeps it.
type Record struct {
	Origin
	ArrivedAt rating.Instant // the record's Kafka timestamp
	Event     rating.Event
}

// Refused is a record (or one item of a webhook body) that no tariff could ever
// cure. It is kept with its reason and its bytes.
type Refused struct {
	Origin
	ArrivedAt rating.Instant
	Reason    string // a code: not_json, no_event, missing_field, bad_value, impossible_time, too_large
	Detail    string // names the field and says what was expected
	Key       []byte
	Value     []byte // the whole record as received
}

// Span is one line of the completeness ledger: the offsets [From, To) of a
// partition were consumed, and ended as so many records.
type Span struct {
	Topic     string
	Partition int32
	From, To  int64
	Records   int64 // Kafka records read; To - From minus control records
	Stored    int64 // records of which at least one event was stored
	Refused   int64 // records of which nothing could be stored
	Events    int64 // events stored
	Parts     int64 // refusals kept: whole records and single items of a body
}

// Batch is what one flush makes durable.
type Batch struct {
	Events  []Record
	Refused []Refused
	Spans   []Span

	// Stored are events of the spans that a predecessor has left in the log already.
	// They are not appended again; a follower sees them for the first time.
	Stored []Record
}

// Log is where events are kept. Append returns only when everything in the
// batch is durable, the spans last. It is not atomic across a crash: Covered
// tells how far the spans of a partition reach, and StoredFrom which origins at
// or above an offset are there already, so that the next owner can complete what
// a dead one began.
type Log interface {
	Append(ctx context.Context, b *Batch) error
	// Covered returns the end of the gapless run of spans that holds or begins
	// at an offset, or the offset itself when none does.
	Covered(ctx context.Context, topic string, partition int32, offset int64) (int64, error)
	StoredFrom(ctx context.Context, topic string, partition int32, offset int64) (map[Origin]struct{}, error)
}
