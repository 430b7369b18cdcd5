// Package reports turns rated messages into what leaves the house: statements,
// invoices, credit and debit notes and workbooks. It closes months. It never
// decides what a message costs: that is rating's.
package reports

import (
	"context"
	"iter"
	"postage/rating"
)

// Cutoff is how far the log is read: for each topic and partition the first
// offset that is not included. It is sorted by topic and partition. A cut-off is
// never a time, so reading up to it gives the same events for ever.
type Cutoff []CutoffOffset

// CutoffOffset is one element of a Cutoff.
type CutoffOffset struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// EventLog is the log as a close reads it.
type EventLog interface {
	// Cutoff is the vector up to which every offset is stored or refused.
	Cutoff(ctx context.Context) (Cutoff, error)
	// Conversations yields the events below the cut-off, one conversation
	// (sender, user) at a time, in the order of sender then user; within one,
	// in any order and copies included. The slice and its events are valid until the
	// next iteration only. It stops at the first error.
	Conversations(ctx context.Context, upTo Cutoff) iter.Seq2[[]rating.Event, error]
	// Reach is the earliest time of any event, whenever it came, of the messages that
	// the events between two cut-offs speak of; any is false when there are none.
	// Whatever was sent and delivered before it is judged as it was. Consents do not
	// count: they decide no price.
	Reach(ctx context.Context, known, upTo Cutoff) (at rating.Instant, any bool, err error)
}

// RunKind says what a run of the rating function was for.
type RunKind string

// The kinds of run.
const (
	DraftRun      RunKind = "draft"
	FinalRun      RunKind = "final"
	AdjustmentRun RunKind = "adjustment"
)

// Run is one evaluation of the rating function for one month.
type Run struct {
	ID     string // a hash of all that decides the result: equal inputs, equal ID
	Month  rating.Month
	Kind   RunKind
	Cutoff Cutoff
	Tariff string
	// Accounts are those it is for; nil means all. Their statements are the same
	// either way.
	Accounts []string
}

// RunStore keeps the results of runs for SQL. Beginning a run removes what an
// unfinished earlier attempt with the same ID left behind. A run is visible to
// the documented views only once it is finished.
type RunStore interface {
	BeginRun(ctx context.Context, r Run) (RunWriter, error)
	// AbandonRun removes what unfinished attempts at a run have written.
	AbandonRun(ctx context.Context, runID string) error
	// Charges yields the charged messages of a run, finished or not, in order of
	// sending, then message id. A message is valid until the next iteration only; its
	// strings and its Rate may be kept. It stops at the first error.
	Charges(ctx context.Context, runID string) iter.Seq2[*rating.Message, error]
}

// RunWriter takes the results of one run. Slices may be reused by the caller
// after a call returns. Flush makes what was written so far readable for Charges;
// Finish makes the run visible in the views.
type RunWriter interface {
	WriteMessages(ctx context.Context, m []rating.Message) error
	WriteStatement(ctx context.Context, s *rating.Statement) error
	Flush(ctx context.Context) error
	Finish(ctx context.Context) error
}
