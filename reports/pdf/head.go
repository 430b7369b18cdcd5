package pdf

import (
	"postage/reports"
	"postage/reports/wording"
)

// head fills the top of page one: who, to whom, which document, how much, by
// when and where to pay.
func (l *layout) head() {
	l.parties()
	l.payment()
}

func (l *layout) parties() {
	const half = 268.0 // where the right column begins
	mid := left + half
	heading := wording.Heading(l.doc)
	y := l.y + 12
	l.right(right, y+4, heading, style{bold, 24, accent})
	under := y + 22
	for _, line := range l.wrap(wording.Line(l.doc.Number), bold, 11, right-mid-10, 3) {
		l.right(right, under, line, style{bold, 11, ink})
		under += 15
	}
	seller := l.party(left, y, half-30, l.doc.Seller, style{bold, 13, ink})

	l.y = max(seller, under) + 8
	l.page.rule(l.y, right-left)
	l.y += 20

	l.page.text(left, l.y, "Billed to", label)
	customer := l.party(left, l.y+15, half-30, l.doc.Customer, style{bold, 10, ink})
	facts := l.facts(mid, l.y, 92, right-mid-92)
	l.y = max(customer, facts) + 6
}

// party writes a name and an address and returns the y below them.
func (l *layout) party(x, y, width float64, p reports.Party, name style) float64 {
	if s := wording.Line(p.Name); len(l.wrap(s, name.weight, name.size, width, 99)) > 3 {
		name.size = 8.5
	}
	y = l.paragraph(x, y, width, wording.Line(p.Name), name, 14)
	for _, line := range wording.Particulars(p) {
		y = l.paragraph(x, y, width, line, quiet, 3)
	}
	return y
}

// facts writes labels and values in two columns and returns the y below them.
func (l *layout) facts(x, y, labelWidth, valueWidth float64) float64 {
	facts := wording.Identity(l.doc)
	if reason := wording.Line(l.doc.Reason); reason != "" {
		facts = append(facts, wording.Fact{Label: "Reason", Text: reason})
	}
	for _, f := range facts {
		l.page.text(x, y, f.Label, quiet)
		y = l.paragraph(x+labelWidth, y, valueWidth, f.String(), body, 6) + 1.5
	}
	return y
}

// payment is the band with the total in large type.
func (l *layout) payment() {
	const pad, firstWidth, secondWidth = 14.0, 206.0, 92.0
	first := left + pad
	second := first + firstWidth
	third := second + secondWidth
	bank := l.bankLines(right - pad - third)

	height := max(58, 24+float64(len(bank))*leading(quiet)+10)
	l.page.box(left, l.y, right-left, height, band)
	l.page.box(left, l.y, 3, height, accent)

	y := l.y + 18
	total := wording.Line(l.doc.Currency) + " " + wording.Amount(l.doc.Gross, l.doc.Scale)
	l.page.text(first, y, wording.TotalLabel(l.doc), label)
	l.page.text(first, y+25, total, l.fit(total, firstWidth-16, style{bold, 21, accent}))
	if due := wording.Day(l.doc.DueOn); due != "" {
		l.page.text(second, y, "Due on", label)
		l.page.text(second, y+22, due, l.fit(due, secondWidth-10, style{bold, 11, ink}))
	}
	if len(bank) > 0 {
		l.page.text(third, y, "Pay to", label)
		for i, line := range bank {
			l.page.text(third, y+14+float64(i)*leading(quiet), line, style{regular, quiet.size, ink})
		}
	}
	l.y += height + 18
}

// bankLines is where to pay. A credit note asks for nothing.
func (l *layout) bankLines(width float64) (lines []string) {
	if l.doc.Type == reports.CreditNote {
		return nil
	}
	for _, line := range wording.Lines(l.doc.Bank) {
		lines = append(lines, l.wrap(line, regular, quiet.size, width, 3)...)
	}
	if len(lines) > 8 {
		lines = append(lines[:8], "…")
	}
	if len(lines) > 0 && l.doc.Number != "" {
		lines = append(lines, l.wrap("Please quote "+wording.Line(l.doc.Number), regular, quiet.size, width, 3)...)
	}
	return lines
}
