package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"strings"
	"text/tabwriter"
	"time"
)

// closeCommand is `postage close`.
type closeCommand struct {
	engineFlags
	tariffFlag
	Month    string   `required:"" placeholder:"YYYY-MM" help:"The month to close. Closing it again issues the adjustments for what has arrived since."`
	Account  []string `placeholder:"ACCOUNT" help:"Close this account alone, the others later. May be repeated; accounts of one pool are closed together."`
	Draft    bool     `help:"Show what would be issued, and issue nothing."`
	Approve  bool     `help:"Issue what was reviewed. Without it the exceptions and drafts are shown, to be looked at."`
	By       string   `placeholder:"NAME" help:"Who approves (default: the name of the user who runs this)."`
	Why      string   `placeholder:"TEXT" help:"Why, with --approve: kept in the books."`
	Now      bool     `help:"Issue at once what late usage has changed in a closed month, and in all others it has reached. Refused for a month that is open."`
	Force    bool     `help:"Close although the log is not complete or the month not over; what is missing is said, and its messages will come as adjustments."`
	IssuedOn string   `placeholder:"YYYY-MM-DD" help:"Date on the documents (default: today)."`
	Out      string   `placeholder:"DIR" help:"Folder for documents, the workbook and exceptions.csv (default: MONTH under --data)."`
	JSON     bool     `name:"json" help:"Print exceptions, statements and documents as JSON."`
}

func (c *closeCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	approval, err := c.approval()
	if err != nil {
		return err
	}
	issuedOn, err := dateOrToday(c.IssuedOn)
	if err != nil {
		return err
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
	closer, err := c.newCloser(ctx, s, e, t, issuedOn)
	if err != nil {
		return err
	}
	closer.Approval, closer.Accounts, closer.Force = approval, c.Account, c.Force
	if closer.LogFaults, err = c.logFaults(ctx, s, e, month); err != nil {
		return err
	}
	if c.Now {
		if err := closer.MustBeClosed(ctx, month); err != nil {
			return err
		}
	}
	r, err := c.rate(ctx, s, closer, month)
	if err != nil {
		return err
	}
	out := c.outDir(c.Out, month)
	paths, err := closer.Export(ctx, r, out)
	if err != nil {
		return err
	}
	for _, late := range r.Late {
		more, err := closer.ExportLate(ctx, late, c.outDir(c.Out, late.Run.Month))
		if err != nil {
			return err
		}
		paths = append(paths, more...)
	}
	if err := c.print(s.out, r, out, paths); err != nil {
		return err
	}
	return c.refusal(r)
}

// rate drafts or closes the month, showing how far it is.
func (c *closeCommand) rate(ctx context.Context, s *streams, closer *closing.Closer, month rating.Month) (*closing.Result, error) {
	log := &watchedLog{EventLog: closer.Log}
	closer.Log = log
	defer log.show(ctx, s)()
	if c.Draft {
		return closer.Draft(ctx, month)
	}
	return closer.Close(ctx, month)
}

// approval is who wants the documents issued, or nil.
func (c *closeCommand) approval() (*closing.Approval, error) {
	switch {
	case c.Draft && c.Approve:
		return nil, usagef("--draft issues nothing: there is nothing to --approve")
	case !c.Approve && (c.By != "" || c.Why != ""):
		return nil, usagef("--by and --why go with --approve")
	case !c.Approve:
		return nil, nil //nolint:nilnil // not approved
	case strings.TrimSpace(c.Why) == "":
		return nil, usagef("--approve needs a reason, kept in the books: --why TEXT")
	}
	by := c.By
	if by == "" {
		var err error
		if by, err = whoRuns(); err != nil {
			return nil, usagef("--approve needs to know who approves: --by NAME")
		}
	}
	return &closing.Approval{By: by, Why: c.Why}, nil
}

// whoRuns names the user who runs this.
func whoRuns() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.Username, nil
}

// print shows the exceptions first, then the documents.
func (c *closeCommand) print(w io.Writer, r *closing.Result, out string, paths []string) error {
	if c.JSON {
		refused := ""
		if r.Refused != nil {
			refused = r.Refused.Error()
		}
		return json.NewEncoder(w).Encode(struct {
			Run        string              `json:"run"`
			Kind       reports.RunKind     `json:"kind"`
			Review     string              `json:"review"`
			Refused    string              `json:"refused,omitempty"`
			Exceptions []reports.Exception `json:"exceptions"`
			Statements []rating.Statement  `json:"statements"`
			Documents  []reports.Document  `json:"documents"`
			Suspense   int64               `json:"suspense"`
			Late       []lateJSON          `json:"late"` // adjustments of other closed months
			Files      []string            `json:"files"`
		}{r.Run.ID, r.Kind, r.Review, refused, r.Exceptions, r.Statements, r.Documents, r.Suspense, lateOf(r), paths})
	}
	for i := range r.Exceptions {
		fmt.Fprintln(w, r.Exceptions[i].String())
	}
	printDocuments(w, r)
	for _, late := range r.Late {
		fmt.Fprintf(w, "late usage of %s:\n", late.Run.Month)
		printDocuments(w, late)
	}
	_, err := fmt.Fprintf(w, "%d files in %s\n", len(paths), out)
	return err
}

// lateJSON is what late usage changed in another closed month.
type lateJSON struct {
	Run       string             `json:"run"`
	Month     rating.Month       `json:"month"`
	Documents []reports.Document `json:"documents"`
}

func lateOf(r *closing.Result) []lateJSON {
	all := []lateJSON{}
	for _, late := range r.Late {
		all = append(all, lateJSON{late.Run.ID, late.Run.Month, late.Documents})
	}
	return all
}

// refusal says why nothing was issued and what to do, or is nil.
func (c *closeCommand) refusal(r *closing.Result) error {
	switch {
	case r.Refused == nil:
		return nil
	case errors.Is(r.Refused, closing.ErrBlocked):
		return fmt.Errorf("month %s: %w; cure them and run it again (--draft shows what there is)", c.Month, r.Refused)
	}
	return fmt.Errorf("month %s, review %s: %w; look at the exceptions and drafts above, then approve with: postage close --month %s%s --approve --by NAME --why TEXT, and the other flags as now",
		c.Month, r.Review, r.Refused, c.Month, accountFlags(c.Account))
}

func accountFlags(accounts []string) string {
	var flags strings.Builder
	for _, a := range accounts {
		flags.WriteString(" --account " + a)
	}
	return flags.String()
}

// dateOrToday is the date on documents.
func dateOrToday(date string) (rating.Date, error) {
	if date == "" {
		return rating.DateOf(time.Now()), nil
	}
	d, err := rating.ParseDate(date)
	if err != nil {
		return d, usageError{err}
	}
	return d, nil
}

// outDir is the folder that --out names, or that of the month under --data.
func (f *engineFlags) outDir(out string, m rating.Month) string {
	if out != "" {
		return out
	}
	return filepath.Join(f.dataDir(), m.String())
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
		Log: e.store, Runs: e.store, Books: b, Analysts: e.store, Logger: s.log,
		Tariff: t.Tariff, TariffContent: t.content, Thaw: thawTariff, Example: t.example,
		IssuedOn: issuedOn, Now: time.Now(),
	}, nil
}

// printDocuments shows what a close issued or would issue, one line a document.
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
	if len(r.Documents) == 0 && r.Refused == nil {
		fmt.Fprintf(w, "nothing to issue: %s stands as it was closed\n", r.Run.Month)
	}
}
