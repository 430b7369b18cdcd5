package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/reports/export"
	"postage/schemas/clickhouse"
	"strings"
	"sync/atomic"
)

// reportCommand is `postage report`.
type reportCommand struct {
	engineFlags
	Month     string `required:"" placeholder:"YYYY-MM" help:"The month to report on."`
	Account   string `placeholder:"ACCOUNT" help:"Only this account, into a folder of its name."`
	ByAccount bool   `help:"Beside the files over all accounts, a folder for every account."`
	Format    string `enum:"csv,parquet,xlsx,journal" default:"csv" help:"csv, parquet, xlsx (the finance workbook) or journal (the general ledger's, CSV). Default: ${default}."`
	Kind      string `enum:"auto,draft,final,adjustment" default:"auto" help:"Which run: final, the latest draft or the latest adjustment. By default the final one of a closed month, else the latest draft."`
	Out       string `placeholder:"DIR" help:"Folder to write to (default: MONTH under --data)."`
	JSON      bool   `name:"json" help:"Print what was written as JSON."`
}

// Help is the long help.
func (*reportCommand) Help() string {
	return `Writes what a run has in ClickHouse, a file for each table: charges (one row a charged message), lines (of
statements), statements and costs (what the carrier bills us). A month that was not closed needs a draft:
postage close --month YYYY-MM --draft.

Files appear when they are whole; the same run gives the same bytes. In CSV amounts are plain decimals, exact, and text
that a spreadsheet program would take for a formula has an apostrophe before it. In Parquet amounts are DECIMAL(38,18).

Examples:
  postage report --month 2026-10 --by-account --out october
  postage report --month 2026-10 --account acme --format parquet`
}

func (c *reportCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	if c.Account != "" && c.ByAccount {
		return usagef("--account names one account and --by-account asks for all: choose one")
	}
	if c.Format == "journal" && (c.Account != "" || c.ByAccount) {
		return usagef("the journal is one for all accounts; leave out --account and --by-account")
	}
	if c.Format == "xlsx" && (c.Account != "" || c.ByAccount) {
		return usagef("the workbook is one for all accounts; --format csv and parquet are by account too")
	}
	r := &report{reportCommand: c, streams: s, month: month, out: c.outDir(c.Out, month), engines: &engines{}}
	defer closeWith(&err, "engines", r.engines.Close)
	if err := r.run(ctx); err != nil {
		return err
	}
	return r.print()
}

// report is one report in the making.
type report struct {
	*reportCommand
	*streams
	engines *engines
	month   rating.Month
	out     string
	books   *books.Books // nil when there are none under --data

	runs  []reports.Run // reported on, in the order in which they were finished; all of one kind
	rows  int64
	paths []string
}

func (r *report) run(ctx context.Context) error {
	if err := r.openOldBooks(ctx); err != nil {
		return err
	}
	if r.Format == "journal" {
		return r.journal(ctx)
	}
	if err := r.openStore(ctx, r.streams, r.engines); err != nil {
		return err
	}
	all, err := r.engines.store.RunsOf(ctx, r.month)
	if err != nil {
		return err
	}
	if err := r.choose(ctx, all); err != nil {
		return err
	}
	if r.Format == "xlsx" {
		return r.workbook(ctx)
	}
	return r.tables(ctx)
}

