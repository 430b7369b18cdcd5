package closing

import (
	"context"
	"postage/rating"
	"postage/reports"
	"postage/reports/journal"
	"slices"
)

// workbookData is what the workbook of a result shows: the month as it stands with
// the result, so documents issued before are in it too, and the statements of a run
// of adjustments are those issued last.
func (c *Closer) workbookData(ctx context.Context, r *Result) (*reports.WorkbookData, error) {
	issued, err := c.billed(ctx, r.Run.Month)
	if err != nil {
		return nil, err
	}
	before, err := c.Books.Statements(ctx, previous(r.Run.Month))
	if err != nil {
		return nil, err
	}
	tariff, err := c.tariffOf(ctx, r)
	if err != nil {
		return nil, err
	}
	data := &reports.WorkbookData{
		Month: r.Run.Month, Kind: r.Kind, RunID: r.Run.ID, Cutoff: r.Run.Cutoff, Tariff: r.Run.Tariff,
		Statements: r.Statements, Documents: issued.Documents, Prior: before, Rows: tariff.Rows,
	}
	switch {
	case r.Kind == reports.AdjustmentRun:
		data.Statements = issued.Statements
	case r.Kind == reports.DraftRun:
		data.Documents = slices.Concat(issued.Documents, r.Documents)
	}
	if data.Journal, err = c.journalOf(ctx, r, tariff, len(issued.Documents) > 0); err != nil {
		return nil, err
	}
	if r.Run.Accounts != nil {
		only(data, r.Run.Accounts)
	}
	return data, nil
}

// only leaves in what a workbook shows the accounts that its run was for.
func only(data *reports.WorkbookData, accounts []string) {
	other := func(account string) bool { return !slices.Contains(accounts, account) }
	data.Documents = slices.DeleteFunc(data.Documents, func(d reports.Document) bool { return other(d.Customer.ID) })
	data.Statements = slices.DeleteFunc(slices.Clone(data.Statements), func(s rating.Statement) bool { return other(s.Account) })
	data.Prior = slices.DeleteFunc(data.Prior, func(s rating.Statement) bool { return other(s.Account) })
	for _, b := range data.Journal {
		b.Postings = slices.DeleteFunc(b.Postings, func(p reports.Posting) bool { return other(p.Customer) })
	}
}

// tariffOf is the tariff that a result was rated under.
func (c *Closer) tariffOf(ctx context.Context, r *Result) (*rating.Tariff, error) {
	if r.Run.Tariff == c.Tariff.Rows.Version {
		return c.Tariff, nil
	}
	return c.thawed(ctx, r.Run.Tariff)
}

// journalOf is what the workbook of a result shows: what is issued; of an open
// month the accrual of all of it; of a draft of notes what they would book.
func (c *Closer) journalOf(ctx context.Context, r *Result, tariff *rating.Tariff, closed bool) ([]*reports.Batch, error) {
	if r.Kind != reports.DraftRun {
		return Journal(ctx, c.Books, c.Thaw, r.Run.Month)
	}
	if !closed {
		var a Accrual
		err := a.accrue(tariff, r.Run.Month, &r.Run, reports.ChangesFrom(nil, r.Statements))
		return a.Batches, err
	}
	booked, err := Journal(ctx, c.Books, c.Thaw, r.Run.Month)
	if err != nil {
		return nil, err
	}
	run := r.Run
	run.Kind = reports.AdjustmentRun
	notes, err := journal.Entries(journal.NewChart(tariff.Rows.GL), &reports.Issued{Run: run, Documents: r.Documents})
	if notes != nil {
		booked = append(booked, notes)
	}
	return booked, err
}
