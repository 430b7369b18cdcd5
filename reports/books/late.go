package books

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"time"
)

// Look is a closed month and how far the log is known to agree with it.
type Look struct {
	Month  rating.Month
	Cutoff reports.Cutoff
}

// Closed returns the months closed as a whole, oldest first, and up to where each
// was compared with the log: when last looked at, else at its first close.
func (b *Books) Closed(ctx context.Context) ([]Look, error) {
	looks, err := rowsOf(ctx, b, func(l *Look, scan scanner) (err error) {
		var month, cutoff string
		if err := scan(&month, &cutoff); err != nil {
			return err
		}
		if l.Month, err = rating.ParseMonth(month); err != nil {
			return err
		}
		return json.Unmarshal([]byte(cutoff), &l.Cutoff)
	}, `SELECT c.month, coalesce(
			(SELECT cutoff FROM looks WHERE month = c.month ORDER BY number DESC LIMIT 1),
			(SELECT cutoff FROM runs WHERE month = c.month ORDER BY rowid LIMIT 1))
		FROM closes c WHERE c.whole = 1 ORDER BY c.month`)
	if err != nil {
		return nil, fmt.Errorf("books, closed months: %w", err)
	}
	return looks, nil
}

// Looked notes that closed months agree with the log up to a cut-off.
func (b *Books) Looked(ctx context.Context, months []rating.Month, cutoff reports.Cutoff, at time.Time) error {
	content, err := json.Marshal(cutoff)
	if err != nil {
		return fmt.Errorf("books: cut-off: %w", err)
	}
	err = b.write(ctx, func(tx *sql.Tx) error {
		for _, m := range months {
			if _, err := tx.ExecContext(ctx, `INSERT INTO looks (month, cutoff, looked_at) VALUES (?, ?, ?)`, m.String(), string(content), at.UTC().Format(time.RFC3339)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("books, months compared: %w", err)
	}
	return nil
}

// ErrApart says that the documents of some accounts of a month speak of other events than
// those of the rest.
var ErrApart = errors.New("some of its accounts were rated by themselves since it was last compared with the log as a whole")

// Reviewed is the cut-off of the last run or look of a closed month: its documents
// are what the log says up to there. Where accounts were closed or adjusted by themselves and
// the whole month was not looked at since, there is no such cut-off: ErrApart.
func (b *Books) Reviewed(ctx context.Context, m rating.Month) (cutoff reports.Cutoff, err error) {
	type reading struct {
		cutoff reports.Cutoff
		look   bool
		apart  bool // of some accounts, not of the month
	}
	// Looks count before runs, the last before the others.
	readings, err := rowsOf(ctx, b, func(r *reading, scan scanner) error {
		var content string
		if err := scan(&content, &r.look, &r.apart); err != nil {
			return err
		}
		return json.Unmarshal([]byte(content), &r.cutoff)
	}, `SELECT cutoff, look, apart FROM (
			SELECT 1 AS look, number, cutoff, 0 AS apart FROM looks WHERE month = ?1
			UNION ALL SELECT 0, rowid, cutoff, accounts <> '' FROM runs WHERE month = ?1)
		ORDER BY look DESC, number DESC`, m.String())
	if err == nil && len(readings) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, fmt.Errorf("books, month %s: %w", m, err)
	}
	last := readings[0]
	for _, r := range readings {
		if r.apart && !(last.look && last.cutoff.Covers(r.cutoff)) {
			return nil, fmt.Errorf("month %s: %w", m, ErrApart)
		}
	}
	return last.cutoff, nil
}

// Terms are the tariff that some accounts of a closed month are rated under.
type Terms struct {
	Tariff   string   // version
	Accounts []string // nil: all that are in no other terms of the month
}

// Terms returns what a closed month is rated under, whatever is in force by now: the
// tariff of the last correction; without one, that of the close, and where accounts
// were closed by themselves under another, theirs. The one for all others comes first.
func (b *Books) Terms(ctx context.Context, m rating.Month) ([]Terms, error) {
	var tariff string
	err := b.db.QueryRowContext(ctx, `SELECT r.tariff FROM corrections k JOIN runs r ON r.run_id = k.run_id WHERE r.month = ? ORDER BY r.rowid DESC LIMIT 1`, m.String()).Scan(&tariff)
	switch {
	case err == nil:
		return []Terms{{Tariff: tariff}}, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("books, terms of %s: %w", m, err)
	}
	if err := b.db.QueryRowContext(ctx, `SELECT tariff FROM closes WHERE month = ?`, m.String()).Scan(&tariff); err != nil {
		return nil, fmt.Errorf("books, terms of %s: %w", m, err)
	}
	others, err := contentOf[Terms](ctx, b, `SELECT json_object('Tariff', r.tariff, 'Accounts', json_group_array(s.account)) FROM statements s JOIN runs r ON r.run_id = s.run_id
			WHERE s.month = ? AND s.version = 1 AND r.kind = 'final' AND r.tariff NOT IN ('', ?) GROUP BY r.tariff ORDER BY r.tariff`, m.String(), tariff)
	return append([]Terms{{Tariff: tariff}}, others...), err
}

// correct writes why a run that is being issued has another tariff than its month.
func correct(ctx context.Context, tx *sql.Tx, in *Issue) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO corrections (run_id, reason) VALUES (?, ?)`, in.Run.ID, in.Correction)
	return err
}

// Corrections returns how often the tariff of a closed month was corrected.
func (b *Books) Corrections(ctx context.Context, m rating.Month) (n int, err error) {
	err = b.db.QueryRowContext(ctx, `SELECT count(*) FROM corrections k JOIN runs r ON r.run_id = k.run_id WHERE r.month = ?`, m.String()).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("books, corrections of %s: %w", m, err)
	}
	return n, nil
}

// Incomplete returns the months of which ClickHouse may lack a run, oldest first.
func (b *Books) Incomplete(ctx context.Context) ([]rating.Month, error) {
	months, err := rowsOf(ctx, b, func(m *rating.Month, scan scanner) (err error) {
		var month string
		if err := scan(&month); err != nil {
			return err
		}
		*m, err = rating.ParseMonth(month)
		return err
	}, `SELECT DISTINCT month FROM runs WHERE projected = 0 ORDER BY month`)
	if err != nil {
		return nil, fmt.Errorf("books, months to complete: %w", err)
	}
	return months, nil
}

// Before returns what had been issued for a month before a run of it, and whether
// the run corrected prices.
func (b *Books) Before(ctx context.Context, runID string) (before *reports.Billed, corrects bool, err error) {
	const earlier = `FROM runs AS here JOIN runs AS r ON r.month = here.month AND r.rowid < here.rowid JOIN statements AS s ON s.run_id = r.run_id `
	before = &reports.Billed{}
	before.Statements, err = contentOf[rating.Statement](ctx, b, `SELECT content FROM (SELECT s.account, s.content, row_number() OVER (PARTITION BY s.account ORDER BY s.version DESC) AS age `+earlier+`WHERE here.run_id = ?) WHERE age = 1 ORDER BY account`, runID)
	if err != nil {
		return nil, false, err
	}
	before.Documents, err = contentOf[reports.Document](ctx, b, `SELECT d.content `+earlier+`JOIN documents AS d ON d.month = s.month AND d.account = s.account AND d.statement = s.version WHERE here.run_id = ? ORDER BY d.rowid`, runID)
	if err != nil {
		return nil, false, err
	}
	err = b.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM corrections WHERE run_id = ?)`, runID).Scan(&corrects)
	if err != nil {
		return nil, false, fmt.Errorf("books, run %s: %w", runID, err)
	}
	return before, corrects, nil
}
