package closing

import (
	"context"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/reports/journal"
	"slices"
)

// ErrNotClosed is returned by Journal for a month of which nothing was issued.
type ErrNotClosed struct{ Month rating.Month }

func (e ErrNotClosed) Error() string {
	return fmt.Sprintf("month %s is open: nothing was issued for it", e.Month)
}

// Journal books what was issued for a month: a batch for each run, closes of single
// accounts and adjustments included, oldest first. It reads the books only, and
// accounts are those of the tariff the run was issued under, so that what was
// exported once comes out the same for ever.
func Journal(ctx context.Context, b *books.Books, thaw func([]byte) (*rating.Tariff, error), m rating.Month) ([]*reports.Batch, error) {
	runs, err := b.Issued(ctx, m)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, ErrNotClosed{m}
	}
	charts := map[string]journal.Chart{}
	var batches []*reports.Batch
	for i := range runs {
		version := runs[i].Run.Tariff
		if _, known := charts[version]; !known {
			content, err := b.Tariff(ctx, version)
			if err != nil {
				return nil, err
			}
			tariff, err := thaw(content)
			if err != nil {
				return nil, fmt.Errorf("tariff of run %s: %w", runs[i].Run.ID, err)
			}
			charts[version] = journal.NewChart(tariff.Rows.GL)
		}
		batch, err := journal.Entries(charts[version], &runs[i])
		if err != nil {
			return nil, err
		}
		if batch != nil {
			batches = append(batches, batch)
		}
	}
	return batches, nil
}

// Accrual is what is not billed yet.
type Accrual struct {
	Batches []*reports.Batch // accruals and their reversals; none when there is nothing to book
	// Statements are what was accrued of the month itself. Their unrated messages, and Suspense
	// (those of unknown senders), have no amount and are in no batch.
	Statements []rating.Statement
	Suspense   int64
	Exceptions []reports.Exception // late usage that cannot be stated, and so not accrued
}

// Accrue books what the log says by now and no document does, up to the end of a month: what
// the month has brought, while it is open, and the late usage of accounts and months that are
// closed, as the next close would bill it. It keeps nothing.
func (c *Closer) Accrue(ctx context.Context, m rating.Month) (*Accrual, error) {
	cutoff, err := c.Log.Cutoff(ctx)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	closed, err := c.Books.Month(ctx, m)
	if err != nil {
		return nil, err
	}
	a := &Accrual{}
	var late []*proposal
	if closed == nil {
		if err := c.accrueOpen(ctx, a, m, cutoff); err != nil {
			return nil, err
		}
		if late, _, err = c.early(ctx, m, reports.DraftRun, cutoff); err != nil {
			return nil, err
		}
	}
	reached, _, err := c.reached(ctx, cutoff)
	if err != nil {
		return nil, err
	}
	for _, month := range reached {
		if m.First().Before(month.First()) {
			continue // supplied after the end of the month
		}
		notes, err := c.again(ctx, &revision{month: month, kind: reports.DraftRun, cutoff: cutoff})
		if err != nil {
			return nil, fmt.Errorf("late usage of %s: %w", month, err)
		}
		late = append(late, notes...)
	}
	for _, p := range late {
		before, err := c.Books.Statements(ctx, p.Run.Month)
		if err != nil {
			return nil, err
		}
		if err := a.accrue(p.tariff, m, &p.Run, reports.ChangesFrom(before, p.issue.Statements)); err != nil {
			return nil, err
		}
		a.Exceptions = append(a.Exceptions, p.exceptions...)
	}
	return a, nil
}

// accrueOpen books what an open month has brought, but for accounts that were closed by
// themselves.
func (c *Closer) accrueOpen(ctx context.Context, a *Accrual, m rating.Month, cutoff reports.Cutoff) error {
	if err := statable(c.Tariff, m); err != nil {
		return err
	}
	run, err := newRun(reports.DraftRun, m, cutoff, c.Tariff.Rows.Version)
	if err != nil {
		return err
	}
	e, err := c.rate(ctx, c.Tariff, run, false)
	if err != nil {
		return err
	}
	issued, err := c.Books.Versions(ctx, m)
	if err != nil {
		return err
	}
	a.Statements = slices.DeleteFunc(e.Statements, func(s rating.Statement) bool { return issued[s.Account] > 0 })
	a.Suspense = e.Suspense
	return a.accrue(c.Tariff, m, &run, reports.ChangesFrom(nil, a.Statements))
}

// statable says whether all fees of a month can be stated in the currency of their
// account. It is asked before the month is rated, which takes its time, and the
// error lists every account that lacks an exchange rate.
func statable(t *rating.Tariff, m rating.Month) error {
	var lacking []error
	for _, account := range t.Accounts(m) {
		if _, err := rating.NewFolder(t, account, m).Statement(); err != nil {
			lacking = append(lacking, fmt.Errorf("account %s: %w", account, err))
		}
	}
	return errors.Join(lacking...)
}

// accrue adds a batch and its reversal, if there is anything to book.
func (a *Accrual) accrue(t *rating.Tariff, known rating.Month, run *reports.Run, changes []reports.StatementChange) error {
	accrual, reversal, err := journal.Accrual(journal.NewChart(t.Rows.GL), known, run, changes)
	if err != nil || accrual == nil {
		return err
	}
	a.Batches = append(a.Batches, accrual, reversal)
	return nil
}