// openOldBooks opens the books if there are any: what is only read is not begun.
func (r *report) openOldBooks(ctx context.Context) error {
	_, err := os.Stat(filepath.Join(r.dataDir(), "books.db"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.books, err = r.openBooks(ctx, r.engines)
	}
	return err
}

// choose picks the runs to report on: all final ones, since accounts may have been
// closed one by one, or the latest of another kind.
func (r *report) choose(ctx context.Context, all []reports.Run) error {
	of := func(kind reports.RunKind) (out []reports.Run) {
		for _, run := range all {
			if run.Kind == kind {
				out = append(out, run)
			}
		}
		return out
	}
	if r.Kind != "auto" {
		r.runs = of(reports.RunKind(r.Kind))
		if len(r.runs) == 0 {
			return fmt.Errorf("month %s has no %s run in ClickHouse", r.month, r.Kind)
		}
		return nil
	}
	final, drafts := of(reports.FinalRun), of(reports.DraftRun)
	closed, err := r.closed(ctx, len(final) > 0)
	switch {
	case err != nil:
		return err
	case closed && len(final) == 0:
		return fmt.Errorf("month %s is closed, and its rows are not in ClickHouse yet; run postage close --month %s again, which completes them", r.month, r.month)
	case closed, len(drafts) == 0: // some accounts may be closed and others not
		r.runs = final
	default:
		r.runs = drafts
	}
	if len(r.runs) == 0 {
		return fmt.Errorf("month %s has no run yet; make a draft first: postage close --month %s --draft", r.month, r.month)
	}
	return nil
}

// closed asks the books whether all accounts of the month are closed. Where there are no
// books, a final run says so.
func (r *report) closed(ctx context.Context, final bool) (bool, error) {
	if r.books == nil {
		return final, nil
	}
	m, err := r.books.Month(ctx, r.month)
	return m != nil, err
}

// kind is that of the runs.
func (r *report) kind() reports.RunKind { return r.runs[0].Kind }

func (r *report) selection() clickhouse.Selection {
	of := clickhouse.Selection{Account: r.Account}
	for _, run := range r.runs {
		of.Runs = append(of.Runs, run.ID)
	}
	return of
}

// stem names files of the run as close names its workbook: a final run by its month.
func (r *report) stem() string {
	switch r.kind() {
	case reports.DraftRun:
		return r.month.String() + "-draft"
	case reports.AdjustmentRun:
		return r.month.String() + "-adjusted"
	case reports.FinalRun:
	}
	return r.month.String()
}

// tables writes the tables of the runs, row by row out of ClickHouse.
func (r *report) tables(ctx context.Context) error {
	store, of := r.engines.store, r.selection()
	total, err := store.ExportRows(ctx, of)
	if err != nil {
		return err
	}
	if total == 0 {
		return r.nothing()
	}
	files := &export.Files{Dir: r.out, Stem: r.stem(), Format: export.CSV, ByAccount: r.ByAccount, About: map[string]string{
		"run": strings.Join(of.Runs, " "), "kind": string(r.kind()), "month": r.month.String(), "tariff": r.runs[0].Tariff,
	}}
	if r.Format == "parquet" {
		files.Format = export.Parquet
	}
	if r.Account != "" {
		files.Dir = filepath.Join(r.out, export.SafeName(r.Account))
	}
	var done atomic.Int64
	p := progress{what: "exporting", total: func() int64 { return total }, done: done.Load, unit: "rows"}
	defer p.run(ctx, r.err)()
	for _, t := range export.Tables {
		paths, err := files.Write(t, store.Export(ctx, t, of), func() { done.Add(1) })
		if err != nil {
			return fmt.Errorf("report of %s: %w", r.month, err)
		}
		r.paths = append(r.paths, paths...)
	}
	r.rows = done.Load()
	return nil
}

func (r *report) nothing() error {
	if r.Account != "" {
		return fmt.Errorf("account %q has nothing in the %s run of %s; accounts are named as in accounts.csv", r.Account, r.kind(), r.month)
	}
	return fmt.Errorf("the %s run of %s has no rows", r.kind(), r.month)
}

// print says what was written, and of what.
func (r *report) print() error {
	ids := r.selection().Runs
	if r.JSON {
		return json.NewEncoder(r.streams.out).Encode(struct {
			Month string   `json:"month"`
			Kind  string   `json:"kind,omitempty"`
			Runs  []string `json:"runs,omitempty"`
			Rows  int64    `json:"rows"`
			Files []string `json:"files"`
		}{r.month.String(), r.kindName(), ids, r.rows, r.paths})
	}
	if len(ids) > 0 {
		fmt.Fprintf(r.streams.out, "%s %s, run %s\n", r.month, r.kindName(), strings.Join(ids, ", "))
	}
	if r.rows > 0 {
		fmt.Fprintf(r.streams.out, "%s rows\n", grouped(r.rows))
	}
	const shown = 10
	for _, path := range r.paths[:min(len(r.paths), shown)] {
		fmt.Fprintln(r.streams.out, path)
	}
	if more := len(r.paths) - shown; more > 0 {
		fmt.Fprintf(r.streams.out, "and %d more files in %s\n", more, r.out)
	}
	return nil
}

// kindName is "" for the journal, which is of all runs of a month.
func (r *report) kindName() string {
	if len(r.runs) == 0 {
		return ""
	}
	return string(r.kind())
}
