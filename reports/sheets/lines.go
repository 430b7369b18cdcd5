package sheets

import (
	"cmp"
	"fmt"
	"maps"
	"postage/rating"
	"slices"

	"github.com/shopspring/decimal"
)

// lineSheet writes all statement lines. Its columns are named in formulas of
// the other sheets: A account, C currency, D kind, F market, G category, K quantity,
// M exact, N amount.
func (m *month) lineSheet() {
	s := m.begin("Lines", "Every statement line. Amount = ROUND(quantity x unit price).", []column{
		{"Account", 16, false},
		{"Name", 30, false},
		{"Currency", 9, false},
		{"Kind", 14, false},
		{"Regime", 8, false},
		{"Market", 20, false},
		{"Category", 16, false},
		{"Tier", 6, true},
		{"From volume", 11, true},
		{"Remark", 26, false},
		{"Quantity", 13, true},
		{"Unit price", 18, true},
		{"Exact", 18, true},
		{"Amount", 15, true},
		{"Price row", 16, false},
		{"Exact as text", 24, false},
	})
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, l := range st.Lines {
			r := s.row + 1
			remark := l.Detail
			if remark == "" {
				remark = l.Reason
			}
			s.put(text(key(st.Account)), text(st.Name), text(st.Currency), text(string(l.Kind)), text(l.Regime),
				text(key(l.Market)), text(key(l.Category)), position(int64(l.Tier)), position(l.From), text(remark),
				whole(l.Quantity), amount(l.UnitPrice, price), amount(l.Exact, price),
				product(fmt.Sprintf("K%d", r), fmt.Sprintf("L%d", r), l.Quantity, l.UnitPrice, l.Billed, st.Scale),
				text(l.PriceRow), exact("unit price", l.UnitPrice, "exact", l.Exact, "amount", l.Billed))
		}
	}
	s.filter(s.row)
	s.close()
}

// position is a tier or a volume, empty on lines that have none.
func position(n int64) cell {
	if n == 0 {
		return cell{}
	}
	return whole(n)
}

type group struct{ key, currency string }

type groupSum struct {
	quantity int64
	billed   decimal.Decimal
	exact    decimal.Decimal
}

// groupSheet adds up the lines by one of their columns.
func (m *month) groupSheet(name, title, lineColumn string, of func(rating.Line) string) {
	s := m.begin(name, "Live sums over Lines. Messages count usage lines only; amounts count every line.", []column{
		{title, 26, false},
		{"Currency", 10, false},
		{"Messages", 14, true},
		{"Exact", 18, true},
		{"Amount", 16, true},
		{"Exact as text", 30, false},
	})
	sums := map[group]groupSum{}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, l := range st.Lines {
			g := group{key(of(l)), st.Currency}
			sum := sums[g]
			if l.Kind == rating.UsageLine {
				sum.quantity += l.Quantity
			}
			sum.billed, sum.exact = sum.billed.Add(l.Billed), sum.exact.Add(l.Exact)
			sums[g] = sum
		}
	}
	groups := slices.SortedFunc(maps.Keys(sums), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(a.key, b.key))
	})
	for _, g := range groups {
		r, sum, scale := s.row+1, sums[g], m.scales[g.currency]
		by := []where{{lineColumn, fmt.Sprintf("$A%d", r), g.key}, {"C", fmt.Sprintf("$B%d", r), g.currency}}
		usage := append(slices.Clone(by), where{"D", `"usage"`, "usage"})
		s.put(text(g.key), text(g.currency),
			liveCount(m.lines.sum("K", usage...), sum.quantity),
			live(m.lines.sum("M", by...), sum.exact, price),
			live(round(m.lines.sum("N", by...), scale), sum.billed, money(scale)),
			exact("exact", sum.exact, "amount", sum.billed))
	}
	last := s.row
	for _, c := range m.currencies() {
		var sum groupSum
		for g, v := range sums {
			if g.currency == c {
				sum.quantity += v.quantity
				sum.exact, sum.billed = sum.exact.Add(v.exact), sum.billed.Add(v.billed)
			}
		}
		m.groupTotal(s, c, last, sum)
	}
	s.filter(last)
	s.close()
}

func (m *month) groupTotal(s *sheet, currency string, last int, sum groupSum) {
	here := block{sheet: s.plan.name, first: firstRow, last: last}
	scale := m.scales[currency]
	by := where{"B", fmt.Sprintf("$B%d", s.row+1), currency}
	s.put(text("Total").with(total), text(currency).with(total),
		liveCount(here.sum("C", by), sum.quantity).with(count.asTotal()),
		live(here.sum("D", by), sum.exact, price.asTotal()),
		live(round(here.sum("E", by), scale), sum.billed, money(scale).asTotal()),
		exact("exact", sum.exact, "amount", sum.billed))
}

// currencies lists the currencies of the month in order.
func (m *month) currencies() []string { return slices.Sorted(maps.Keys(m.scales)) }
