package closing

import (
	"context"
	"postage/rating"
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
	before := map[string]*rating.Statement{}
	for i := range issued {
		before[issued[i].Account] = &issued[i]
	}
	invoices := map[string]*reports.Document{}
	for i := range documents {
		if d := &documents[i]; d.Type == reports.Invoice {
			invoices[d.Customer.ID] = d
		}
	}

	composer := c.composer(tariff)
	p := &proposal{Evaluation: e, tariff: tariff, issue: &books.Issue{Run: e.Run, Tariff: closed.Tariff, Based: versions, At: c.Now}}
	for i := range e.Statements {
		now := &e.Statements[i]
		var d *reports.Document
		invoice := invoices[now.Account]
		switch old := before[now.Account]; {
		case old != nil && invoice != nil:
			d, err = composer.Adjustment(old, now, invoice)
		case len(now.Lines) > 0:
			d, err = composer.Invoice(now)
		}
		if err != nil {
			p.exceptions = append(p.exceptions, uncomposable(now.Account, err)...)
			continue
		}
		if d != nil {
			p.issue.Statements = append(p.issue.Statements, *now)
			p.issue.Documents = append(p.issue.Documents, books.Draft{Series: composer.Series(d), Document: d})
		}
	}
	return p, nil
}
