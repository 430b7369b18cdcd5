package sheets

import (
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"

	"postage/reports"
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
	name := documentTitle(d.Type)
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

func documentTitle(t reports.DocumentType) string {
	switch t {
	case reports.CreditNote:
		return "Credit note"
	case reports.DebitNote:
		return "Debit note"
	case reports.Invoice:
		return "Invoice"
	}
	return string(t)
}

func invoicePlan(d *reports.Document, head int) plan {
	p := plan{
		name: documentTitle(d.Type), title: d.Seller.Name, portrait: true, frozen: head + 1, from: head + 1, noFreeze: true,
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
func headOf(d *reports.Document, gross string) (rows []line) {
	add := func(height float64, cells ...cell) { rows = append(rows, line{height, cells}) }
	name := documentTitle(d.Type)
	if d.Number == "" {
		name = "DRAFT " + strings.ToLower(name)
	}
	if d.Example {
		banner := look{bold: true, fill: caution, size: 9}
		add(0, text("Example: made from example price lists").with(banner), cell{look: banner}, cell{look: banner}, cell{look: banner}, cell{look: banner})
	}
	big, right := look{bold: true, size: 14}, look{align: "right"}
	add(high(d.Seller.Name, 32, 28), text(d.Seller.Name).with(look{bold: true, size: 14, wrap: len(d.Seller.Name) > 60}), cell{}, cell{}, cell{}, text(name).with(look{bold: true, size: 20, colour: accent, align: "right"}))
	for i, l := range partyLines(d.Seller) {
		number := cell{}
		if i == 0 && d.Number != "" {
			number = text(d.Number).with(look{bold: true, size: 12, align: "right"})
		}
		add(0, text(l).with(quiet), cell{}, cell{}, cell{}, number)
	}
	add(8)
	facts := invoiceFacts(d)
	left := []cell{text("Billed to").with(look{bold: true, colour: grey, size: 9}), text(d.Customer.Name).with(look{bold: true, size: 11, wrap: len(d.Customer.Name) > 60})}
	for _, l := range partyLines(d.Customer) {
		left = append(left, text(l).with(quiet))
	}
	for i := range max(len(left), len(facts)) {
		cells, height := make([]cell, 5), 0.0
		if i < len(left) {
			cells[0] = left[i]
			height = high(left[i].text, 48, 0)
		}
		if i < len(facts) {
			cells[2], cells[4] = text(facts[i].name).with(quiet), facts[i].value.with(mergeLook(facts[i].value.look, right))
		}
		add(height, cells...)
	}
	if d.Reason != "" {
		add(high("Reason: "+d.Reason, 52, 0), text("Reason: "+d.Reason).with(wrapped))
	}
	add(8)
	banded := func(l look) look { l.fill = pale; return l }
	totalName, due := "Total due", "Due on "+d.DueOn.String()
	if d.Type == reports.CreditNote {
		totalName = "Total credited to you"
	}
	if d.DueOn.IsZero() {
		due = ""
	}
	add(26, text(totalName+", "+d.Currency).with(banded(big)), text(due).with(banded(look{bold: true})), cell{look: banded(plain)}, cell{look: banded(plain)},
		live(gross, d.Gross, banded(look{format: moneyFormat(d.Scale), bold: true, size: 16, colour: accent})))
	if d.Type != reports.CreditNote {
		for i, l := range splitLines(d.Bank) {
			label := "Pay to: "
			if i > 0 {
				label = ""
			}
			add(0, text(label+l).with(banded(plain)), cell{look: banded(plain)}, cell{look: banded(plain)}, cell{look: banded(plain)}, cell{look: banded(plain)})
		}
	}
	add(8)
	return rows
}

func mergeLook(l, right look) look {
	l.align = right.align
	return l
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

type namedCell struct {
	name  string
	value cell
}

func invoiceFacts(d *reports.Document) []namedCell {
	number := d.Number
	if number == "" {
		number = "none: draft"
	}
	facts := []namedCell{
		{documentTitle(d.Type) + " number", text(number)},
		{"Issued on", date(d.IssuedOn)},
		{"Billing month", text(d.Month.String())},
		{"Period", text(d.Month.First().String() + " to " + d.Month.Last().String())},
		{"Due on", date(d.DueOn)},
		{"Your reference", text(d.BuyerReference)},
	}
	if d.Preceding != nil {
		facts = append(facts, namedCell{"Corrects invoice", text(d.Preceding.Number)}, namedCell{"Invoice date", date(d.Preceding.IssuedOn)})
	}
	facts = append(facts, namedCell{"Account", text(d.Customer.ID)})
	kept := facts[:0]
	for _, f := range facts {
		if f.value.text != "" || f.value.number != nil {
			kept = append(kept, f)
		}
	}
	return kept
}

func partyLines(p reports.Party) []string {
	lines := splitLines(p.Address)
	for _, f := range [][2]string{{"", p.Country}, {"VAT number ", p.VATNumber}, {"Tax ID ", p.TaxID}, {"", p.Email}} {
		if f[1] != "" {
			lines = append(lines, f[0]+f[1])
		}
	}
	return lines
}

// splitLines splits an address at newlines or, without any, at ", ".
func splitLines(s string) (lines []string) {
	sep := "\n"
	if !strings.Contains(strings.TrimSpace(s), sep) {
		sep = ", "
	}
	for l := range strings.SplitSeq(s, sep) {
		if l = strings.TrimSpace(clean(l)); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
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
