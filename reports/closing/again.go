package closing

import (
	"context"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
	"strings"
)

// revision says how a closed month is rated again.
type revision struct {
	month    rating.Month
	kind     reports.RunKind
	tariff   *rating.Tariff  // that decides
	content  []byte          // its canonical bytes
	accounts []string        // that it decides, with what shares counters with them; nil: all
	others   map[string]bool // but for these
	cutoff   reports.Cutoff  // how far the log is read
	// correction counts the corrections of the month, this one included; 0 when the
	// tariff is the month's own.
	correction int
	rows       bool // whether the rows of the run are written
}

// again composes what has changed since a month was closed, under its own tariff:
// one proposal, or more when accounts were closed by themselves under others. Of what is
// asked for, the first alone writes rows.
func (c *Closer) again(ctx context.Context, asked *revision) ([]*proposal, error) {
	m := asked.month
	terms, err := c.Books.Terms(ctx, m)
	if err != nil {
		return nil, err
	}
	var all []*proposal
	for i, t := range terms {
		v := *asked
		v.rows = v.rows && i == 0
		switch {
		case i == 0:
			v.others = inTerms(terms[1:])
		case asked.accounts == nil:
			v.accounts = t.Accounts
		default:
			v.accounts = slices.DeleteFunc(slices.Clone(t.Accounts), func(a string) bool { return !slices.Contains(asked.accounts, a) })
			if len(v.accounts) == 0 {
				continue
			}
		}
		if v.content, err = c.Books.Tariff(ctx, t.Tariff); err != nil {
			return nil, err
		}
		if v.tariff, err = c.thawed(ctx, t.Tariff); err != nil {
			return nil, err
		}
		p, err := c.revise(ctx, &v, reports.NoteOptions{Reason: reports.LateUsage(m), Pooled: true})
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func inTerms(terms []books.Terms) map[string]bool {
	accounts := map[string]bool{}
	for _, t := range terms {
		for _, account := range t.Accounts {
			accounts[account] = true
		}
	}
	return accounts
}

// revise rates a closed month and composes the notes of what has come out different
// from what was issued. Issue refuses them when that is not the latest any more.
func (c *Closer) revise(ctx context.Context, v *revision, o reports.NoteOptions) (*proposal, error) {
	versions, err := c.Books.Versions(ctx, v.month)
	if err != nil {
		return nil, err
	}
	before, err := c.billed(ctx, v.month)
	if err != nil {
		return nil, err
	}
	run, err := newRun(v.kind, v.month, v.cutoff, v.tariff.Rows.Version, v.accounts...)
	if err != nil {
		return nil, err
	}
	if v.correction > 0 { // back and forth, the same tariff may come twice
		run.ID += fmt.Sprintf("-correction%d", v.correction)
	}
	e, err := c.rate(ctx, v.tariff, run, v.rows)
	if err != nil {
		return nil, err
	}
	covered := v.coverage()
	now := slices.DeleteFunc(slices.Clone(e.Statements), func(s rating.Statement) bool { return !covered(s.Account) })
	before.Statements = slices.DeleteFunc(before.Statements, func(s rating.Statement) bool { return !covered(s.Account) })
	composer := c.composer(v.tariff)
	p := &proposal{Evaluation: e, tariff: v.tariff, issue: &books.Issue{Run: e.Run, Tariff: v.content, Based: versions, At: c.Now}}
	for _, n := range composer.Notes(now, before, v.month, o) {
		switch {
		case n.Err != nil:
			p.exceptions = append(p.exceptions, uncomposable(n.Account, n.Err)...)
			continue
		case n.Document == nil:
			p.exceptions = append(p.exceptions, stands(&n, before))
			continue
		}
		p.issue.Statements = append(p.issue.Statements, n.Statement)
		p.issue.Documents = append(p.issue.Documents, books.Draft{Series: composer.Series(n.Document), Document: n.Document})
	}
	return p, nil
}

// coverage says which accounts a revision decides: those named and what shares
// counters with them.
func (v *revision) coverage() func(account string) bool {
	groups := map[string]bool{}
	for _, account := range v.accounts {
		groups[v.tariff.Group(account)] = true
	}
	return func(account string) bool {
		return !v.others[account] && (v.accounts == nil || groups[v.tariff.Group(account)])
	}
}

// billed is what was issued for a month so far.
func (c *Closer) billed(ctx context.Context, m rating.Month) (*reports.Billed, error) {
	statements, err := c.Books.Statements(ctx, m)
	if err != nil {
		return nil, err
	}
	documents, err := c.Books.Documents(ctx, m)
	return &reports.Billed{Statements: statements, Documents: documents}, err
}

// stands says of an account that its statement has moved and its total has not: no
// document tells of it.
func stands(n *reports.Note, before *reports.Billed) reports.Exception {
	i := slices.IndexFunc(before.Statements, func(s rating.Statement) bool { return s.Account == n.Account })
	e := warning("total_stands", n.Account, fmt.Sprintf("%s of %s has come out different, and its total has not, so no note is issued: %s",
		"what it used", n.Statement.Month, strings.Join(differences(&before.Statements[i], &n.Statement), "; ")),
		"nothing, unless it should not be so; the next note for the month takes it in")
	return about(e, n.Statement.Billed, n.Statement.Currency)
}
