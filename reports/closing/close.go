package closing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
	"time"
)

// Closer closes months.
type Closer struct {
	Log   reports.EventLog
	Runs  reports.RunStore
	Books *books.Books
	// Analysts are told what the books have issued; nil when there are none.
	Analysts reports.BookStore
	Logger   *slog.Logger

	Tariff        *rating.Tariff // in force now: a close freezes it
	TariffContent []byte         // its canonical bytes
	// Thaw reads a tariff back from canonical bytes. What a month was closed under
	// decides its adjustments, whatever has changed since.
	Thaw    func(content []byte) (*rating.Tariff, error)
	Example bool // the tariff is the example one: documents say so

	Accounts  []string // close these alone; nil: all that are not closed yet
	Approval  *Approval
	LogFaults []string // what is known to be missing from the log, in words
	Force     bool     // close although something is

	IssuedOn rating.Date // the date on documents
	Now      time.Time   // noted in the books; decides whether a month is over, and nothing else
}

// Result is what a close or a draft did.
type Result struct {
	*Evaluation
	Kind       reports.RunKind
	Documents  []reports.Document  // issued by this call; drafts have no number
	Exceptions []reports.Exception // what a reviewer looks at first
	Review     string              // names what is to be issued; "" where there is nothing
	Refused    error               // why nothing was issued although something could be; nil for a draft
	// Late are the adjustments of other closed months that late usage has reached.
	Late []*Result
}

// documents says how many documents there are, those for other months included.
func (r *Result) documents() int {
	n := len(r.Documents)
	for _, late := range r.Late {
		n += len(late.Documents)
	}
	return n
}

// proposal is what may be issued for a month: composed and not numbered.
type proposal struct {
	*Evaluation
	tariff     *rating.Tariff // that decides it
	issue      *books.Issue
	exceptions []reports.Exception // accounts for which no document could be composed
}

// Draft shows what a close would issue now. It issues nothing and may be
// repeated; its run is kept in ClickHouse under its own name.
func (c *Closer) Draft(ctx context.Context, m rating.Month) (*Result, error) {
	a, err := c.propose(ctx, m, true)
	if err != nil {
		return nil, err
	}
	r, err := c.examine(ctx, a, reports.DraftRun)
	if err != nil {
		return nil, err
	}
	return r, a.first().finish(ctx)
}

// Rate rates a month as a draft would, and makes no document of it.
func (c *Closer) Rate(ctx context.Context, m rating.Month) (*Evaluation, error) {
	cutoff, err := c.Log.Cutoff(ctx)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	run, err := newRun(reports.DraftRun, m, cutoff, c.Tariff.Rows.Version, c.Accounts...)
	if err != nil {
		return nil, err
	}
	e, err := c.rate(ctx, c.Tariff, run, true)
	if err != nil {
		return nil, err
	}
	return e, e.finish(ctx)
}

// Close closes a month: the first time it issues a statement and an invoice per
// account; after that it issues a credit or debit note for every account whose
// statement has come out different since, and nothing where nothing changed. It
// does the same for accounts that were closed before the others of their month, with
// these, and for all other closed months that late events have reached since they were
// last compared with the log. Without approval it only shows what there is
// to approve, and says so in Result.Refused.
//
// The books decide, in one transaction for each month; files are drawn and the rows in
// ClickHouse, which are there already, become visible afterwards; the next call does it
// when this one dies. Of two closes at once the second waits a little and then gives up:
// the lease of the books is held all the while.
func (c *Closer) Close(ctx context.Context, m rating.Month) (*Result, error) {
	release, err := c.Books.Acquire(ctx, patience)
	if err != nil {
		return nil, fmt.Errorf("month %s: %w", m, err)
	}
	defer release()
	if !c.approved(m) {
		return c.review(ctx, m, ErrUnapproved)
	}
	a, err := c.propose(ctx, m, false)
	if err != nil {
		return nil, err
	}
	r, err := c.examine(ctx, a, a.first().Run.Kind)
	if err != nil {
		return nil, err
	}
	approval, err := c.approve(ctx, m, r)
	switch {
	case errors.Is(err, ErrBlocked), errors.Is(err, ErrReviewChanged):
		return c.review(ctx, m, err)
	case err != nil:
		return nil, err
	}
	if err := c.issue(ctx, a, r, approval); err != nil {
		return nil, err
	}
	return r, c.completeAll(ctx, m, a.first().Evaluation)
}

