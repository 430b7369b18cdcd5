package closing

import (
	"context"
	"postage/reports"
	"postage/reports/books"
)

// again composes what has changed since a month was closed, under its own tariff.
func (c *Closer) again(ctx context.Context, closed *books.ClosedMonth, kind reports.RunKind) (*proposal, error) {
	tariff, err := c.thawed(ctx, closed.TariffVersion)
	if err != nil {
		return nil, err
	}
	// What was issued is read before the log: then the cut-off cannot be older than
	// theirs, and Issue refuses when they are not the latest any more.
	versions, err := c.Books.Versions(ctx, closed.Month)
	if err != nil {
		return nil, err
	}
	issued, err := c.Books.Statements(ctx, closed.Month)
	if err != nil {
		return nil, err
	}
	documents, err := c.Books.Documents(ctx, closed.Month)
	if err != nil {
		return nil, err
	}
	e, err := c.evaluateNow(ctx, kind, closed.Month, tariff)
	if err != nil {
		return nil, err
	}
	composer := c.composer(tariff)
	p := &proposal{Evaluation: e, tariff: tariff, issue: &books.Issue{Run: e.Run, Tariff: closed.Tariff, Based: versions, At: c.Now}}
	before := &reports.Billed{Statements: issued, Documents: documents}
	for _, n := range composer.Notes(e.Statements, before, closed.Month, reports.NoteOptions{Reason: reports.LateUsage(closed.Month), Pooled: true}) {
		if n.Err != nil {
			p.exceptions = append(p.exceptions, uncomposable(n.Account, n.Err)...)
			continue
		}
		p.issue.Statements = append(p.issue.Statements, n.Statement)
		p.issue.Documents = append(p.issue.Documents, books.Draft{Series: composer.Series(n.Document), Document: n.Document})
	}
	return p, nil
}
