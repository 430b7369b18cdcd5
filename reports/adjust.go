package reports

import (
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// Adjustment composes the credit or debit note for the difference between two
// statements of one account and month: what was billed so far and what is due
// now. Every changed line stands twice, reversed and anew, so that invoice and
// notes add up to the statement, line by line. Tax is that of the invoice,
// whatever the tariff says by now. reason stands on the note. It returns nil when
// the billed total has not changed: there is nothing to pay back or to ask for.
//
// It refuses statements in different currencies: a note corrects an amount, not
// the money it was billed in.
func (c *Composer) Adjustment(issued, now *rating.Statement, invoice *Document, reason string) (*Document, error) {
	if issued.Account != now.Account || issued.Month != now.Month {
		panic(fmt.Sprintf("adjustment of %s %s by %s %s", issued.Account, issued.Month, now.Account, now.Month))
	}
	if issued.Currency != now.Currency {
		return nil, fmt.Errorf("account %s was billed for %s in %s (%s) and would now be in %s; a note cannot change the currency: leave it as it was in accounts.csv for that month",
			issued.Account, issued.Month, issued.Currency, invoice.Number, now.Currency)
	}
	if now.Billed.Equal(issued.Billed) {
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
	d.Reason = reason
	reversed, anew := changedLines(issued.Lines, now.Lines)
	for i := range reversed {
		d.Lines = append(d.Lines, signed("Reversal: ", describe(&reversed[i]), owed.Neg()))
	}
	for i := range anew {
		prefix := "Corrected: "
		if anew[i].Member != "" {
			prefix = "" // what is borne for another account corrects nothing billed here
		}
		d.Lines = append(d.Lines, signed(prefix, describe(&anew[i]), owed))
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

// LateUsage is the reason on a note for events that came after the close.
func LateUsage(m rating.Month) string {
	return fmt.Sprintf("Usage of %s that became known after the invoice was issued", m)
}

func signed(prefix string, l DocumentLine, sign decimal.Decimal) DocumentLine {
	l.Description = prefix + l.Description
	l.Quantity *= sign.IntPart()
	l.Exact, l.Billed = l.Exact.Mul(sign), l.Billed.Mul(sign)
	return l
}

// changedLines returns what has to be taken from one set of lines and added to
// it to make the other, in order. Lines that stand several times are counted.
// Lines at zero that only moved in quantity (allowance) count too: a note must
// show why amounts moved.
func changedLines(before, after []rating.Line) (reversed, anew []rating.Line) {
	return linesWithout(before, after), linesWithout(after, before)
}

// linesWithout returns the lines that others does not have, one for one.
func linesWithout(lines, others []rating.Line) []rating.Line {
	var left []rating.Line
	spent := make([]bool, len(others))
next:
	for i := range lines {
		for j := range others {
			if !spent[j] && equalLine(lines[i], others[j]) {
				spent[j] = true
				continue next
			}
		}
		left = append(left, lines[i])
	}
	return left
}

// equalLine says whether two lines bill the same. Where the price is written does
// not matter to who pays it: a corrected tariff may have moved the row.
func equalLine(a, b rating.Line) bool {
	money := a.UnitPrice.Equal(b.UnitPrice) && a.Exact.Equal(b.Exact) && a.Billed.Equal(b.Billed)
	a.UnitPrice, a.Exact, a.Billed, a.PriceRow = b.UnitPrice, b.Exact, b.Billed, b.PriceRow
	return money && a == b
}
