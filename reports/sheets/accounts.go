package sheets

import (
	"cmp"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"

	"github.com/shopspring/decimal"
)

// owed is what the documents of one account in one currency come to.
type owed struct {
	documents int64
	invoices  decimal.Decimal // net
	tax       decimal.Decimal // of invoices
	net       decimal.Decimal // of invoices and notes, notes signed
	notes     decimal.Decimal // gross of notes, signed
}

// owedBy adds up documents by account and currency.
func owedBy(documents []reports.Document) map[group]owed {
	sums := map[group]owed{}
	for i := range documents {
		d := &documents[i]
		g := group{key(d.Customer.ID), d.Currency}
		sums[g] = sums[g].plus(owedOf(d))
	}
	return sums
}

func owedOf(d *reports.Document) owed {
	if d.Type == reports.Invoice {
		return owed{documents: 1, invoices: d.Net, tax: d.Tax, net: d.Net}
	}
	return owed{documents: 1, net: d.Net.Mul(sign(d)), notes: d.Gross.Mul(sign(d))}
}

func (o owed) plus(p owed) owed {
	return owed{o.documents + p.documents, o.invoices.Add(p.invoices), o.tax.Add(p.tax), o.net.Add(p.net), o.notes.Add(p.notes)}
}

// accountRow is a row of By account: a statement of this month, of the month
// before, or both.
type accountRow struct {
	group
	name                              string
	messages, careFree, noticeCharged int64
	net, prior                        decimal.Decimal
	owed
}

func (a accountRow) plus(b *accountRow) accountRow {
	a.messages, a.careFree, a.noticeCharged = a.messages+b.messages, a.careFree+b.careFree, a.noticeCharged+b.noticeCharged
	a.net, a.prior, a.owed = a.net.Add(b.net), a.prior.Add(b.prior), a.owed.plus(b.owed)
	return a
}

// accountRows are those of the sheet, by currency and then account, so that what
// is shown of one currency stands together.
func (m *month) accountRows() []accountRow {
	rows := map[group]*accountRow{}
	at := func(st *rating.Statement) *accountRow {
		g := group{key(st.Account), st.Currency}
		r := rows[g]
		if r == nil {
			r = &accountRow{group: g, name: st.Name, owed: m.owed[g]}
			rows[g] = r
		}
		return r
	}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		r := at(st)
		r.net = r.net.Add(st.Billed)
		r.messages += st.Counts.Messages
		r.careFree += st.Counts.CareFree
		r.noticeCharged += st.Counts.NoticeCharged
	}
	for i := range m.data.Prior {
		r := at(&m.data.Prior[i])
		r.prior = r.prior.Add(m.data.Prior[i].Billed)
	}
	var sorted []accountRow
	for _, r := range rows {
		sorted = append(sorted, *r)
	}
	slices.SortFunc(sorted, func(a, b accountRow) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(a.key, b.key))
	})
	return sorted
}

// accountSheet writes one row for each account and one total for each currency.
// Formulas of Summary use C currency, D to K, L prior month.
func (m *month) accountSheet() {
	s := m.begin("By account", "Live sums over Lines (net) and Documents (tax, notes). Gross = net + tax, as on the invoice.", slices.Concat([]column{
		{"Account", 18, false},
		{"Name", 36, false},
		{"Currency", 10, false},
		{"Messages", 13, true},
		{"Care, free", 13, true},
		{"Notifications charged", 13, true},
		{"Net", 16, true},
		{"Tax", 15, true},
		{"Gross", 16, true},
		{"Notes, gross", 15, true},
		{"Documents", 11, true},
	}, m.comparing(16), []column{{"Exact as text", 26, false}}))
	rows := m.accountRows()
	for i := range rows {
		m.accountRow(s, &rows[i])
	}
	m.accounts = block{sheet: "By account", first: firstRow, last: s.row}
	for _, c := range m.currencies() {
		var sum accountRow
		for i := range rows {
			if rows[i].currency == c {
				sum = sum.plus(&rows[i])
			}
		}
		m.accountTotal(s, c, &sum)
	}
	m.orNone(s, "No accounts.")
	s.filter(m.accounts.last)
	s.close()
	for _, c := range m.currencies() {
		d := chartData{title: "Largest accounts, net", currency: c, sheet: "By account", now: "G", prior: "L"}
		for i := range rows {
			if rows[i].currency == c {
				d.rows = append(d.rows, bar{firstRow + i, rows[i].key, [2]decimal.Decimal{rows[i].net, rows[i].prior}})
			}
		}
		m.chartLargest(d)
	}
}

func (m *month) accountRow(s *sheet, a *accountRow) {
	r, l, scale := s.row+1, money(m.scales[a.currency]), m.scales[a.currency]
	account, currency := fmt.Sprintf("$A%d", r), fmt.Sprintf("$C%d", r)
	lines := []where{{column: "A", ref: account, key: a.key}, {column: "C", ref: currency, key: a.currency}}
	documents := []where{{column: "C", ref: account, key: a.key}, {column: "G", ref: currency, key: a.currency}}
	invoices := append([]where{{column: "B", ref: `"invoice"`, key: "invoice"}}, documents...)
	gross := a.net.Add(a.tax)
	notes := m.documents.sum("N", documents...) + "-" + m.documents.sum("N", invoices...)
	s.put(slices.Concat([]cell{
		text(a.key), text(a.name), text(a.currency),
		whole(a.messages), whole(a.careFree), whole(a.noticeCharged),
		live(round(m.lines.sum("N", lines...), scale), a.net, l),
		live(round(m.documents.sum("M", invoices...), scale), a.tax, l),
		live(round(fmt.Sprintf("G%d+H%d", r, r), scale), gross, l),
		live(round(notes, scale), a.notes, l),
		liveCount(m.documents.count(documents...), a.documents),
	}, m.compare(r, "G", "L", [2]decimal.Decimal{a.net, a.prior}, scale, false), []cell{exact("net", a.net, "tax", a.tax, "gross", gross)})...)
}

func (m *month) accountTotal(s *sheet, currency string, a *accountRow) {
	r, scale := s.row+1, m.scales[currency]
	by := where{column: "C", ref: fmt.Sprintf("$C%d", r), key: currency}
	sum := func(column string, v decimal.Decimal) cell {
		return live(round(m.accounts.sum(column, by), scale), v, money(scale).asTotal())
	}
	tally := func(column string, n int64) cell {
		return liveCount(m.accounts.sum(column, by), n).with(count.asTotal())
	}
	compared := m.compare(r, "G", "L", [2]decimal.Decimal{a.net, a.prior}, scale, true)
	if m.data.Prior != nil {
		compared[0] = sum("L", a.prior)
	}
	s.put(slices.Concat([]cell{
		text("Total").with(total),
		{look: total},
		text(currency).with(total),
		tally("D", a.messages), tally("E", a.careFree), tally("F", a.noticeCharged),
		sum("G", a.net), sum("H", a.tax), sum("I", a.net.Add(a.tax)), sum("J", a.notes), tally("K", a.documents),
	}, compared, []cell{exact("net", a.net, "tax", a.tax, "gross", a.net.Add(a.tax))})...)
}
