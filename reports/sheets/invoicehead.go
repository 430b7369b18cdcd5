package sheets

import (
	"fmt"
	"postage/reports"
	"postage/reports/wording"
)

// headRows is the number of rows above the line table: the plan must know it
// before the first row is written.
func headRows(d *reports.Document) int { return len(headOf(d, "")) }

// head writes who, to whom, which document and how much.
func (p *invoicePage) head() {
	p.gross = fmt.Sprintf("E%d", headRows(p.doc)+1+len(p.doc.Lines)+1+1+len(p.doc.Taxes)+1)
	for _, r := range headOf(p.doc, p.gross) {
		p.putHigh(r.height, r.cells...)
	}
}

type line struct {
	height float64
	cells  []cell
}

// headOf makes the rows of the head. gross is where the total will stand.
func headOf(d *reports.Document, gross string) []line {
	h := &head{doc: d}
	if d.Example {
		h.band(0, look{bold: true, fill: caution, size: 9}, text(wording.Example))
	}
	h.seller()
	h.add(8)
	h.customer()
	if d.Reason != "" {
		reason := "Reason: " + d.Reason
		h.add(high(reason, 52, 0), text(reason).with(wrapped))
	}
	h.add(8)
	h.payment(gross)
	h.add(8)
	return h.rows
}

// head collects the rows above the line table.
type head struct {
	doc  *reports.Document
	rows []line
}

func (h *head) add(height float64, cells ...cell) { h.rows = append(h.rows, line{height, cells}) }

// band adds a row of five cells that share the fill of a look.
func (h *head) band(height float64, l look, cells ...cell) {
	for i := range cells {
		if cells[i].look == plain {
			cells[i].look = l
		}
		cells[i].look.fill = l.fill
	}
	for len(cells) < 5 {
		cells = append(cells, cell{look: look{fill: l.fill}})
	}
	h.add(height, cells...)
}

// seller writes our name and address, with the title and number at the right.
func (h *head) seller() {
	d := h.doc
	h.add(high(d.Seller.Name, 32, 28), text(d.Seller.Name).with(look{bold: true, size: 14, wrap: len(d.Seller.Name) > 60}), cell{}, cell{}, cell{},
		text(wording.Heading(d)).with(look{bold: true, size: 20, colour: accent, align: "right"}))
	for i, l := range wording.Particulars(d.Seller) {
		number := cell{}
		if i == 0 && d.Number != "" {
			number = text(d.Number).with(look{bold: true, size: 12, align: "right"})
		}
		h.add(0, text(l).with(quiet), cell{}, cell{}, cell{}, number)
	}
}

// customer writes whom we bill, with what identifies the document at the right.
func (h *head) customer() {
	d, facts := h.doc, wording.Identity(h.doc)
	left := []cell{
		text("Billed to").with(look{bold: true, colour: grey, size: 9}),
		text(d.Customer.Name).with(look{bold: true, size: 11, wrap: len(d.Customer.Name) > 60}),
	}
	for _, l := range wording.Particulars(d.Customer) {
		left = append(left, text(l).with(look{colour: grey, size: 9, wrap: len(l) > 60}))
	}
	for i := range max(len(left), len(facts)) {
		cells, height := make([]cell, 5), 0.0
		if i < len(left) {
			cells[0], height = left[i], high(left[i].text, 48, 0)
		}
		if i < len(facts) {
			value := fact(facts[i])
			value.look.align = "right"
			cells[2], cells[4] = text(facts[i].Label).with(quiet), value
		}
		h.add(height, cells...)
	}
}

// payment writes the total in large type, when it is due, and where to pay.
func (h *head) payment(gross string) {
	d, filled := h.doc, look{fill: pale}
	due := ""
	if !d.DueOn.IsZero() {
		due = "Due on " + d.DueOn.String()
	}
	h.band(26, filled, text(wording.TotalLabel(d)+", "+d.Currency).with(look{bold: true, size: 14}), text(due).with(look{bold: true}), cell{}, cell{},
		live(gross, d.Gross, look{format: moneyFormat(d.Scale), bold: true, size: 16, colour: accent}))
	if d.Type == reports.CreditNote {
		return
	}
	for i, l := range wording.Lines(d.Bank) {
		if i == 0 {
			l = "Pay to: " + l
		}
		h.band(0, filled, text(l))
	}
}

// high is the height of a wrapped text in a column of so many characters; low
// is the height of one line, 0 for the usual one.
func high(s string, width int, low float64) float64 {
	lines := (len([]rune(s)) + width - 1) / width
	if lines <= 1 {
		return low
	}
	return min(float64(lines)*max(13.5, low), 409) // the most a row can be
}

// fact is the cell of a fact's value: a day as a date that can be sorted.
func fact(f wording.Fact) cell {
	if f.On.IsZero() {
		return text(f.Text)
	}
	return date(f.On)
}
