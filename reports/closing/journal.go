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
	Batches []*reports.Batch // the accrual and its reversal; none when there is nothing to book
	// Statements are what was accrued. Their unrated messages, and Suspense (those of
	// unknown senders), have no amount and are in no batch.
	Statements []rating.Statement
	Suspense   int64
}

// Accrue rates a month with everything the log has now and books what is not
// billed of it. Accounts that have been invoiced are left out. It keeps nothing.
func (c *Closer) Accrue(ctx context.Context, m rating.Month) (*Accrual, error) {
	if err := statable(c.Tariff, m); err != nil {
		return nil, err
	}
	cutoff, err := c.Log.Cutoff(ctx)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	run, err := newRun(reports.DraftRun, m, cutoff, c.Tariff.Rows.Version)
	if err != nil {
		return nil, err
	}
	e, err := rateMonth(ctx, c.Log, c.Tariff, run, monthOptions{})
	if err != nil {
		return nil, err
	}
	issued, err := c.Books.Versions(ctx, m)
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(e.Statements, func(s rating.Statement) bool { return issued[s.Account] > 0 })
	batches, err := accrue(c.Tariff, &run, open)
	return &Accrual{batches, open, e.Suspense}, err
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

func accrue(t *rating.Tariff, run *reports.Run, statements []rating.Statement) ([]*reports.Batch, error) {
	accrual, reversal, err := journal.Accrual(journal.NewChart(t.Rows.GL), run, statements)
	if err != nil || accrual == nil {
		return nil, err
	}
	return []*reports.Batch{accrual, reversal}, nil
}