// patience is for how long a close waits for another one to be done with the books.
const patience = 5 * time.Second

// agenda is what there is to issue: first for the month asked for, then the notes for
// other closed months; and the closed months that agree with the log as it is.
type agenda struct {
	proposals []*proposal
	agree     []rating.Month
}

func (a *agenda) first() *proposal { return a.proposals[0] }

// propose composes what there is to issue: as a draft that nobody will issue, or to
// be issued.
func (c *Closer) propose(ctx context.Context, m rating.Month, draft bool) (*agenda, error) {
	closed, err := c.Books.Month(ctx, m)
	if err != nil {
		return nil, err
	}
	first, later := reports.FinalRun, reports.AdjustmentRun
	if draft {
		first, later = reports.DraftRun, reports.DraftRun
	}
	cutoff, err := c.Log.Cutoff(ctx) // one for all: what comes meanwhile is late for all
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	a := &agenda{}
	if closed == nil {
		p, err := c.first(ctx, m, first, cutoff)
		if err != nil {
			return nil, err
		}
		early, compared, err := c.early(ctx, m, later, cutoff)
		if err != nil {
			return nil, err
		}
		a.proposals = append([]*proposal{p}, early...)
		if compared {
			a.agree = []rating.Month{m}
		}
	} else if a.proposals, err = c.again(ctx, &revision{month: m, kind: later, cutoff: cutoff, rows: true, accounts: c.Accounts}); err != nil {
		return nil, err
	}
	lost, err := c.lostAdjustments(ctx)
	if err != nil {
		return nil, err
	}
	a.first().exceptions = append(a.first().exceptions, lost...)
	late, agree, err := c.late(ctx, m, later, cutoff)
	a.proposals, a.agree = append(a.proposals, late...), append(a.agree, agree...)
	return a, err
}

// first composes the invoices of an open month.
func (c *Closer) first(ctx context.Context, m rating.Month, kind reports.RunKind, cutoff reports.Cutoff) (*proposal, error) {
	if err := c.checkAccounts(ctx, m, cutoff); err != nil {
		return nil, err
	}
	closed, err := c.closedBefore(ctx, m)
	if err != nil {
		return nil, err
	}
	if missing := c.precheck(m); len(missing) > 0 { // rating could not make all statements
		e := &Evaluation{Run: reports.Run{Month: m, Kind: kind, Tariff: c.Tariff.Rows.Version, Accounts: c.Accounts}}
		return &proposal{Evaluation: e, tariff: c.Tariff, issue: &books.Issue{Run: e.Run}, exceptions: missing}, nil
	}
	run, err := newRun(kind, m, cutoff, c.Tariff.Rows.Version, c.Accounts...)
	if err != nil {
		return nil, err
	}
	e, err := c.rate(ctx, c.Tariff, run, true)
	if err != nil {
		return nil, err
	}
	p := &proposal{Evaluation: e, tariff: c.Tariff, issue: &books.Issue{Run: e.Run, Tariff: c.TariffContent, At: c.Now}}
	if p.issue.Statements, err = c.nothingUsed(e); err != nil {
		return nil, err
	}
	composer := c.composer(c.Tariff)
	for i := range e.Statements {
		if closed[e.Statements[i].Account] {
			continue
		}
		p.issue.Statements = append(p.issue.Statements, e.Statements[i])
		if len(e.Statements[i].Lines) == 0 {
			continue
		}
		d, err := composer.Invoice(&e.Statements[i])
		if err != nil {
			p.exceptions = append(p.exceptions, uncomposable(e.Statements[i].Account, err)...)
			continue
		}
		p.issue.Documents = append(p.issue.Documents, books.Draft{Series: composer.Series(d), Document: d})
	}
	return p, nil
}

