package sheets

import (
	"fmt"
	"maps"
	"slices"
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

// currencies lists the currencies that somebody is billed in, in order.
func (m *month) currencies() []string { return slices.Sorted(maps.Keys(m.billed)) }
