package sheets

import (
	"cmp"
	"fmt"
	"maps"
	"postage/rating"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

type group struct{ key, currency string }

func byCurrency(a, b group) int {
	return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(a.key, b.key))
}

type groupSum struct {
	quantity             int64
	exact, billed, prior decimal.Decimal
}

func (s groupSum) plus(t groupSum) groupSum {
	return groupSum{s.quantity + t.quantity, s.exact.Add(t.exact), s.billed.Add(t.billed), s.prior.Add(t.prior)}
}

// grouping is a column of Lines by which they are added up.
type grouping struct {
	sheet, title, explanation string
	column                    string // of Lines
	of                        func(rating.Line) string
}

func (m *month) countrySheet() {
	m.groupSheet(grouping{
		"By country", "Country or region", "Live sums over Lines, by market of the price table: a country, or a region such as Rest of Africa.",
		"F", func(l rating.Line) string { return l.Market },
	})
}

func (m *month) categorySheet() {
	m.groupSheet(grouping{
		"By category", "Category", "Live sums over Lines, by the category billed. Fees have none. Messages count usage lines only; amounts count every line.",
		"G", func(l rating.Line) string { return l.Category },
	})
}

// groupSheet adds up the lines by one of their columns, and totals by currency.
func (m *month) groupSheet(g grouping) {
	s := m.begin(g.sheet, g.explanation, slices.Concat([]column{
		{g.title, 30, false},
		{"Currency", 10, false},
		{"Messages", 14, true},
		{"Exact", 20, true},
		{"Amount", 16, true},
	}, m.comparing(16), []column{{"Exact as text", 30, false}}))
	sums := m.groupSums(g)
	groups := slices.SortedFunc(maps.Keys(sums), byCurrency)
	for _, by := range groups {
		m.groupRow(s, g, by, sums[by])
	}
	here := block{sheet: g.sheet, first: firstRow, last: s.row}
	for _, c := range m.currencies() {
		var sum groupSum
		for by, v := range sums {
			if by.currency == c {
				sum = sum.plus(v)
			}
		}
		m.groupTotal(s, here, c, sum)
	}
	m.orNone(s, "No lines.")
	s.filter(here.last)
	s.close()
	for _, c := range m.currencies() {
		d := chartData{title: "Net " + strings.ToLower(g.sheet) + ", without fees", currency: c, sheet: g.sheet, now: "E", prior: "F"}
		for i, by := range groups {
			if by.currency == c && by.key != key("") {
				d.rows = append(d.rows, bar{firstRow + i, by.key, [2]decimal.Decimal{sums[by].billed, sums[by].prior}})
			}
		}
		m.chartLargest(d)
	}
}

func (m *month) groupSums(g grouping) map[group]groupSum {
	sums := map[group]groupSum{}
	for by, v := range m.priorSums(g.of) {
		sums[by] = groupSum{prior: v}
	}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, l := range st.Lines {
			by, sum := group{key(g.of(l)), st.Currency}, groupSum{exact: l.Exact, billed: l.Billed}
			if l.Kind == rating.UsageLine {
				sum.quantity = l.Quantity
			}
			sums[by] = sums[by].plus(sum)
		}
	}
	return sums
}

func (m *month) groupRow(s *sheet, g grouping, by group, sum groupSum) {
	r, scale := s.row+1, m.scales[by.currency]
	lines := []where{{column: g.column, ref: fmt.Sprintf("$A%d", r), key: by.key}, {column: "C", ref: fmt.Sprintf("$B%d", r), key: by.currency}}
	usage := append(slices.Clone(lines), where{column: "D", ref: `"usage"`, key: "usage"})
	s.put(slices.Concat([]cell{
		text(by.key), text(by.currency),
		liveCount(m.lines.sum("K", usage...), sum.quantity),
		live(m.lines.sum("M", lines...), sum.exact, price),
		live(round(m.lines.sum("N", lines...), scale), sum.billed, money(scale)),
	}, m.compare(r, "E", "F", [2]decimal.Decimal{sum.billed, sum.prior}, scale, false), []cell{exact("exact", sum.exact, "amount", sum.billed)})...)
}

func (m *month) groupTotal(s *sheet, here block, currency string, sum groupSum) {
	r, scale := s.row+1, m.scales[currency]
	by := where{column: "B", ref: fmt.Sprintf("$B%d", r), key: currency}
	compared := m.compare(r, "E", "F", [2]decimal.Decimal{sum.billed, sum.prior}, scale, true)
	if m.data.Prior != nil {
		compared[0] = live(round(here.sum("F", by), scale), sum.prior, money(scale).asTotal())
	}
	s.put(slices.Concat([]cell{
		text("Total").with(total), text(currency).with(total),
		liveCount(here.sum("C", by), sum.quantity).with(count.asTotal()),
		live(here.sum("D", by), sum.exact, price.asTotal()),
		live(round(here.sum("E", by), scale), sum.billed, money(scale).asTotal()),
	}, compared, []cell{exact("exact", sum.exact, "amount", sum.billed)})...)
}

// typeSheet counts the charged notifications of Detail by type: under NBP the ten
// types, which share one price and are one category on invoices.
func (m *month) typeSheet() {
	s := m.begin("By notification type", "Live counts over all parts of Detail: charged notifications by the type they were sent as. Amounts are exact, before rounding on the line.", []column{
		{"Type", 34, false},
		{"Currency", 10, false},
		{"Messages", 16, true},
		{"Share of messages", 12, true},
		{"Exact", 22, true},
		{"Average price", 18, true},
		{"Exact as text", 34, false},
	})
	totals := map[string]tally{}
	for by, t := range m.types {
		add(totals, by.currency, t)
	}
	groups := slices.SortedFunc(maps.Keys(m.types), byCurrency)
	last := firstRow + len(groups) - 1
	for _, by := range groups {
		r, t := s.row+1, m.types[by]
		where := []where{
			{column: "J", ref: fmt.Sprintf("$A%d", r), key: by.key},
			{column: "O", ref: fmt.Sprintf("$B%d", r), key: by.currency},
			{column: "G", ref: `"notification"`, key: "notification"},
		}
		all := totals[by.currency].messages
		share := fmt.Sprintf("C%d/SUMIFS($C$%d:$C$%d,$B$%d:$B$%d,$B%d)", r, firstRow, last, firstRow, last, r)
		s.put(text(by.key), text(by.currency),
			liveCount(m.overParts(func(b block) string { return b.count(where...) }), t.messages),
			live(share, decimal.NewFromInt(t.messages).DivRound(decimal.NewFromInt(all), 17), look{format: "0.0%"}),
			live(m.overParts(func(b block) string { return b.sum("M", where...) }), t.exact, price),
			live(fmt.Sprintf("E%d/C%d", r, r), t.exact.DivRound(decimal.NewFromInt(t.messages), 20), look{format: "#,##0.00####"}),
			exact("exact", t.exact))
	}
	here := block{sheet: s.plan.name, first: firstRow, last: s.row}
	for _, c := range slices.Sorted(maps.Keys(totals)) {
		by := where{column: "B", ref: fmt.Sprintf("$B%d", s.row+1), key: c}
		s.put(text("Total").with(total), text(c).with(total), liveCount(here.sum("C", by), totals[c].messages).with(count.asTotal()), cell{look: total},
			live(here.sum("E", by), totals[c].exact, price.asTotal()), cell{look: total}, exact("exact", totals[c].exact))
	}
	m.orNone(s, "No charged notifications.")
	s.filter(here.last)
	s.close()
}
