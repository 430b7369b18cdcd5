package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"postage/reports/export"
	"postage/reports/journal"
	"postage/reports/sheets"
	"postage/schemas/clickhouse"
)

// journal writes the general ledger's journal of a closed month, out of the books.
func (r *report) journal(ctx context.Context) error {
	if r.books == nil {
		return fmt.Errorf("there are no books in %s, so nothing was issued; postage journal --accrual books what is not billed yet", r.dataDir())
	}
	batches, err := closing.Journal(ctx, r.books, thawTariff, r.month)
	if err != nil {
		return err
	}
	return r.file("journal-"+r.month.String()+".csv", func(w io.Writer) error { return journal.WriteCSV(w, batches) })
}

// workbook writes the finance workbook of the runs.
func (r *report) workbook(ctx context.Context) error {
	statements, err := r.engines.store.Statements(ctx, r.selection())
	if err != nil {
		return err
	}
	last := r.runs[len(r.runs)-1]
	data := reports.WorkbookData{
		Month: r.month, Kind: r.kind(), RunID: last.ID, Cutoff: last.Cutoff, Tariff: last.Tariff, Statements: statements,
	}
	if r.books != nil {
		if err := r.compared(ctx, &data); err != nil {
			return err
		}
	}
	if r.books != nil && r.kind() != reports.DraftRun {
		if data.Documents, err = r.books.Documents(ctx, r.month); err != nil {
			return err
		}
		var open closing.ErrNotClosed
		if data.Journal, err = closing.Journal(ctx, r.books, thawTariff, r.month); err != nil && !errors.As(err, &open) {
			return err
		}
	}
	return r.file("postage-"+r.stem()+".xlsx", func(w io.Writer) error { return sheets.WriteWorkbook(w, data, r.charges(ctx)) })
}

// compared adds the month before, and the tariff when the books have it.
func (r *report) compared(ctx context.Context, data *reports.WorkbookData) (err error) {
	day := r.month.First().AddDays(-1)
	if data.Prior, err = r.books.Statements(ctx, rating.Month{Year: day.Year, Month: day.Month}); err != nil || r.kind() == reports.DraftRun {
		return err
	}
	content, err := r.books.Tariff(ctx, data.Tariff)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	t, err := thawTariff(content)
	if err != nil {
		return fmt.Errorf("tariff %s in the books: %w", data.Tariff, err)
	}
	data.Rows = t.Rows
	return nil
}

// charges yields the charged messages of all runs, one run after the other; those of an
// account from the run whose statement counts: the first that has one.
func (r *report) charges(ctx context.Context) iter.Seq2[*rating.Message, error] {
	store := r.engines.store
	return func(yield func(*rating.Message, error) bool) {
		seen := map[string]string{} // run by account
		for _, run := range r.runs {
			statements, err := store.Statements(ctx, clickhouse.Selection{Runs: []string{run.ID}})
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range statements {
				if account := statements[i].Account; seen[account] == "" {
					seen[account] = run.ID
				}
			}
			for m, err := range store.Charges(ctx, run.ID) {
				if err == nil && seen[m.Account] != run.ID {
					continue
				}
				if !yield(m, err) || err != nil {
					return
				}
			}
		}
	}
}

// file writes one file, which appears when it is whole.
func (r *report) file(name string, write func(io.Writer) error) error {
	if err := os.MkdirAll(r.out, 0o750); err != nil {
		return err
	}
	path := filepath.Join(r.out, name)
	if err := export.WriteFile(path, write); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.paths = append(r.paths, path)
	return nil
}