// issue enters an agenda into the books, month by month. The caller holds their lease.
func (c *Closer) issue(ctx context.Context, a *agenda, r *Result, approval books.Approval) error {
	for i, p := range a.proposals {
		if len(p.issue.Documents) > 0 || p.Run.Kind == reports.FinalRun || p.issue.Correction != "" {
			if err := c.enter(ctx, p, approval); err != nil {
				return err
			}
		}
		result := r
		if i > 0 {
			result = r.Late[i-1]
		}
		result.Documents = documentsOf(p.issue)
		if p.Run.Kind == reports.AdjustmentRun && !slices.Contains(a.agree, p.Run.Month) {
			a.agree = append(a.agree, p.Run.Month)
		}
	}
	if c.Accounts != nil || len(a.agree) == 0 {
		return nil
	}
	return c.Books.Looked(ctx, a.agree, a.first().Run.Cutoff, c.Now)
}

// enter writes one proposal into the books.
func (c *Closer) enter(ctx context.Context, p *proposal, approval books.Approval) error {
	p.issue.Approval = approval
	if err := p.freeze(); err != nil {
		return err
	}
	err := c.Books.Issue(ctx, p.issue)
	if errors.Is(err, books.ErrAlreadyClosed) || errors.Is(err, books.ErrOvertaken) {
		return fmt.Errorf("month %s: another close was faster; nothing was issued, run it again: %w", p.Run.Month, err)
	}
	return err
}

func documentsOf(issue *books.Issue) []reports.Document {
	var documents []reports.Document
	for _, d := range issue.Documents {
		documents = append(documents, *d.Document)
	}
	return documents
}

// completeAll completes a month, and all others that a close left half done.
func (c *Closer) completeAll(ctx context.Context, m rating.Month, at *Evaluation) error {
	if err := c.complete(ctx, m, at); err != nil {
		return err
	}
	others, err := c.Books.Incomplete(ctx)
	if err != nil {
		return err
	}
	for _, month := range others {
		if err := c.complete(ctx, month, at); err != nil {
			return err
		}
	}
	if c.Analysts != nil {
		_, err = Project(ctx, c.Books, c.Analysts)
	}
	return err
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
		if e.Run.ID != run.ID { // of another month, or of a close that died
			tariff, err := c.thawed(ctx, run.Tariff)
			if err != nil {
				return err
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

// thawed is a tariff that something was issued under.
func (c *Closer) thawed(ctx context.Context, version string) (*rating.Tariff, error) {
	content, err := c.Books.Tariff(ctx, version)
	if err != nil {
		return nil, err
	}
	t, err := c.Thaw(content)
	if err != nil {
		return nil, fmt.Errorf("tariff %s in the books: %w", version, err)
	}
	return t, nil
}

// rate rates the month of a run, with the rows of the run written and not finished,
// or without rows.
func (c *Closer) rate(ctx context.Context, t *rating.Tariff, run reports.Run, rows bool) (*Evaluation, error) {
	c.Logger.Info("rating", "month", run.Month, "run", run.ID)
	if rows {
		return evaluate(ctx, c.Log, c.Runs, t, run)
	}
	return rateMonth(ctx, c.Log, t, run, monthOptions{Accounts: run.Accounts})
}

func (c *Closer) composer(t *rating.Tariff) *reports.Composer {
	return &reports.Composer{Tariff: t, IssuedOn: c.IssuedOn, Example: c.Example}
}

// freeze writes down what each document of a proposal is made from.
func (p *proposal) freeze() error {
	for i := range p.issue.Documents {
		draft := &p.issue.Documents[i]
		var err error
		if draft.Inputs, err = reports.InputsOf(draft.Document, &p.issue.Run, p.tariff); err != nil {
			return err
		}
	}
	return nil
}
