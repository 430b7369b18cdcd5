package pdf

import (
	"postage/reports"
	"postage/reports/wording"
	"strings"
)

// The columns of the line table. Widths of figures follow the figures, and the
// description takes what remains.
type columns struct {
	description float64 // width
	quantity    float64 // right edge
	unit        float64 // left edge
	price       float64 // where the decimal point stands
	priceStyle  style
	amount      float64 // right edge
	amountWidth float64
	quantityMax float64
}

const (
	rowPad    = 3.2
	gap       = 14.0
	headerBox = 19.0
)

// row is a table row ready to place.
type row struct {
	description    []string
	quantity, unit string
	price, amount  string
	priceWhole     float64 // width left of the decimal point
	height         float64
	priceFraction  float64
}

// table writes the lines over as many pages as they need. The header is
// repeated, never left without a row under it, and the last row stays with the
// totals.
func (l *layout) table() {
	cols, rows := l.measure()
	ending := l.endHeight()
	l.header(cols, headerBox+firstHeight(rows))
	for i, r := range rows {
		need := r.height
		if i == len(rows)-1 {
			need += min(ending, bottom-top-2*headerBox-need)
		}
		if l.y+need > bottom {
			l.newPage()
			l.header(cols, 0)
		}
		l.row(cols, r)
	}
}

func firstHeight(rows []row) float64 {
	if len(rows) == 0 {
		return 0
	}
	return rows[0].height
}

// header writes the column heads; need is the room they and their first row take.
func (l *layout) header(c columns, need float64) {
	if l.y+need > bottom {
		l.newPage()
	}
	l.page.box(left, l.y, right-left, headerBox, accent)
	st := style{bold, 8, 0xFFFFFF}
	y := l.y + 12.6
	l.page.text(left+6, y, "Description", st)
	l.right(c.quantity, y, "Quantity", st)
	l.page.text(c.unit, y, "Unit", st)
	l.right(c.amount-c.amountWidth-gap, y, "Unit price", st)
	l.right(c.amount, y, l.amountHead(), st)
	l.y += headerBox
}

func (l *layout) amountHead() string { return "Amount (" + wording.Line(l.doc.Currency) + ")" }

// row writes one line and the hairline under it.
func (l *layout) row(c columns, r row) {
	y := l.y + rowPad + 8.2
	for i, line := range r.description {
		l.page.text(left+6, y+float64(i)*leading(body), line, body)
	}
	l.rightFit(c.quantity, y, c.quantityMax, r.quantity, body)
	l.page.text(c.unit, y, r.unit, style{regular, 8, grey})
	l.page.text(c.price-r.priceWhole, y, r.price, c.priceStyle)
	l.rightFit(c.amount, y, c.amountWidth, r.amount, body)
	l.y += r.height
	l.page.rule(l.y-0.6, right-left)
}

// measure prepares the rows and finds the columns that hold them.
func (l *layout) measure() (columns, []row) {
	head := style{bold, 8, ink}
	quantity := l.width("Quantity", head.weight, head.size)
	unit := l.width("Unit", head.weight, head.size)
	amount := l.width(l.amountHead(), head.weight, head.size)
	priceWhole, priceFraction := 0.0, 0.0
	rows := make([]row, len(l.doc.Lines))
	for i, line := range l.doc.Lines {
		r := l.prepare(line)
		quantity = max(quantity, l.width(r.quantity, regular, body.size))
		unit = max(unit, l.width(r.unit, regular, 8))
		amount = max(amount, l.width(r.amount, regular, body.size))
		priceWhole, priceFraction = max(priceWhole, r.priceWhole), max(priceFraction, r.priceFraction)
		rows[i] = r
	}
	quantity, unit, amount = min(quantity, 84), min(unit, 60), min(amount, 104)
	price := max(l.width("Unit price", head.weight, head.size), priceWhole+priceFraction)

	c := columns{amount: right - 6, amountWidth: amount, quantityMax: quantity, priceStyle: body}
	shrink := 1.0
	if price > 96 {
		shrink, price = 96/price, 96
		c.priceStyle.size *= shrink
	}
	edge := c.amount - amount - gap
	c.price = edge - priceFraction*shrink
	c.unit = edge - price - gap - unit
	c.quantity = c.unit - 5
	c.description = c.quantity - quantity - gap - (left + 6)
	for i := range rows {
		rows[i].priceWhole *= shrink
		rows[i].description = l.wrap(wording.Line(l.doc.Lines[i].Description), body.weight, body.size, c.description, 20)
		rows[i].height = 2*rowPad + leading(body)*float64(max(1, len(rows[i].description)))
	}
	return c, rows
}

func (l *layout) prepare(line reports.DocumentLine) row {
	r := row{
		quantity: wording.Whole(line.Quantity),
		unit:     l.cut(wording.Line(line.Unit), regular, 8, 60),
		price:    wording.Amount(line.UnitPrice, l.doc.Scale),
		amount:   wording.Amount(line.Billed, l.doc.Scale),
	}
	point := strings.IndexByte(r.price, '.')
	if point < 0 {
		point = len(r.price)
	}
	r.priceWhole = l.width(r.price[:point], regular, body.size)
	r.priceFraction = l.width(r.price[point:], regular, body.size)
	return r
}
