// Package ingest takes records from Kafka to the event log and never loses or
// repeats one: read, decode, refuse what no tariff could cure, append, and only
// then commit the contiguous prefix. It never prices anything.
package ingest

import (
	"context"
	"errors"
	"postage/rating"
	"slices"
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
	Records   int64 // Kafka records read; the rest of To - From holds none for us: Message.Gap
	Stored    int64 // records of which at least one event was stored
	Refused   int64 // records of which nothing could be stored
	Events    int64 // events stored
	Parts     int64 // refusals kept: whole records and single items of a body
}

// Batch is what was consumed with one flush. Some of it may be in the log already, left
// there by a predecessor or by an attempt that went wrong: Without.
type Batch struct {
	Events  []Record
	Refused []Refused
	Spans   []Span
}

// Without returns b without the origins that are stored already, and forgets these. The
// spans stay as they are: they say what was consumed, whoever wrote the rows.
func (b *Batch) Without(stored map[Origin]struct{}) *Batch {
	if len(stored) == 0 {
		return b
	}
	known := func(o Origin) bool {
		_, ok := stored[o]
		delete(stored, o)
		return ok
	}
	return &Batch{
		Events:  slices.DeleteFunc(slices.Clone(b.Events), func(r Record) bool { return known(r.Origin) }),
		Refused: slices.DeleteFunc(slices.Clone(b.Refused), func(r Refused) bool { return known(r.Origin) }),
		Spans:   b.Spans,
	}
}

// Owner names who appends. At most one generation of a group has the right to a
// partition at a time.
type Owner struct {
	Group      string
	Generation int32
	Member     string // one of several owners in a generation
}

// Tenure is an owner's right to append, as far as it can be proved.
type Tenure interface {
	Owner() Owner
	// Prove returns nil when the owner's generation was still the running one at some
	// moment after the call, and ErrGenerationEnded when it is not.
	Prove(ctx context.Context) error
}

// Log is where events are kept. It is not atomic across a crash: Covered tells how far
// the spans of a partition reach, and StoredFrom which origins at or above an offset are
// there already, so that the next owner can complete what a dead one began.
//
// A paused or cut-off owner must not write what its successor writes too. No clock
// decides that, but an order of events. Append first registers where Settle sees it, then
// proves the tenure, and only then sends the rows. A successor calls Settle when its
// generation has begun, then StoredFrom. So when the proof of an old owner succeeds, its
// append was registered before the successor looked, and Settle waits for its end;
// and when it was not registered by then, its proof fails.
type Log interface {
	// Append returns nil only when everything in the batch is durable, the spans last.
	// After an error any part of it may be there, or may still be written: call Settle and
	// StoredFrom before the next attempt.
	Append(ctx context.Context, t Tenure, b *Batch) error
	// Settle returns when no append of another generation of the owner's group, and no
	// earlier one of the owner itself, can write any more. It cuts them short.
	Settle(ctx context.Context, o Owner) error
	// Covered returns the end of the gapless run of spans that holds or begins
	// at an offset, or the offset itself when none does.
	Covered(ctx context.Context, topic string, partition int32, offset int64) (int64, error)
	StoredFrom(ctx context.Context, topic string, partition int32, offset int64) (map[Origin]struct{}, error)
}

// ErrHopeless is in errors of a Source, a Log or a RefusedSink that no retry can mend:
// an unknown table, a wrong password. All others are taken for an outage.
var ErrHopeless = errors.New("trying again cannot help")

// Hopeless makes an error one that is ErrHopeless, without a word added to what it says.
func Hopeless(err error) error { return hopeless{err} }

type hopeless struct{ error }

func (h hopeless) Is(target error) bool { return target == ErrHopeless }
func (h hopeless) Unwrap() error        { return h.error }
