// Package closing is the workflow of a month: read the log up to a cut-off, rate
// it, and either show drafts or issue statements and documents; later, the
// adjustments. It holds no rule of pricing and writes no file format.
package closing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
)

// Evaluation is what the rating function says of one month at one cut-off under
// one tariff. The messages are not in it: they are rows of its run.
type Evaluation struct {
	Run        reports.Run
	Statements []rating.Statement // in account order; accounts with nothing to say are left out
	Suspense   int64              // messages of unknown senders: on no statement, held in the log

	rows reports.RunWriter // of the run, unfinished; nil when none were asked for
}

// finish makes the rows of the run visible, if there are any.
func (e *Evaluation) finish(ctx context.Context) error {
	if e.rows == nil {
		return nil
	}
	if err := e.rows.Finish(ctx); err != nil {
		return fmt.Errorf("run %s: %w", e.Run.ID, err)
	}
	return nil
}

// newRun names a run by all that decides its result.
func newRun(kind reports.RunKind, m rating.Month, cutoff reports.Cutoff, tariff string, accounts ...string) (reports.Run, error) {
	b, err := json.Marshal(struct {
		Kind     reports.RunKind
		Month    rating.Month
		Cutoff   reports.Cutoff
		Tariff   string
		Accounts []string `json:",omitempty"`
	}{kind, m, cutoff, tariff, accounts})
	if err != nil {
		return reports.Run{}, fmt.Errorf("run of %s: %w", m, err)
	}
	sum := sha256.Sum256(b)
	id := fmt.Sprintf("%s-%s-%s", m, kind, hex.EncodeToString(sum[:6]))
	return reports.Run{ID: id, Month: m, Kind: kind, Cutoff: cutoff, Tariff: tariff, Accounts: accounts}, nil
}

// evaluate rates a month and writes the rows of its run, which stay invisible until
// the evaluation is finished. What an evaluation that died has written goes when the
// same run begins again.
func evaluate(ctx context.Context, log reports.EventLog, runs reports.RunStore, t *rating.Tariff, run reports.Run) (*Evaluation, error) {
	rows, err := runs.BeginRun(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	e, err := rateMonth(ctx, log, t, run, monthOptions{Rows: rows, Accounts: run.Accounts})
	if err != nil {
		return nil, errors.Join(err, rows.Flush(context.WithoutCancel(ctx)))
	}
	for i := range e.Statements {
		if err := rows.WriteStatement(ctx, &e.Statements[i]); err != nil {
			return nil, fmt.Errorf("run %s: statement of %s: %w", run.ID, e.Statements[i].Account, err)
		}
	}
	if err := rows.Flush(ctx); err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	e.rows = rows
	return e, nil
}
