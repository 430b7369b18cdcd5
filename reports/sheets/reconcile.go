package sheets

import (
	"fmt"
	"postage/rating"
	"strings"

	"github.com/shopspring/decimal"
)

// tie is one row of the reconciliation: the same money seen three ways.
type tie struct {
	lines, invoices      decimal.Decimal
	invoiced             bool
	gap                  decimal.Decimal // lines - invoices, of what is invoiced
	lineUnits, rows      int64
	lineExact, rowsExact decimal.Decimal
}

// reconciliation ties lines to invoices and lines to detail, by account, then
// by currency.
func (m *month) reconciliation() {
	s := m.begin("Reconciliation", "Each difference must show 0.00. Usage is compared before rounding, because detail is not rounded.", []column{
		{"Account", 18, false},
		{"Currency", 10, false},
		{"Lines, net", 16, true},
		{"Invoices, net", 16, true},
		{"Difference", 12, true},
		{"Messages on lines", 13, true},
		{"Messages in detail", 13, true},
		{"Difference", 12, true},
		{"Usage on lines, exact", 18, true},
		{"Usage in detail, exact", 18, true},
		{"Difference", 12, true},
	})
	sums := map[string]tie{}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		t := m.tie(st)
		m.tieRow(s, st, t)
		sums[st.Currency] = sums[st.Currency].plus(t)
	}
	last := s.row
	for _, c := range m.currencies() {
		m.tieTotal(s, c, last, sums[c])
	}
	s.filter(last)
	s.close()
}

func (m *month) tie(st *rating.Statement) tie {
	o := m.owes(key(st.Account), st.Currency)
	d := m.tallies[group{key(st.Account), st.Currency}]
	t := tie{invoices: o.net, invoiced: o.invoiced, rows: d.messages, rowsExact: d.exact}
	for _, l := range st.Lines {
		t.lines = t.lines.Add(l.Billed)
		if l.Kind == rating.UsageLine {
			t.lineUnits += l.Quantity
			t.lineExact = t.lineExact.Add(l.Exact)
		}
	}
	if t.invoiced {
		t.gap = t.lines.Sub(t.invoices)
	}
	return t
}

func (t tie) plus(u tie) tie {
	t.lines, t.invoices, t.invoiced = t.lines.Add(u.lines), t.invoices.Add(u.invoices), t.invoiced || u.invoiced
	t.gap = t.gap.Add(u.gap)
	t.lineUnits, t.rows = t.lineUnits+u.lineUnits, t.rows+u.rows
	t.lineExact, t.rowsExact = t.lineExact.Add(u.lineExact), t.rowsExact.Add(u.rowsExact)
	return t
}

func (m *month) tieRow(s *sheet, st *rating.Statement, t tie) {
	r, account := s.row+1, key(st.Account)
	a, c := fmt.Sprintf("$A%d", r), fmt.Sprintf("$B%d", r)
	lines := []where{{"A", a, account}, {"C", c, st.Currency}}
	usage := append([]where{{"D", `"usage"`, "usage"}}, lines...)
	invoices := []where{{"B", `"invoice"`, "invoice"}, {"C", a, account}, {"G", c, st.Currency}}
	detail := []where{{"B", a, account}, {"O", c, st.Currency}}
	f := tieFormulas{
		lines: m.lines.sum("N", lines...), invoices: m.documents.sum("L", invoices...),
		lineUnits: m.lines.sum("K", usage...), lineExact: m.lines.sum("M", usage...),
		gap:   fmt.Sprintf("C%d-D%d", r, r),
		rows:  m.overParts(func(b block) string { return b.count(detail...) }),
		exact: m.overParts(func(b block) string { return b.sum("M", detail...) }),
	}
	s.put(append([]cell{text(account), text(st.Currency)}, tieCells(r, st.Scale, t, f, false)...)...)
}

// overParts adds up a formula over all sheets of the detail.
func (m *month) overParts(f func(block) string) string {
	terms := make([]string, len(m.parts))
	for i, p := range m.parts {
		terms[i] = f(p.block)
	}
	return strings.Join(terms, "+")
}

func (m *month) tieTotal(s *sheet, currency string, last int, t tie) {
	here := block{sheet: "Reconciliation", first: firstRow, last: last}
	by := where{"B", fmt.Sprintf("$B%d", s.row+1), currency}
	f := tieFormulas{
		lines: here.sum("C", by), invoices: here.sum("D", by), lineUnits: here.sum("F", by),
		rows: here.sum("G", by), lineExact: here.sum("I", by), exact: here.sum("J", by),
		gap: here.sum("E", by), // not C-D: what is not invoiced yet is no difference
	}
	s.put(append([]cell{text("Total").with(total), text(currency).with(total)}, tieCells(s.row+1, m.scales[currency], t, f, true)...)...)
}

type tieFormulas struct{ lines, invoices, lineUnits, rows, lineExact, exact, gap string }

// tieCells makes the nine cells of a row. Without an invoice there is nothing
// to compare, and the row says so.
func tieCells(r int, scale int32, t tie, f tieFormulas, isTotal bool) []cell {
	dress := func(l look) look {
		if isTotal {
			return l.asTotal()
		}
		return l
	}
	amounts, units, exactly := dress(money(scale)), dress(count), dress(price)
	off, offUnits := dress(difference(scale)), dress(difference(0))
	invoices := live(round(f.invoices, scale), t.invoices, amounts)
	gap := live(round(f.gap, scale), t.gap, off)
	if !t.invoiced {
		note := dress(look{colour: grey, align: "right"})
		invoices, gap = text("none yet").with(note), cell{look: note}
	}
	return []cell{
		live(round(f.lines, scale), t.lines, amounts), invoices, gap,
		liveCount(f.lineUnits, t.lineUnits).with(units), liveCount(f.rows, t.rows).with(units),
		liveCount(fmt.Sprintf("F%d-G%d", r, r), t.lineUnits-t.rows).with(offUnits),
		live(f.lineExact, t.lineExact, exactly), live(f.exact, t.rowsExact, exactly),
		live(round(fmt.Sprintf("I%d-J%d", r, r), scale), t.lineExact.Sub(t.rowsExact).Round(scale), off),
	}
}
