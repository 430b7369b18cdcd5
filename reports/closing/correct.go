package closing

import (
	"context"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
	"strings"
)

// Correction is why a closed month is billed under another tariff.
type Correction struct {
	Reason  string // stands on the notes and in the books
	By      string // who answers for it
	Account string // the only account that may come out different; "" for any
}

// ErrUnchanged says that a correction would correct nothing.
type ErrUnchanged struct{ Month rating.Month }

func (e ErrUnchanged) Error() string {
	return fmt.Sprintf("month %s is rated under this very tariff already; change what was wrong in it (postage correct --month %s --export DIR writes the one in force for the month)", e.Month, e.Month)
}

// Correct rates a closed month under the closer's tariff instead of its own, and
// issues the differences as credit and debit notes with the reason. The events are
// those that its documents speak of so far: late usage is no part of it, and is
// priced under the corrected tariff from then on. With draft it issues nothing.
func (c *Closer) Correct(ctx context.Context, m rating.Month, o Correction, draft bool) (*Result, error) {
	if !draft {
		release, err := c.Books.Acquire(ctx, patience)
		if err != nil {
			return nil, fmt.Errorf("month %s: %w", m, err)
		}
		defer release()
	}
	p, err := c.proposeCorrection(ctx, m, o, draft)
	if err != nil {
		return nil, err
	}
	a := &agenda{proposals: []*proposal{p}}
	r, err := c.examine(ctx, a, p.Run.Kind)
	if err != nil {
		return nil, err
	}
	if blocked(r.Exceptions) {
		r.Kind, r.Refused = reports.DraftRun, ErrBlocked
		return r, nil
	}
	if draft {
		return r, p.finish(ctx)
	}
	if err := c.issue(ctx, a, r, books.Approval{Review: r.Review, By: o.By, Why: o.Reason}); err != nil {
		return nil, err
	}
	return r, c.completeAll(ctx, m, p.Evaluation)
}

func (c *Closer) proposeCorrection(ctx context.Context, m rating.Month, o Correction, draft bool) (*proposal, error) {
	if err := c.MustBeClosed(ctx, m); err != nil {
		return nil, err
	}
	terms, err := c.Books.Terms(ctx, m)
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 && terms[0].Tariff == c.Tariff.Rows.Version {
		return nil, ErrUnchanged{m}
	}
	earlier, err := c.Books.Corrections(ctx, m)
	if err != nil {
		return nil, err
	}
	v := &revision{month: m, kind: reports.AdjustmentRun, tariff: c.Tariff, content: c.TariffContent, correction: earlier + 1, rows: true}
	if draft {
		v.kind = reports.DraftRun
	}
	switch v.cutoff, err = c.Books.Reviewed(ctx, m); {
	case errors.Is(err, books.ErrApart): // their late usage would come under the reason of the correction, or be taken back
		return nil, fmt.Errorf("%w; do that first: postage close --month %s --now --approve --by NAME --why TEXT", err, m)
	case err != nil:
		return nil, err
	}
	p, err := c.revise(ctx, v, reports.NoteOptions{Reason: o.Reason})
	if err != nil {
		return nil, err
	}
	p.issue.Correction = o.Reason
	var others []string
	for i := range p.issue.Statements {
		if account := p.issue.Statements[i].Account; o.Account != "" && account != o.Account {
			others = append(others, account)
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("month %s: under this tariff other accounts than %s come out different too: %s; nothing was issued: begin with the tariff of the month (--export DIR) and change what concerns %s only",
			m, o.Account, strings.Join(others, ", "), o.Account)
	}
	return p, nil
}

// MonthTariff is the canonical content of the tariff that a closed month is rated
// under by now.
func MonthTariff(ctx context.Context, b *books.Books, m rating.Month) ([]byte, error) {
	closed, err := b.Month(ctx, m)
	if err != nil {
		return nil, err
	}
	if closed == nil {
		return nil, ErrNotClosed{m}
	}
	terms, err := b.Terms(ctx, m)
	if err != nil {
		return nil, err
	}
	return b.Tariff(ctx, terms[0].Tariff)
}

// lostAdjustments are the rows of adjustments.csv for months that were closed
// without them: no close would ever bill them.
func (c *Closer) lostAdjustments(ctx context.Context) ([]reports.Exception, error) {
	if len(c.Tariff.Rows.Adjustments) == 0 {
		return nil, nil
	}
	closed, err := c.Books.Closed(ctx)
	if err != nil {
		return nil, err
	}
	var found []reports.Exception
	for _, look := range closed {
		lost, err := c.lostIn(ctx, look.Month)
		if err != nil {
			return nil, err
		}
		for _, r := range lost {
			found = append(found, blocking("closed_month", r.Account, fmt.Sprintf("%s: an adjustment for %s, which was closed without it", r.Row, r.Month),
				fmt.Sprintf("give it the month of an open one, or issue it now: postage correct --month %s --reason TEXT", r.Month)))
		}
	}
	return found, nil
}

// lostIn returns the rows for a closed month that its tariff does not have, one for
// one.
func (c *Closer) lostIn(ctx context.Context, m rating.Month) ([]rating.AdjustmentRow, error) {
	ofMonth := func(rows []rating.AdjustmentRow) []rating.AdjustmentRow {
		return slices.DeleteFunc(slices.Clone(rows), func(r rating.AdjustmentRow) bool { return r.Month != m })
	}
	rows := ofMonth(c.Tariff.Rows.Adjustments)
	if len(rows) == 0 {
		return nil, nil
	}
	terms, err := c.Books.Terms(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, t := range terms {
		frozen, err := c.thawed(ctx, t.Tariff)
		if err != nil {
			return nil, err
		}
		for _, known := range ofMonth(frozen.Rows.Adjustments) {
			i := slices.IndexFunc(rows, func(r rating.AdjustmentRow) bool { return sameAdjustment(r, known) })
			if i >= 0 {
				rows = slices.Delete(rows, i, i+1)
			}
		}
	}
	return rows, nil
}

func sameAdjustment(a, b rating.AdjustmentRow) bool {
	amounts := a.Quantity.Equal(b.Quantity) && a.UnitPrice.Equal(b.UnitPrice)
	a.Quantity, a.UnitPrice, a.Row = b.Quantity, b.UnitPrice, b.Row
	return amounts && a == b
}
