package sheets

import (
	"fmt"
	"postage/rating"
	"slices"

	"github.com/shopspring/decimal"
)

// summary shows a month on one page: a row for each currency, what the amounts
// are made of, and charts. It adds up Detail, Lines and By account, and never
// two currencies.
func (m *month) summary() {
	s := m.begin("Summary", "Live sums: charged messages and usage over all parts of Detail, net over Lines, tax, notes and prior month over By account.", slices.Concat([]column{
		{"Currency", 28, false},
		{"Accounts", 11, true},
		{"Charged messages", 16, true},
		{"Usage, exact", 20, true},
		{"Net", 17, true},
		{"Tax", 16, true},
		{"Gross", 17, true},
		{"Notes, gross", 16, true},
	}, m.comparing(17), []column{{"Exact as text", 30, false}}))
	for _, c := range m.currencies() {
		m.currencyRow(s, c)
	}
	m.orNone(s, "Nothing was billed.")
	s.put(text("One row for each currency; amounts of different currencies are never added together.").with(quiet))
	if m.data.Prior == nil {
		s.put(text("The month before was not closed here, so there is nothing to compare with.").with(quiet))
	}
	m.kinds(s)
	m.draw(s)
	s.close()
}

var section = look{bold: true, size: 12, colour: accent}

func (m *month) currencyRow(s *sheet, currency string) {
	r, l, scale := s.row+1, money(m.scales[currency]), m.scales[currency]
	var sum accountRow
	accounts := int64(0)
	for _, a := range m.accountRows() {
		if a.currency == currency {
			accounts++
			sum = sum.plus(&a)
		}
	}
	var t tally
	for by, v := range m.tallies {
		if by.currency == currency {
			t = tally{t.messages + v.messages, t.exact.Add(v.exact)}
		}
	}
	ref := fmt.Sprintf("$A%d", r)
	detail := where{column: "O", ref: ref, key: currency}
	lines, account := where{column: "C", ref: ref, key: currency}, where{column: "C", ref: ref, key: currency}
	compared := m.compare(r, "E", "I", [2]decimal.Decimal{sum.net, sum.prior}, scale, false)
	if m.data.Prior != nil {
		compared[0] = live(round(m.accounts.sum("L", account), scale), sum.prior, l)
	}
	gross := sum.net.Add(sum.tax)
	s.put(slices.Concat([]cell{
		text(currency).with(look{bold: true}),
		liveCount(m.accounts.count(account), accounts),
		liveCount(m.overParts(func(b block) string { return b.count(detail) }), t.messages),
		live(m.overParts(func(b block) string { return b.sum("M", detail) }), t.exact, price),
		live(round(m.lines.sum("N", lines), scale), sum.net, look{format: l.format, bold: true}),
		live(round(m.accounts.sum("H", account), scale), sum.tax, l),
		live(round(fmt.Sprintf("E%d+F%d", r, r), scale), gross, look{format: l.format, bold: true}),
		live(round(m.accounts.sum("J", account), scale), sum.notes, l),
	}, compared, []cell{exact("usage", t.exact, "net", sum.net, "gross", gross)})...)
}

// kinds says what the amounts are made of: messages, fees, minimum spend.
func (m *month) kinds(s *sheet) {
	now, prior := map[group]decimal.Decimal{}, m.priorSums(func(l rating.Line) string { return string(l.Kind) })
	units := map[group]int64{}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, l := range st.Lines {
			g := group{string(l.Kind), st.Currency}
			now[g] = now[g].Add(l.Billed)
			units[g] += l.Quantity
		}
	}
	s.put()
	s.put(text("What the net amounts are made of").with(section))
	head := []cell{text("Kind of line").with(header), text("Currency").with(header), text("Quantity").with(headerNum), {look: header}, text("Net").with(headerNum), {look: header}, {look: header}, {look: header}}
	for _, c := range m.comparing(0) {
		head = append(head, text(c.title).with(headerNum))
	}
	s.put(head...)
	for _, c := range m.currencies() {
		for _, k := range kindNames {
			g := group{string(k.kind), c}
			_, is := now[g]
			if _, was := prior[g]; !is && !was {
				continue
			}
			r, scale := s.row+1, m.scales[c]
			by := []where{{column: "C", ref: fmt.Sprintf("$B%d", r), key: c}, {column: "D", ref: `"` + string(k.kind) + `"`, key: string(k.kind)}}
			s.put(slices.Concat([]cell{
				text(k.name), text(c).with(look{align: "right"}), liveCount(m.lines.sum("K", by...), units[g]),
				{},
				live(round(m.lines.sum("N", by...), scale), now[g], money(scale)),
				{},
				{},
				{},
			}, m.compare(r, "E", "I", [2]decimal.Decimal{now[g], prior[g]}, scale, false), []cell{exact("net", now[g])})...)
		}
	}
}
