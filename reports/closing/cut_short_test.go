package closing

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"postage/rating"
	"postage/reports"
	"testing"
)

// interrupted is a log that ends the context once a slice has been read.
type interrupted struct {
	reports.EventLog
	stop context.CancelFunc
}

func (i *interrupted) Conversations(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		for events, err := range i.EventLog.Conversations(ctx, upTo, of) {
			if !yield(events, err) {
				return
			}
			i.stop()
		}
	}
}

// TestRatingCutShort: what an interrupted rating has written is never seen, and goes when the same run
// is begun again, which comes to its end.
func TestRatingCutShort(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(7, 7)))
	tariff, err := rating.NewTariff(w.rows)
	if err != nil {
		t.Fatal(err)
	}
	run, err := newRun(reports.DraftRun, w.month, appendWorld(t, "cut short", w.events), w.rows.Version)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if e, err := evaluate(ctx, &interrupted{store, stop}, store, tariff, run); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: got %v, %v, want it canceled", e, err)
	}
	e, err := evaluate(t.Context(), store, store, tariff, run)
	if err != nil {
		t.Fatal(err)
	}
	if outcomes, err := store.Outcomes(t.Context(), run.ID); err != nil || len(outcomes) > 0 {
		t.Errorf("before it is finished: got %v, %v, want nothing", outcomes, err)
	}
	if err := e.finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	outcomes, err := store.Outcomes(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	var seen int64
	for _, o := range outcomes {
		seen += o.Messages
	}
	_, want := rateAtOnce(t, tariff, w)
	if seen != int64(len(want)) || seen == 0 {
		t.Errorf("messages of the finished run: got %d, want %d", seen, len(want))
	}
}
