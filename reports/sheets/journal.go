package sheets

import (
	"fmt"
	"maps"
	"postage/rating"
	"postage/reports"
	"slices"

	"github.com/shopspring/decimal"
)

// journalSheet writes the postings behind the documents. Formulas of other sheets use
// B batch kind, G currency, H debit, I credit, J customer, O revenue.
func (m *month) journalSheet() {
	s := m.begin("GL journal", "Double entries for the general ledger: debits equal credits in every currency of every batch. Revenue is what a posting adds to it, reversals left out.", []column{
		{"Batch", 34, false},
		{"Kind", 16, false},
		{"Month", 9, false},
		{"Book on", 11, false},
		{"GL account", 10, false},
		{"GL name", 24, false},
		{"Currency", 9, false},
		{"Debit", 15, true},
		{"Credit", 15, true},
		{"Customer", 16, false},
		{"Document", 18, false},
		{"Line kind", 14, false},
		{"Category", 16, false},
		{"Tax", 6, false},
		{"Revenue", 15, true},
		{"Text", 44, false},
		{"Exact as text", 24, false},
	})
	debits, credits := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, b := range m.data.Journal {
		for i := range b.Postings {
			p := &b.Postings[i]
			m.posting(s, b, p)
			debits[p.Currency], credits[p.Currency] = debits[p.Currency].Add(p.Debit), credits[p.Currency].Add(p.Credit)
		}
	}
	last := s.row
	here := block{sheet: s.plan.name, first: firstRow, last: last}
	for _, c := range slices.Sorted(maps.Keys(debits)) {
		scale, rest := m.scales[c], cell{look: total}
		by := where{column: "G", ref: fmt.Sprintf("$G%d", s.row+1), key: c}
		s.put(text("Total").with(total), rest, rest, rest, rest, rest, text(c).with(total),
			live(round(here.sum("H", by), scale), debits[c], money(scale).asTotal()),
			live(round(here.sum("I", by), scale), credits[c], money(scale).asTotal()),
			rest, rest, rest, rest, rest, rest, rest, exact("debit", debits[c]))
	}
	m.orNone(s, "Nothing is booked.")
	s.filter(last)
	s.close()
}

func (m *month) posting(s *sheet, b *reports.Batch, p *reports.Posting) {
	r, l := s.row+1, money(p.Scale)
	revenue := decimal.Zero
	if p.LineKind != "" && b.Kind != reports.ReversalBatch {
		revenue = p.Credit.Sub(p.Debit)
		g := group{key(p.Customer), p.Currency}
		m.booked[g] = m.booked[g].Add(revenue)
	}
	s.put(text(b.ID), text(string(b.Kind)), text(b.Month.String()), date(b.PostedOn), text(p.Account), text(p.AccountName), text(p.Currency),
		side(p.Debit, l), side(p.Credit, l), text(key(p.Customer)), text(p.Document), text(string(p.LineKind)), text(p.Category), text(p.Treatment),
		live(fmt.Sprintf(`IF(OR(LEN(L%d)=0,B%d="%s"),0,I%d-H%d)`, r, r, reports.ReversalBatch, r, r), revenue, look{format: l.format, colour: grey}),
		text(p.Text), exact("debit", p.Debit, "credit", p.Credit))
}

// side is an amount on its side of the posting, the other one is empty.
func side(d decimal.Decimal, l look) cell {
	if d.IsZero() {
		return cell{}
	}
	return amount(d, l)
}

// kindNames are the kinds of line in words, in the order of a statement.
var kindNames = []struct {
	kind rating.LineKind
	name string
}{
	{rating.MonthlyFeeLine, "Monthly fees"},
	{rating.SenderFeeLine, "Sender fees"},
	{rating.CareFeeLine, "Fees per care message"},
	{rating.ReceivedFeeLine, "Fees per message received"},
	{rating.FailedFeeLine, "Fees per failed message"},
	{rating.UsageLine, "Messages"},
	{rating.AllowanceLine, "Messages under an allowance"},
	{rating.MinimumSpendLine, "Minimum spend"},
	{rating.AdjustmentLine, "Services and goodwill"},
}
