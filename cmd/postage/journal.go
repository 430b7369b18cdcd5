package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"postage/reports/journal"
	"text/tabwriter"
)

// journalCommand is `postage journal`.
type journalCommand struct {
	engineFlags
	Tariff  string `placeholder:"DIR|FILE.xlsx" help:"With --accrual: the tariff to rate the open month by. A closed month is booked by the one it was closed under."`
	Month   string `required:"" placeholder:"YYYY-MM" help:"The month supplied."`
	Accrual bool   `help:"Book what is not billed yet at the end of the month: its own revenue and carrier cost while it is open, late usage of closed months, and their reversal on the first day of the next."`
	Out     string `default:"-" placeholder:"FILE" help:"Where the CSV goes (default: standard output)."`
	JSON    bool   `name:"json" help:"Write JSON instead of CSV."`
}

// Help is the long help.
func (*journalCommand) Help() string {
	return `Double entries for the general ledger, one batch per run: the close of the month, then each run of adjustments.
In every batch and currency debits equal credits; the totals are printed on standard error. A batch is named by
its content, and writing it again gives the same bytes: a ledger that takes each name once books nothing twice.
Accounts of the general ledger come from gl.csv in the tariff (posting,category,code,name), or are standard ones.

Columns: batch, line, kind, month, posted_on, account, account_name, currency, debit, credit, customer, document,
line_kind, category, tax_treatment, text.

An accrual is of all that the log says by now and no document does, up to the end of the month: what an open month has
brought, and the late usage of accounts and months that are closed, as the next close would bill it (one batch for each
month supplied, all on the last day of the month asked for). Messages without a price have no amount: they are not
accrued, and listed on standard error.

Examples:
  postage journal --month 2026-10 --out journal.csv
  postage journal --month 2026-11 --accrual --tariff my-tariff`
}

func (c *journalCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	if c.Accrual && c.Tariff == "" {
		return usagef("--accrual rates the month as it stands: say by which --tariff")
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	var batches []*reports.Batch
	if c.Accrual {
		batches, err = c.accrue(ctx, s, e, month)
	} else {
		batches, err = c.booked(ctx, e, month)
	}
	if err != nil {
		return err
	}
	var content bytes.Buffer
	if c.JSON {
		err = json.NewEncoder(&content).Encode(batches)
	} else {
		err = journal.WriteCSV(&content, batches)
	}
	if err != nil {
		return err
	}
	if c.Out == "-" {
		_, err = content.WriteTo(s.out)
	} else {
		err = os.WriteFile(c.Out, content.Bytes(), 0o640)
	}
	if err != nil {
		return err
	}
	return printBatches(s.err, batches)
}

// booked is the journal of what was issued: the books are all it takes.
func (c *journalCommand) booked(ctx context.Context, e *engines, m rating.Month) ([]*reports.Batch, error) {
	b, err := c.openBooks(ctx, e)
	if err != nil {
		return nil, err
	}
	batches, err := closing.Journal(ctx, b, thawTariff, m)
	if _, open := errors.AsType[closing.ErrNotClosed](err); open {
		return nil, fmt.Errorf("%w; close it first, or book what is not billed yet with --accrual", err)
	}
	return batches, err
}

func (c *journalCommand) accrue(ctx context.Context, s *streams, e *engines, m rating.Month) ([]*reports.Batch, error) {
	t, err := (tariffFlag{c.Tariff}).load()
	if err != nil {
		return nil, err
	}
	if err := c.openStore(ctx, s, e); err != nil {
		return nil, err
	}
	closer, err := c.newCloser(ctx, s, e, t, m.Last())
	if err != nil {
		return nil, err
	}
	a, err := closer.Accrue(ctx, m)
	if err != nil {
		return nil, err
	}
	for i := range a.Statements {
		for _, u := range a.Statements[i].Unrated {
			fmt.Fprintf(s.err, "not accrued: %d messages of %s (%s): needs %s\n", u.Count, a.Statements[i].Account, u.Reason, u.Missing)
		}
	}
	if a.Suspense > 0 {
		fmt.Fprintf(s.err, "not accrued: %d messages of senders that are in no account: need rows in senders.csv\n", a.Suspense)
	}
	for i := range a.Exceptions {
		fmt.Fprintf(s.err, "not accrued: %s\n", a.Exceptions[i].String())
	}
	if len(a.Batches) == 0 {
		fmt.Fprintf(s.err, "nothing to accrue: all that %s brought is billed\n", m)
	}
	return a.Batches, nil
}

// printBatches shows that each batch balances.
func printBatches(w io.Writer, batches []*reports.Batch) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, b := range batches {
		for _, t := range journal.Totals(b) {
			fmt.Fprintf(tw, "%s\t%s\tdebit\t%s\tcredit\t%s\tdifference\t%s\t\n", b.ID, t.Currency,
				t.Debit.StringFixed(t.Scale), t.Credit.StringFixed(t.Scale), t.Debit.Sub(t.Credit).StringFixed(t.Scale))
		}
	}
	return tw.Flush()
}
