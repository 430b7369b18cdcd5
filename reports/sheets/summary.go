package sheets

import (
	"fmt"
	"postage/rating"
	"postage/reports"

	"github.com/shopspring/decimal"
)

// owed is what the documents of one account in one currency come to.
type owed struct {
	documents int64
	net, tax  decimal.Decimal // of invoices
	notes     decimal.Decimal // gross of notes, signed
	invoiced  bool
}

// owes adds up the documents of an account in a currency.
func (m *month) owes(account, currency string) (o owed) {
	for i := range m.data.Documents {
		d := &m.data.Documents[i]
		if key(d.Customer.ID) != account || d.Currency != currency {
			continue
		}
		o.documents++
		if d.Type == reports.Invoice {
			o.net, o.tax, o.invoiced = o.net.Add(d.Net), o.tax.Add(d.Tax), true
		} else {
			o.notes = o.notes.Add(d.Gross.Mul(sign(d)))
		}
	}
	return o
}

// summary writes one row for each account and one total for each currency.
func (m *month) summary() {
	s := m.begin("Summary", "Live sums over Lines (net) and Documents (tax, notes). Gross = net + tax, as on the invoice.", []column{
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
		{"Exact as text", 26, false},
	})
	for i := range m.data.Statements {
		m.summaryRow(s, &m.data.Statements[i])
	}
	last := s.row
	for _, c := range m.currencies() {
		m.summaryTotal(s, c, last)
	}
	s.filter(last)
	s.close()
}

func (m *month) summaryRow(s *sheet, st *rating.Statement) {
	r, account, scale := s.row+1, key(st.Account), st.Scale
	o := m.owes(account, st.Currency)
	a, c := fmt.Sprintf("$A%d", r), fmt.Sprintf("$C%d", r)
	lines := []where{{"A", a, account}, {"C", c, st.Currency}}
	documents := []where{{"C", a, account}, {"G", c, st.Currency}}
	invoices := append([]where{{"B", `"invoice"`, "invoice"}}, documents...)
	gross := st.Billed.Add(o.tax)
	notes := m.documents.sum("N", documents...) + "-" + m.documents.sum("N", invoices...)
	s.put(text(account), text(st.Name), text(st.Currency),
		whole(st.Counts.Messages), whole(st.Counts.CareFree), whole(st.Counts.NoticeCharged),
		live(round(m.lines.sum("N", lines...), scale), st.Billed, money(scale)),
		live(round(m.documents.sum("M", invoices...), scale), o.tax, money(scale)),
		live(round(fmt.Sprintf("G%d+H%d", r, r), scale), gross, money(scale)),
		live(round(notes, scale), o.notes, money(scale)),
		liveCount(m.documents.count(documents...), o.documents),
		exact("net", st.Billed, "tax", o.tax, "gross", gross))
}

func (m *month) summaryTotal(s *sheet, currency string, last int) {
	var counts rating.Counts
	var net, tax, notes decimal.Decimal
	var documents int64
	scale := m.scales[currency]
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		if st.Currency != currency {
			continue
		}
		o := m.owes(key(st.Account), currency)
		counts.Messages += st.Counts.Messages
		counts.CareFree += st.Counts.CareFree
		counts.NoticeCharged += st.Counts.NoticeCharged
		net, tax, notes, documents = net.Add(st.Billed), tax.Add(o.tax), notes.Add(o.notes), documents+o.documents
	}
	here := block{sheet: "Summary", first: firstRow, last: last}
	by := where{"C", fmt.Sprintf("$C%d", s.row+1), currency}
	sum := func(column string, v decimal.Decimal) cell {
		return live(round(here.sum(column, by), scale), v, money(scale).asTotal())
	}
	tally := func(column string, n int64) cell {
		return liveCount(here.sum(column, by), n).with(count.asTotal())
	}
	s.put(text("Total").with(total), cell{look: total}, text(currency).with(total),
		tally("D", counts.Messages), tally("E", counts.CareFree), tally("F", counts.NoticeCharged),
		sum("G", net), sum("H", tax), sum("I", net.Add(tax)), sum("J", notes), tally("K", documents),
		exact("net", net, "tax", tax, "gross", net.Add(tax)))
}
