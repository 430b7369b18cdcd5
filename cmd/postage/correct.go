package main

import (
	"context"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports/closing"
	"postage/schemas/tariff"
	"strings"
)

// correctCommand is `postage correct`.
type correctCommand struct {
	engineFlags
	Tariff   string `placeholder:"DIR|FILE.xlsx" help:"The corrected tariff. Its content is frozen for the month."`
	Month    string `required:"" placeholder:"YYYY-MM" help:"The closed month to correct."`
	Reason   string `placeholder:"TEXT" help:"Why: stands on the notes and in the books."`
	By       string `placeholder:"NAME" help:"Who answers for it (default: the name of the user who runs this)."`
	Account  string `placeholder:"ACCOUNT" help:"Refuse when any other account comes out different."`
	Draft    bool   `help:"Show the notes, and issue nothing."`
	Export   string `placeholder:"DIR|FILE.xlsx" help:"Only write the tariff that the month is rated under by now, to be changed. It must not exist."`
	IssuedOn string `placeholder:"YYYY-MM-DD" help:"Date on the notes (default: today)."`
	Out      string `placeholder:"DIR" help:"Folder for the documents and the workbook (default: MONTH under --data)."`
	JSON     bool   `name:"json" help:"Print exceptions, statements and documents as JSON."`
}

// Help is the long help.
func (*correctCommand) Help() string {
	return `A closed month stays under the tariff that it was closed with, whatever changes later. This is how to change
it all the same: wrong prices, a forgotten service, goodwill for a closed month (adjustments.csv). The month is
rated again under the corrected tariff, over the events that its documents speak of; differences become credit and
debit notes to the invoices, with the reason. The tax is that of the invoices. Usage that comes later is priced
under the corrected tariff.

Examples:
  postage correct --month 2026-09 --export september      # the tariff of the month, to be edited
  postage correct --month 2026-09 --tariff september --reason "Price for Kenya as agreed" --draft
  postage correct --month 2026-09 --tariff september --reason "Price for Kenya as agreed" --by "A. Finance" --account acme`
}

func (c *correctCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	issuedOn, err := dateOrToday(c.IssuedOn)
	if err != nil {
		return err
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if c.Export != "" {
		return c.export(ctx, s, e, month)
	}
	o, err := c.correction()
	if err != nil {
		return err
	}
	t, err := (&tariffFlag{c.Tariff}).load()
	if err != nil {
		return err
	}
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	closer, err := c.newCloser(ctx, s, e, t, issuedOn)
	if err != nil {
		return err
	}
	r, err := closer.Correct(ctx, month, o, c.Draft)
	if err != nil {
		return err
	}
	out := c.outDir(c.Out, month)
	paths, err := closer.Export(ctx, r, out)
	if err != nil {
		return err
	}
	shown := closeCommand{JSON: c.JSON}
	if err := shown.print(s.out, r, out, paths); err != nil {
		return err
	}
	if errors.Is(r.Refused, closing.ErrBlocked) {
		return fmt.Errorf("month %s: %w; cure them in the corrected tariff and run it again", month, r.Refused)
	}
	return r.Refused
}

// correction is what the flags ask for.
func (c *correctCommand) correction() (closing.Correction, error) {
	o := closing.Correction{Reason: strings.TrimSpace(c.Reason), By: c.By, Account: c.Account}
	switch {
	case c.Tariff == "":
		return o, usagef("correct needs the corrected tariff: --tariff DIR (--export DIR writes the one in force for the month)")
	case o.Reason == "":
		return o, usagef("correct needs a reason, which stands on the notes: --reason TEXT")
	case o.By == "" && !c.Draft:
		by, err := whoRuns()
		if err != nil {
			return o, usagef("correct needs to know who answers for it: --by NAME")
		}
		o.By = by
	}
	return o, nil
}

// export writes the tariff of the month.
func (c *correctCommand) export(ctx context.Context, s *streams, e *engines, m rating.Month) error {
	if err := absent(c.Export); err != nil {
		return err
	}
	b, err := c.existingBooks(ctx, e)
	if err != nil {
		return err
	}
	content, err := closing.MonthTariff(ctx, b, m)
	if err != nil {
		return err
	}
	files, err := tariff.FromCanonical(content)
	if err != nil {
		return err
	}
	if isWorkbook(c.Export) {
		err = writeWorkbook(c.Export, files)
	} else {
		err = writeFolder(c.Export, files)
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintln(s.out, c.Export)
	return err
}
