package sheets

import (
	"postage/rating"
	"postage/reports/wording"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// cell is what one cell holds: text, a number, or a formula with the number it
// gives. Text is never read as a formula, whatever it begins with.
type cell struct {
	text    string
	number  string // in plain decimal notation, every digit of it
	formula string
	look    look
}

func text(s string) cell { return cell{text: s} }

func whole(n int64) cell { return cell{number: strconv.FormatInt(n, 10), look: count} }

// amount is a decimal as a number, written to its last digit. What a reader's
// numbers cannot hold of it is exact's business.
func amount(d decimal.Decimal, l look) cell { return cell{number: d.String(), look: l} }

// live is a formula and its value, so that a reader that does not calculate
// shows the same as one that does.
func live(formula string, value decimal.Decimal, l look) cell {
	return cell{formula: formula, number: value.String(), look: l}
}

func liveCount(formula string, n int64) cell {
	return cell{formula: formula, number: strconv.FormatInt(n, 10), look: count}
}

// liveText is a formula that gives text, now these words.
func liveText(formula, words string, l look) cell {
	return cell{formula: formula, text: words, look: l}
}

func (c cell) with(l look) cell {
	c.look = l
	return c
}

func date(d rating.Date) cell {
	if d.IsZero() {
		return cell{}
	}
	at := rating.At(d.Midnight(utc).Time())
	return cell{number: string(instant(at).appendSerial(nil)), look: look{format: dayFormat, align: "left"}}
}

// append makes the cell as rows writes it, without its opening; nothing when it is empty.
func (b *book) append(dst []byte, c cell) []byte {
	switch {
	case c.formula != "" && c.number == "":
		return appendWordsCell(dst, b.style(c.look), c.formula, c.text)
	case c.number != "":
		return appendNumberCell(dst, b.style(c.look), c.formula, c.number)
	case c.text != "":
		return appendTextCell(dst, b.style(c.look), c.text)
	case c.look != plain:
		return appendEmptyCell(dst, b.style(c.look))
	}
	return dst
}

// ready is append for a cell that many rows share.
func (b *book) ready(c cell) []byte { return b.append(nil, c) }

// clean makes any string safe in a cell, and no longer than a cell can hold.
func clean(s string) string { return shorten(wording.Safe(s)) }

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
