package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"text/tabwriter"
	"time"
)

// closeCommand is `postage close`.
type closeCommand struct {
	engineFlags
	tariffFlag
	Month    string `required:"" placeholder:"YYYY-MM" help:"The month to close. Closing it again issues the adjustments for what has arrived since."`
	Draft    bool   `help:"Show what would be issued, and issue nothing."`
	Force    bool   `help:"Close although the log is not complete; what is missing is said, and its messages will come as adjustments."`
	IssuedOn string `placeholder:"YYYY-MM-DD" help:"Date on the documents (default: today)."`
	Out      string `placeholder:"DIR" help:"Folder for documents and the workbook (default: MONTH under --data)."`
	JSON     bool   `name:"json" help:"Print the statements and documents as JSON."`
}

func (c *closeCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	issuedOn := rating.DateOf(time.Now())
	if c.IssuedOn != "" {
		if issuedOn, err = rating.ParseDate(c.IssuedOn); err != nil {
			return usageError{err}
		}
	}
	t, err := c.load()
	if err != nil {
		return err
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	if err := c.checkComplete(ctx, s, e, month); err != nil {
		return err
	}
	closer, err := c.newCloser(ctx, s, e, t, issuedOn)
	if err != nil {
		return err
	}
	var r *closing.Result
	if c.Draft {
		r, err = closer.Draft(ctx, month)
	} else {
		r, err = closer.Close(ctx, month)
	}
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = filepath.Join(c.dataDir(), month.String())
	}
	paths, err := closer.Export(ctx, r, out)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(struct {
			Run        string             `json:"run"`
			Kind       reports.RunKind    `json:"kind"`
			Statements []rating.Statement `json:"statements"`
			Documents  []reports.Document `json:"documents"`
			Suspense   int64              `json:"suspense"`
			Files      []string           `json:"files"`
		}{r.Run.ID, r.Kind, r.Statements, r.Documents, r.Suspense, paths})
	}
	printDocuments(s.out, r)
	fmt.Fprintf(s.out, "%d files in %s\n", len(paths), out)
	return nil
}

// newCloser wires the workflow to the engines, saving a copy of the tariff for
// SQL.
func (f *engineFlags) newCloser(ctx context.Context, s *streams, e *engines, t *loadedTariff, issuedOn rating.Date) (*closing.Closer, error) {
	b, err := f.openBooks(ctx, e)
	if err != nil {
		return nil, err
	}
	if err := e.store.SaveTariff(ctx, t.Rows.Version, t.content); err != nil {
		return nil, err
	}
	return &closing.Closer{
		Log: e.store, Runs: e.store, Books: b, Logger: s.log,
		Tariff: t.Tariff, TariffContent: t.content, Thaw: thawTariff, Example: t.example,
		IssuedOn: issuedOn, Now: time.Now(),
	}, nil
}

// printDocuments shows what a close issued, one line a document, and what it
// holds back.
func printDocuments(w io.Writer, r *closing.Result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range r.Documents {
		d := &r.Documents[i]
		number := d.Number
		if number == "" {
			number = "(draft)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\tnet %s %s\ttax %s\tdue %s\n", number, d.Type, d.Customer.ID,
			d.Currency, d.Net.StringFixed(d.Scale), d.Tax.StringFixed(d.Scale), d.Gross.StringFixed(d.Scale))
	}
	tw.Flush()
	if len(r.Documents) == 0 {
		fmt.Fprintf(w, "nothing to issue: %s stands as it was closed\n", r.Run.Month)
	}
	for i := range r.Statements {
		for _, u := range r.Statements[i].Unrated {
			fmt.Fprintf(w, "unrated: %d messages of %s (%s): needs %s\n", u.Count, r.Statements[i].Account, u.Reason, u.Missing)
		}
	}
	if r.Suspense > 0 {
		fmt.Fprintf(w, "unrated: %d messages of senders that are in no account (unknown_sender): need rows in senders.csv\n", r.Suspense)
	}
}
