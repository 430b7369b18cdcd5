package closing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/reports/pdf"
	"postage/reports/sheets"
	"time"
)

// Closer closes months.
type Closer struct {
	Log    reports.EventLog
	Runs   reports.RunStore
	Books  *books.Books
	Logger *slog.Logger

	Tariff        *rating.Tariff // in force now: a close freezes it
	TariffContent []byte         // its canonical bytes
	// Thaw reads a tariff back from canonical bytes. What a month was closed under
	// decides its adjustments, whatever has changed since.
	Thaw    func(content []byte) (*rating.Tariff, error)
	Example bool // the tariff is the example one: documents say so

	IssuedOn rating.Date // the date on documents
	Now      time.Time   // noted in the books, decides nothing
}

// Result is what a close or a draft did.
type Result struct {
	*Evaluation
	Kind      reports.RunKind
	Documents []reports.Document // issued by this call; drafts have no number
}

// Draft shows what a close would issue now. It issues nothing and may be
// repeated; its run is kept in ClickHouse under its own name.
func (c *Closer) Draft(ctx context.Context, m rating.Month) (*Result, error) {
	e, err := c.evaluateNow(ctx, reports.DraftRun, m, c.Tariff)
	if err != nil {
		return nil, err
	}
	r := &Result{Evaluation: e, Kind: reports.DraftRun}
	composer := c.composer(c.Tariff)
	for i := range e.Statements {
		d, err := composer.Invoice(&e.Statements[i])
		if err != nil {
			return nil, err
		}
		r.Documents = append(r.Documents, *d)
	}
	return r, e.finish(ctx)
}

// Close closes a month: the first time it issues a statement and an invoice per
// account; after that it issues a credit or debit note for every account whose
// statement has come out different since, and nothing where nothing changed.
//
// The books decide, in one transaction; files are drawn and the rows in ClickHouse, which
// are there already, become visible afterwards; the next call does it when this one dies.
func (c *Closer) Close(ctx context.Context, m rating.Month) (*Result, error) {
	closed, err := c.Books.Month(ctx, m)
	if err != nil {
		return nil, err
	}
	var r *Result
	if closed == nil {
		r, err = c.first(ctx, m)
	} else {
		r, err = c.again(ctx, closed)
	}
	if errors.Is(err, books.ErrAlreadyClosed) || errors.Is(err, books.ErrOvertaken) {
		return nil, fmt.Errorf("month %s: another close was faster; nothing was issued, run it again: %w", m, err)
	}
	if err != nil {
		return nil, err
	}
	return r, c.complete(ctx, m, r.Evaluation)
}

// first closes an open month.
func (c *Closer) first(ctx context.Context, m rating.Month) (*Result, error) {
	e, err := c.evaluateNow(ctx, reports.FinalRun, m, c.Tariff)
	if err != nil {
		return nil, err
	}
	issue := &books.Issue{Run: e.Run, Tariff: c.TariffContent, Statements: e.Statements, At: c.Now}
	composer := c.composer(c.Tariff)
	for i := range e.Statements {
		if len(e.Statements[i].Lines) == 0 {
			continue
		}
		d, err := composer.Invoice(&e.Statements[i])
		if err != nil {
			return nil, err
		}
		issue.Documents = append(issue.Documents, books.Draft{Series: composer.Series(d), Document: d})
	}
	return c.issue(ctx, issue, e)
}

func (c *Closer) issue(ctx context.Context, issue *books.Issue, e *Evaluation) (*Result, error) {
	if err := c.Books.Issue(ctx, issue); err != nil {
		return nil, err
	}
	r := &Result{Evaluation: e, Kind: issue.Run.Kind}
	for _, d := range issue.Documents {
		r.Documents = append(r.Documents, *d.Document)
	}
	return r, nil
}

// complete draws what follows from the books and is not there yet: the files of
// documents and the rows of runs. at is an evaluation at hand, so that the usual
// case need not read the log a second time.
func (c *Closer) complete(ctx context.Context, m rating.Month, at *Evaluation) error {
	documents, err := c.Books.Documents(ctx, m)
	if err != nil {
		return err
	}
	for i := range documents {
		if err := c.draw(ctx, &documents[i]); err != nil {
			return err
		}
	}
	runs, err := c.Books.Unprojected(ctx, m)
	if err != nil {
		return err
	}
	for _, run := range runs {
		e := at
		if e.Run.ID != run.ID { // of a close that died
			closed, err := c.Books.Month(ctx, m)
			if err != nil {
				return err
			}
			tariff, err := c.Thaw(closed.Tariff)
			if err != nil {
				return fmt.Errorf("tariff of closed month %s: %w", m, err)
			}
			if e, err = evaluate(ctx, c.Log, c.Runs, tariff, run); err != nil {
				return err
			}
		}
		if err := e.finish(ctx); err != nil {
			return err
		}
		if err := c.Books.Projected(ctx, run.ID); err != nil {
			return err
		}
	}
	return nil
}

// Formats are the files drawn of every document.
var Formats = []struct {
	Name  string
	Write func(io.Writer, *reports.Document) error
}{{"pdf", pdf.Write}, {"xlsx", sheets.WriteInvoice}}

func (c *Closer) draw(ctx context.Context, d *reports.Document) error {
	for _, format := range Formats {
		kept, err := c.Books.File(ctx, d.Number, format.Name)
		if err != nil {
			return err
		}
		if kept != nil {
			continue
		}
		var b bytes.Buffer
		if err := format.Write(&b, d); err != nil {
			return fmt.Errorf("%s of %s: %w", format.Name, d.Number, err)
		}
		if err := c.Books.SaveFile(ctx, d.Number, format.Name, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// evaluateNow rates a month with everything the log has now. The rows of the run are
// written and not finished.
func (c *Closer) evaluateNow(ctx context.Context, kind reports.RunKind, m rating.Month, t *rating.Tariff) (*Evaluation, error) {
	cutoff, err := c.Log.Cutoff(ctx)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	run, err := newRun(kind, m, cutoff, t.Rows.Version)
	if err != nil {
		return nil, err
	}
	c.Logger.Info("rating", "month", m, "run", run.ID)
	return evaluate(ctx, c.Log, c.Runs, t, run)
}

func (c *Closer) composer(t *rating.Tariff) *reports.Composer {
	return &reports.Composer{Tariff: t, IssuedOn: c.IssuedOn, Example: c.Example}
}
