package reports

import (
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// Adjustment composes the credit or debit note for the difference between two
// statements of one account and month: what was issued and what the events and
// the tariff of that month say now. Every changed line stands twice, reversed
// and anew. Tax is that of the invoice, whatever the tariff says by now. It returns
// nil when nothing billed has changed.
func (c *Composer) Adjustment(issued, now *rating.Statement, invoice *Document) (*Document, error) {
	if issued.Account != now.Account || issued.Month != now.Month || issued.Currency != now.Currency {
		panic(fmt.Sprintf("adjustment of %s %s %s by %s %s %s", issued.Account, issued.Month, issued.Currency, now.Account, now.Month, now.Currency))
	}
	reversed, anew := changedLines(issued.Lines, now.Lines)
	if len(reversed) == 0 && len(anew) == 0 || now.Billed.Equal(issued.Billed) {
		return nil, nil //nolint:nilnil // nothing to pay back or to ask for
	}
	// On a debit note what is owed to us is positive; on a credit note what is
	// owed to the customer.
	kind, owed := DebitNote, decimal.NewFromInt(1)
	if now.Billed.LessThan(issued.Billed) {
		kind, owed = CreditNote, decimal.NewFromInt(-1)
	}
	d, account, err := c.begin(kind, now)
	if err != nil {
		return nil, err
	}
	d.Preceding = &Preceding{Number: invoice.Number, IssuedOn: invoice.IssuedOn}
	d.Reason = fmt.Sprintf("Usage of %s that became known after the invoice was issued", issued.Month)
	for i := range reversed {
		d.Lines = append(d.Lines, signed("Reversal: ", describe(&reversed[i]), owed.Neg()))
	}
	for i := range anew {
		d.Lines = append(d.Lines, signed("Corrected: ", describe(&anew[i]), owed))
	}
	if kind == DebitNote {
		d.DueOn = c.IssuedOn.AddDays(max(account.PaymentTermsDays, 0))
		if account.PaymentTermsDays == 0 {
			d.DueOn = c.IssuedOn.AddDays(defaultPaymentTermsDays)
		}
	}
	d.totalLike(invoice)
	return d, nil
}

func signed(prefix string, l DocumentLine, sign decimal.Decimal) DocumentLine {
	l.Description = prefix + l.Description
	l.Quantity *= sign.IntPart()
	l.Exact, l.Billed = l.Exact.Mul(sign), l.Billed.Mul(sign)
	return l
}

// changedLines returns the lines of one statement that the other does not have
// with the same quantity, in order. Lines at zero that only moved in quantity
// (allowance) count too: a note must show why amounts moved.
func changedLines(before, after []rating.Line) (reversed, anew []rating.Line) {
	same := func(in []rating.Line, l rating.Line) bool {
		for _, o := range in {
			if equalLine(o, l) {
				return true
			}
		}
		return false
	}
	for _, l := range before {
		if !same(after, l) {
			reversed = append(reversed, l)
		}
	}
	for _, l := range after {
		if !same(before, l) {
			anew = append(anew, l)
		}
	}
	return reversed, anew
}

func equalLine(a, b rating.Line) bool {
	money := a.UnitPrice.Equal(b.UnitPrice) && a.Exact.Equal(b.Exact) && a.Billed.Equal(b.Billed)
	a.UnitPrice, a.Exact, a.Billed = b.UnitPrice, b.Exact, b.Billed
	return money && a == b
}
