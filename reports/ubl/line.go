package ubl

import (
	"fmt"
	"postage/reports"
	"postage/reports/wording"

	"github.com/shopspring/decimal"
)

// unitCodes are those of UN/ECE Recommendation 20.
var unitCodes = map[string]string{"month": "MON"}

const onePiece = "C62"

func (b *builder) lines() []line {
	lines := make([]line, len(b.Lines))
	for i := range b.Lines {
		lines[i] = b.line(i)
	}
	return lines
}

// line has the unit price in full. BR-27 forbids negative prices: what is given back
// has a negative quantity.
func (b *builder) line(i int) line {
	from := &b.Lines[i]
	price, count := from.UnitPrice, quantity{Value: from.Quantity, Unit: onePiece}
	if code, ok := unitCodes[from.Unit]; ok {
		count.Unit = code
	}
	if price.IsNegative() {
		price, count.Value = price.Neg(), -count.Value
	}
	l := line{
		ID: i + 1, Net: b.amount(from.Billed), Price: amount{price.String(), b.Currency},
		Rounding: b.rounding(from),
		Item:     item{Name: first(from.Description), Category: b.category(), Properties: properties(from)},
	}
	if b.Type == reports.CreditNote {
		l.Credited = &count
	} else {
		l.Invoiced = &count
	}
	return l
}

// residue is what rounding to the minor unit added to a line.
func residue(l *reports.DocumentLine) decimal.Decimal {
	return l.Billed.Sub(l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity)))
}

// slack is how far a line may be from quantity times price before the difference must
// be stated: half of what PEPPOL-EN16931-R120 tolerates.
var slack = decimal.New(1, -2)

// rounding states the difference where a currency has no hundredths (JPY), to
// hundredths, which is all that EN 16931 can say.
func (b *builder) rounding(l *reports.DocumentLine) *allowanceCharge {
	r := residue(l)
	if r.Abs().LessThanOrEqual(slack) {
		return nil
	}
	return &allowanceCharge{
		Charge: r.IsPositive(),
		Reason: "Rounding to the minor unit of " + b.Currency,
		Amount: amount{r.Abs().StringFixed(2), b.Currency},
	}
}

// properties are what the line was priced by, for machines.
func properties(l *reports.DocumentLine) []itemProperty {
	var out []itemProperty
	add := func(name, value string) {
		if value = wording.Line(value); value != "" {
			out = append(out, itemProperty{name, value})
		}
	}
	add("Kind", string(l.Kind))
	add("Market", l.Market)
	add("Category", l.Category)
	add("Regime", l.Regime)
	if l.Tier > 0 {
		add("Tier", fmt.Sprint(l.Tier))
	}
	add("Price row", l.PriceRow)
	return out
}
