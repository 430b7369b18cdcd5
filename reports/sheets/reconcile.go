package sheets

import (
	"fmt"
	"maps"
	"postage/rating"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// tie is one row of the reconciliation: the same money seen four ways.
type tie struct {
	lines, documents, journal decimal.Decimal
	invoiced, booked          bool            // there is something to compare
	documentGap, journalGap   decimal.Decimal // of what is compared
	lineUnits, rows           int64
	lineExact, rowsExact      decimal.Decimal
}

// reconciliation ties lines to documents, to the journal and to the detail, by
// account and currency, then by currency.
func (m *month) reconciliation() {
	s := m.begin("Reconciliation", "Each difference must show 0.00. Documents are invoices and notes. Usage is compared before rounding, because detail is not rounded.", []column{
		{"Account", 18, false},
		{"Currency", 10, false},
		{"Lines, net", 16, true},
		{"Documents, net", 16, true},
		{"Difference", 12, true},
		{"Journal, revenue", 16, true},
		{"Difference", 12, true},
		{"Messages on lines", 13, true},
		{"Messages in detail", 13, true},
		{"Difference", 12, true},
		{"Usage on lines, exact", 18, true},
		{"Usage in detail, exact", 18, true},
		{"Difference", 12, true},
	})
	all := m.ties()
	sums := map[string]tie{}
	for _, g := range slices.SortedFunc(maps.Keys(all), byCurrency) {
		m.tieRow(s, g, all[g])
		sums[g.currency] = sums[g.currency].plus(all[g])
	}
	last := s.row
	for _, c := range m.currencies() {
		if _, some := sums[c]; some {
			m.tieTotal(s, c, last, sums[c])
		}
	}
	m.orNone(s, "Nothing to compare.")
	s.filter(last)
	s.close()
}

// ties are all accounts that any of the four knows of: money that only one of
// them has must show.
func (m *month) ties() map[group]tie {
	all := map[group]tie{}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		g := group{key(st.Account), st.Currency}
		t := all[g]
		for _, l := range st.Lines {
			t.lines = t.lines.Add(l.Billed)
			if l.Kind == rating.UsageLine {
				t.lineUnits += l.Quantity
				t.lineExact = t.lineExact.Add(l.Exact)
			}
		}
		all[g] = t
	}
	for g, o := range m.owed {
		t := all[g]
		t.documents, t.invoiced = o.net, true
		all[g] = t
	}
	for g, revenue := range m.booked {
		t := all[g]
		t.journal, t.booked = revenue, true
		all[g] = t
	}
	for g, d := range m.tallies {
		t := all[g]
		t.rows, t.rowsExact = d.messages, d.exact
		all[g] = t
	}
	for g, t := range all {
		if t.invoiced {
			t.documentGap = t.lines.Sub(t.documents)
		}
		if t.booked {
			t.journalGap = t.lines.Sub(t.journal)
		}
		all[g] = t
	}
	return all
}

func (t tie) plus(u tie) tie {
	return tie{
		t.lines.Add(u.lines), t.documents.Add(u.documents), t.journal.Add(u.journal),
		t.invoiced || u.invoiced, t.booked || u.booked,
		t.documentGap.Add(u.documentGap), t.journalGap.Add(u.journalGap),
		t.lineUnits + u.lineUnits, t.rows + u.rows,
		t.lineExact.Add(u.lineExact), t.rowsExact.Add(u.rowsExact),
	}
}

func (m *month) tieRow(s *sheet, g group, t tie) {
	r := s.row + 1
	at := func(column, ref, key string) where {
		return where{column: column, ref: fmt.Sprintf("$%s%d", ref, r), key: key}
	}
	lines := []where{at("A", "A", g.key), at("C", "B", g.currency)}
	usage := append([]where{{column: "D", ref: `"usage"`, key: "usage"}}, lines...)
	detail := []where{at("B", "A", g.key), at("O", "B", g.currency)}
	f := tieFormulas{
		lines: m.lines.sum("N", lines...), documents: m.documents.sum("L", at("C", "A", g.key), at("G", "B", g.currency)),
		documentGap: fmt.Sprintf("C%d-D%d", r, r),
		journal:     m.postings.sum("O", at("J", "A", g.key), at("G", "B", g.currency)),
		journalGap:  fmt.Sprintf("C%d-F%d", r, r),
		lineUnits:   m.lines.sum("K", usage...), lineExact: m.lines.sum("M", usage...),
		rows:  m.overParts(func(b block) string { return b.count(detail...) }),
		exact: m.overParts(func(b block) string { return b.sum("M", detail...) }),
	}
	s.put(append([]cell{text(g.key), text(g.currency)}, tieCells(r, m.scales[g.currency], t, f, false)...)...)
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
	here := block{sheet: s.plan.name, first: firstRow, last: last}
	by := where{column: "B", ref: fmt.Sprintf("$B%d", s.row+1), key: currency}
	sum := func(column string) string { return here.sum(column, by) }
	f := tieFormulas{
		lines: sum("C"), documents: sum("D"), journal: sum("F"), lineUnits: sum("H"), rows: sum("I"), lineExact: sum("K"), exact: sum("L"),
		documentGap: sum("E"), journalGap: sum("G"), // what there is nothing to compare with is no difference
	}
	s.put(append([]cell{text("Total").with(total), text(currency).with(total)}, tieCells(s.row+1, m.scales[currency], t, f, true)...)...)
}

type tieFormulas struct {
	lines, documents, documentGap, journal, journalGap, lineUnits, rows, lineExact, exact string
}

// tieCells makes the cells of a row behind its key. Without a document or a
// posting there is nothing to compare, and the row says so.
func tieCells(r int, scale int32, t tie, f tieFormulas, isTotal bool) []cell {
	dress := func(l look) look {
		if isTotal {
			return l.asTotal()
		}
		return l
	}
	amounts, units, exactly := dress(money(scale)), dress(count), dress(price)
	off, offUnits := dress(difference(scale)), dress(difference(0))
	compared := func(there bool, formula, gapFormula string, value, gap decimal.Decimal) []cell {
		if !there {
			note := dress(look{colour: grey, align: "right"})
			return []cell{text("none yet").with(note), {look: note}}
		}
		return []cell{live(round(formula, scale), value, amounts), live(round(gapFormula, scale), gap, off)}
	}
	return slices.Concat(
		[]cell{live(round(f.lines, scale), t.lines, amounts)},
		compared(t.invoiced, f.documents, f.documentGap, t.documents, t.documentGap),
		compared(t.booked, f.journal, f.journalGap, t.journal, t.journalGap),
		[]cell{
			liveCount(f.lineUnits, t.lineUnits).with(units), liveCount(f.rows, t.rows).with(units),
			liveCount(fmt.Sprintf("H%d-I%d", r, r), t.lineUnits-t.rows).with(offUnits),
			live(f.lineExact, t.lineExact, exactly), live(f.exact, t.rowsExact, exactly),
			live(round(fmt.Sprintf("K%d-L%d", r, r), scale), t.lineExact.Sub(t.rowsExact).Round(scale), off),
		})
}
