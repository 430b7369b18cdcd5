package sheets

import (
	"fmt"
	"io"
	"postage/reports"
	"postage/reports/wording"
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
	counts := wording.Counts(d.Counts)
	side := func(i int) []cell {
		switch {
		case len(counts) > 0 && i == 0:
			return []cell{text("Messages of " + wording.Month(d.Month)).with(quiet), {}, {}}
		case len(counts) > 0 && i <= len(counts):
			return []cell{text(counts[i-1].Label).with(quiet), whole(counts[i-1].N).with(look{format: wholeFormat, size: 9}), {}}
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
		put(wording.TaxName(t), taxCell(t, net, d), t.Tax)
	}
	taxes := ""
	if len(d.Taxes) > 0 {
		taxes = fmt.Sprintf("+SUM(E%d:E%d)", first, p.row)
	}
	put("Total "+d.Currency, live(fmt.Sprintf("ROUND(E%d%s,%s)", net, taxes, scale), d.Gross, p.money.asTotal()), d.Gross)
	for len(counts) > 0 && i <= len(counts) {
		p.put(side(i)...)
		i++
	}
	p.putHigh(8)
	for _, note := range append(wording.TaxNotes(d), wording.Notes(d)...) {
		p.put(text(note).with(quiet))
	}
	for _, f := range []wording.Fact{{Label: "Tariff ", Text: d.Tariff}, {Label: "Seal ", Text: d.Seal}} {
		if f.Text != "" {
			p.put(text(f.Label + f.Text).with(quiet))
		}
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
