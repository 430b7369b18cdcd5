package sheets

import (
	"fmt"
	"io"
	"postage/reports"
	"strings"

	"github.com/shopspring/decimal"
)

// WriteInvoice writes one document as a workbook of one printable sheet. Its
// amounts are formulas that lead from quantities and unit prices to the total,
// stored with the document's own figures as their values. A document without a number is
// marked as a draft. It fails only when w does.
func WriteInvoice(w io.Writer, d *reports.Document) error {
	b := newBook()
	on := d.IssuedOn
	if on.IsZero() {
		on = d.Month.Last()
	}
	name := d.Type.Title()
	b.properties(strings.TrimSpace(name+" "+d.Number), d.Seller.Name, on)
	s := b.open(invoicePlan(d, headRows(d)))
	page := &invoicePage{sheet: s, doc: d, money: money(d.Scale)}
	page.head()
	page.lines()
	page.totals()
	page.close()
	if err := b.save(w); err != nil {
		return fmt.Errorf("workbook of %s %s: %w", d.Type, d.Number, err)
	}
	return nil
}

func invoicePlan(d *reports.Document, head int) plan {
	p := plan{
		name: d.Type.Title(), title: d.Seller.Name, portrait: true, frozen: head + 1, from: head + 1, noFreeze: true,
		columns: []column{
			{"Description", 58, false},
			{"Quantity", 15, true},
			{"Unit", 12, false},
			{"Unit price", 15, true},
			{"Amount (" + d.Currency + ")", 19, true},
		},
	}
	for _, l := range d.Lines {
		if exact("", l.UnitPrice, "", l.Billed, "", l.Exact).text != "" {
			p.columns = append(p.columns, column{"Exact where a cell cannot hold it", 60, false})
			break
		}
	}
	return p
}

// invoicePage writes the parts of an invoice one under the other.
type invoicePage struct {
	*sheet
	doc         *reports.Document
	money       look
	first, last int // rows of the lines
	gross       string
}

// lines writes the line table.
func (p *invoicePage) lines() {
	p.titles()
	p.first, p.last = p.row+1, p.row
	for _, l := range p.doc.Lines {
		r := p.row + 1
		q, u := fmt.Sprintf("B%d", r), fmt.Sprintf("D%d", r)
		p.last = p.putHigh(high(l.Description, 60, 0), text(l.Description).with(wrapped), whole(l.Quantity), text(l.Unit).with(quiet), amount(l.UnitPrice, price),
			product(q, u, l.Quantity, l.UnitPrice, l.Billed, p.doc.Scale),
			exact("unit price", l.UnitPrice, "exact", l.Exact, "amount", l.Billed))
	}
}

// totals writes net, taxes and gross, the month's messages beside them, and the small print.
func (p *invoicePage) totals() {
	d, scale := p.doc, decimal.NewFromInt32(p.doc.Scale).String()
	counts := countCells(d)
	side := func(i int) []cell {
		if i < len(counts) {
			return []cell{text(counts[i].name).with(quiet), counts[i].value.with(look{format: wholeFormat, size: 9}), {}}
		}
		return []cell{{}, {}, {}}
	}
	i := 0
	put := func(name string, value cell, exactly decimal.Decimal) int {
		label := quiet
		if value.look.bold {
			label = total
		}
		label.align = "right" // grows to the left over empty cells
		row := p.put(append(side(i), text(name).with(label), value, exact("exact", exactly))...)
		i++
		return row
	}
	p.putHigh(8)
	if len(d.Lines) == 0 {
		p.last = p.first
	}
	net := put("Net total", live(fmt.Sprintf("ROUND(SUM(E%d:E%d),%s)", p.first, p.last, scale), d.Net, p.money), d.Net)
	first := p.row + 1
	for _, t := range d.Taxes {
		put(taxName(t), taxCell(t, net, d), t.Tax)
	}
	taxes := ""
	if len(d.Taxes) > 0 {
		taxes = fmt.Sprintf("+SUM(E%d:E%d)", first, p.row)
	}
	put("Total "+d.Currency, live(fmt.Sprintf("ROUND(E%d%s,%s)", net, taxes, scale), d.Gross, p.money.asTotal()), d.Gross)
	for i < len(counts) {
		p.put(side(i)...)
		i++
	}
	p.putHigh(8)
	for _, note := range invoiceNotes(d) {
		p.put(text(note).with(quiet))
	}
}

// taxCell is the tax as a formula over the net total when it is the tax on all
// of it, and else over the base written out.
func taxCell(t reports.TaxTotal, net int, d *reports.Document) cell {
	if !t.Base.Mul(t.RatePercent).Shift(-2).Round(d.Scale).Equal(t.Tax) || !holds(t.Base) || !holds(t.RatePercent) {
		return amount(t.Tax, money(d.Scale))
	}
	base := t.Base.String()
	if t.Base.Equal(d.Net) {
		base = fmt.Sprintf("E%d", net)
	}
	return live(fmt.Sprintf("ROUND(%s*%s/100,%d)", base, t.RatePercent, d.Scale), t.Tax, money(d.Scale))
}

func taxName(t reports.TaxTotal) string {
	name := map[string]string{"S": "Tax", "AE": "Reverse charge", "O": "Outside the scope of tax", "Z": "Zero rated", "E": "Exempt"}[t.Treatment]
	if name == "" {
		name = "Tax " + t.Treatment
	}
	return name + " " + t.RatePercent.String() + "%"
}

func countCells(d *reports.Document) []namedCell {
	if d.Counts.Messages == 0 {
		return nil
	}
	c := d.Counts
	rows := []namedCell{{"Messages of " + d.Month.String(), cell{}}}
	for _, r := range []struct {
		name   string
		n      int64
		always bool
	}{
		{"Care messages, free", c.CareFree, true},
		{"Care messages, charged", c.CareCharged, false},
		{"Notifications, charged", c.NoticeCharged, true},
		{"Notifications, free", c.NoticeFree, true},
		{"Not delivered, free", c.NotDelivered, true},
		{"Rejected, free", c.Rejected, false},
		{"Still in flight", c.Pending, false},
		{"Held until a price is known", c.Unrated, false},
		{"All messages sent", c.Messages, true},
	} {
		if r.always || r.n != 0 {
			rows = append(rows, namedCell{r.name, whole(r.n)})
		}
	}
	return rows
}

func invoiceNotes(d *reports.Document) (notes []string) {
	for _, t := range d.Taxes {
		if t.Note != "" {
			notes = append(notes, t.Note)
		}
	}
	notes = append(notes, fmt.Sprintf("Each amount is quantity times unit price, rounded once, half away from zero, to %d decimals.", d.Scale))
	if !d.ExactNet.Equal(d.Net) {
		notes = append(notes, "Before rounding line by line the net total is "+d.Currency+" "+d.ExactNet.String()+".")
	}
	notes = append(notes, "Tariff "+d.Tariff)
	if d.Seal != "" {
		notes = append(notes, "Seal "+d.Seal)
	}
	return notes
}
