package sheets

import (
	"postage/rating"
	"postage/reports/wording"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// cell is what one cell holds: text, a number, or a formula with the number it
// gives. Text is never read as a formula, whatever it begins with.
type cell struct {
	text    string
	number  any // int64 or float64
	formula string
	look    look
}

func text(s string) cell { return cell{text: s} }

func whole(n int64) cell { return cell{number: n, look: count} }

// amount is a decimal as a number. What a number cannot hold is exact's business.
func amount(d decimal.Decimal, l look) cell { return cell{number: d.InexactFloat64(), look: l} }

// live is a formula and its value, so that a reader that does not calculate
// shows the same as one that does.
func live(formula string, value decimal.Decimal, l look) cell {
	return cell{formula: formula, number: value.InexactFloat64(), look: l}
}

func liveCount(formula string, n int64) cell { return cell{formula: formula, number: n, look: count} }

func (c cell) with(l look) cell {
	c.look = l
	return c
}

func date(d rating.Date) cell {
	if d.IsZero() {
		return cell{}
	}
	return cell{number: serial(rating.At(d.Midnight(utc).Time())), look: look{format: dayFormat, align: "left"}}
}

// serial is an instant as a spreadsheet counts: days since 30 December 1899, UTC.
func serial(i rating.Instant) float64 {
	return float64(int64(i)+25_569*int64(rating.Day)) / float64(rating.Day)
}

// value makes the cell ready for excelize, or nil when it is empty.
func (b *book) value(c cell) any {
	switch {
	case c.formula != "":
		return excelize.Cell{StyleID: b.style(c.look), Formula: c.formula, Value: c.number}
	case c.number != nil:
		return excelize.Cell{StyleID: b.style(c.look), Value: c.number}
	case c.text != "":
		return excelize.Cell{StyleID: b.style(c.look), Value: clean(c.text)}
	case c.look != plain:
		return excelize.Cell{StyleID: b.style(c.look)}
	}
	return nil
}

// clean makes any string safe in a cell, and no longer than a cell can hold.
func clean(s string) string {
	s = wording.Safe(s)
	if runes := []rune(s); len(runes) > 16_000 { // 32,767 UTF-16 units
		return string(runes[:16_000]) + "…"
	}
	return s
}

// maxDigits is how many significant digits a spreadsheet number keeps.
const maxDigits = 15

// holds reports whether a spreadsheet number keeps every digit of d.
func holds(d decimal.Decimal) bool {
	digits := strings.Trim(strings.ReplaceAll(d.Abs().String(), ".", ""), "0")
	return len(digits) <= maxDigits
}

// exact states, as text, the values that a number would cut; the cell is empty when
// there are none. It takes pairs of a name and a decimal.
func exact(named ...any) cell {
	var parts []string
	for i := 0; i+1 < len(named); i += 2 {
		if d := named[i+1].(decimal.Decimal); !holds(d) {
			parts = append(parts, named[i].(string)+" "+d.String())
		}
	}
	if len(parts) == 0 {
		return cell{}
	}
	return cell{text: strings.Join(parts, "; "), look: aside}
}

// product is an amount as a live formula quantity x unit price, rounded as the
// invoice is (away from zero at half, as ROUND does). Where a spreadsheet could not
// arrive at the billed amount, or the amount is not that product, it stands as a number.
func product(quantityRef, priceRef string, quantity int64, unit, billed decimal.Decimal, scale int32) cell {
	q := decimal.NewFromInt(quantity)
	if p := q.Mul(unit); !p.Round(scale).Equal(billed) || !holds(q) || !holds(unit) || !holds(p) {
		return amount(billed, money(scale))
	}
	return live("ROUND("+quantityRef+"*"+priceRef+","+decimal.NewFromInt32(scale).String()+")", billed, money(scale))
}
