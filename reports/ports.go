// Package reports turns rated messages into what leaves the house: statements,
// invoices, credit and debit notes and workbooks. It closes months. It never
// decides what a message costs: that is rating's.
package reports

import (
	"context"
	"iter"
	"postage/rating"
	"slices"
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

// Covers says whether all that lies below another cut-off lies below this one too.
func (c Cutoff) Covers(other Cutoff) bool {
	for _, o := range other {
		i := slices.IndexFunc(c, func(p CutoffOffset) bool { return p.Topic == o.Topic && p.Partition == o.Partition })
		if o.Offset > 0 && (i < 0 || c[i].Offset < o.Offset) {
			return false
		}
	}
	return true
}

// EventLog is the log as a close reads it.
type EventLog interface {
	// Cutoff is the vector up to which every offset is stored or refused.
	Cutoff(ctx context.Context) (Cutoff, error)
	// AsOf is the latest time of an event below the cut-off, copies removed: of copies
	// the earliest counts. Zero for an empty log.
	AsOf(ctx context.Context, upTo Cutoff) (rating.Instant, error)
	// Senders lists the senders that have events below the cut-off, sorted.
	Senders(ctx context.Context, upTo Cutoff) ([]SenderSummary, error)
	// Users samples the users of a sender: up to n of them that cut its events below the
	// cut-off into stretches of about equal size, sorted and different.
	Users(ctx context.Context, upTo Cutoff, sender string, n int) ([]string, error)
	// Conversations yields the events of a slice below the cut-off, one conversation
	// (sender, user) at a time, each once and whole; in no particular order, copies
	// included. It holds all of the slice in memory. The slice of events is valid until the
	// next iteration only, but their strings may be kept. It stops at the first error.
	Conversations(ctx context.Context, upTo Cutoff, of LogSlice) iter.Seq2[[]rating.Event, error]
	// Reach is the earliest time of any event, whenever it came, of the messages that
	// the events between two cut-offs speak of; any is false when there are none.
	// Whatever was sent and delivered before it is judged as it was. Consents do not
	// count: they decide no price.
	Reach(ctx context.Context, known, upTo Cutoff) (at rating.Instant, any bool, err error)
	// Spool opens a place beside the log for messages that wait to be priced.
	Spool(ctx context.Context) (Spool, error)
}

// SenderSummary is what the log knows of a sender.
type SenderSummary struct {
	Sender   string
	Accounts []string       // named by its events, without ""
	Events   int64          // copies included
	Latest   rating.Instant // latest time of an event
}

// LogSlice is a set of conversations: those of some senders, or with one sender those of a
// stretch of users.
type LogSlice struct {
	Senders          []string
	UserFrom, UserTo string // [UserFrom, UserTo) in the order of bytes; UserTo "" is open
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
	// Alarms counts the flagged messages of a run, finished or not, in order of account
	// and flag.
	Alarms(ctx context.Context, runID string) ([]Alarm, error)
}

// Alarm counts the messages of an account that bear one flag of rating.Flags.
type Alarm struct {
	Account, Flag string
	Messages      int64
}

// Spool keeps messages outside of this process until all of a group are there.
type Spool interface {
	Add(ctx context.Context, m []rating.Message) error
	// InOrder yields the messages added, in rating.CanonicalOrder, not linked to a tariff
	// (rating.Binder). A message is valid until the next iteration only; its strings may be
	// kept. It may be called again, and nothing may be added after it.
	InOrder(ctx context.Context) iter.Seq2[*rating.Message, error]
	// Close throws the messages away.
	Close(ctx context.Context) error
}

// RunWriter takes the results of one run; WriteMessages and WriteStatement may be called by
// several goroutines at once. Slices may be reused by the caller after a call returns. Flush makes what was written so far readable for Charges;
// Finish makes the run visible in the views.
type RunWriter interface {
	WriteMessages(ctx context.Context, m []rating.Message) error
	WriteStatement(ctx context.Context, s *rating.Statement) error
	Flush(ctx context.Context) error
	Finish(ctx context.Context) error
}
