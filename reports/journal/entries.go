package journal

import (
	"cmp"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// writer adds postings to a batch.
type writer struct {
	chart Chart
	batch *reports.Batch
}

// debit adds a posting on the account of p: an amount below zero is a credit of
// its opposite, none is nothing.
func (w writer) debit(on Account, p reports.Posting, amount decimal.Decimal) {
	p.Account, p.AccountName, p.Scale = on.Code, on.Name, rating.MinorDigits(p.Currency)
	switch amount.Sign() {
	case 0:
		return
	case 1:
		p.Debit = amount
	default:
		p.Credit = amount.Neg()
	}
	w.batch.Postings = append(w.batch.Postings, p)
}

func (w writer) credit(on Account, p reports.Posting, amount decimal.Decimal) {
	w.debit(on, p, amount.Neg())
}

// document books an invoice or a note.
func (w writer) document(d *reports.Document) {
	sign := decimal.NewFromInt(1)
	if d.Type == reports.CreditNote {
		sign = sign.Neg()
	}
	p := reports.Posting{Customer: d.Customer.ID, Document: d.Number, Currency: d.Currency}
	title := fmt.Sprintf("%s %s, %s", d.Type.Title(), d.Number, d.Customer.Name)

	due := p
	due.Text = title
	w.debit(w.chart.find(receivables, ""), due, d.Gross.Mul(sign))

	var earned []earning
	for i := range d.Lines {
		l := &d.Lines[i]
		earned = append(earned, earning{l.Kind, l.Category, l.Billed.Mul(sign)})
	}
	w.revenue(p, earned)
	for _, t := range d.Taxes {
		tax := p
		tax.Treatment = t.Treatment
		tax.Text = fmt.Sprintf("VAT %s %% on %s", t.RatePercent, d.Number)
		w.credit(w.chart.find(vat, ""), tax, t.Tax.Mul(sign))
	}
}

// unbilled books what a statement would bill, or what it says beyond the one issued before.
func (w writer) unbilled(c reports.StatementChange) {
	s := c.Now
	p := reports.Posting{Customer: s.Account, Currency: s.Currency}
	due := p
	due.Text = fmt.Sprintf("Not billed yet for %s, %s", s.Month, s.Name)
	billed := s.Billed
	var earned []earning
	for i := range s.Lines {
		l := &s.Lines[i]
		earned = append(earned, earning{l.Kind, l.Category, l.Billed})
	}
	if c.Before != nil {
		billed = billed.Sub(c.Before.Billed)
		for i := range c.Before.Lines {
			l := &c.Before.Lines[i]
			earned = append(earned, earning{l.Kind, l.Category, l.Billed.Neg()})
		}
	}
	w.debit(w.chart.find(accruedIncome, ""), due, billed)
	w.revenue(p, earned)
}

// earning is what one line brings.
type earning struct {
	kind     rating.LineKind
	category string
	billed   decimal.Decimal
}

// revenue books lines, one posting for all of one kind and category.
func (w writer) revenue(p reports.Posting, lines []earning) {
	type group struct {
		kind     rating.LineKind
		category string
	}
	sums := map[group]decimal.Decimal{}
	var groups []group
	for _, l := range lines {
		g := group{l.kind, l.category}
		if _, seen := sums[g]; !seen {
			groups = append(groups, g)
		}
		sums[g] = sums[g].Add(l.billed)
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), strings.Compare(a.category, b.category))
	})
	for _, g := range groups {
		line := p
		line.LineKind, line.Category = g.kind, g.category
		line.Text = strings.ReplaceAll(string(g.kind), "_", " ")
		if g.category != "" {
			line.Text += ", " + g.category
		}
		w.credit(w.chart.find(string(g.kind), g.category), line, sums[g])
	}
}

// cost books what the carrier bills for the messages of a statement, rounded once
// per currency; after an earlier statement, the difference of the rounded amounts,
// so that all batches of a month add up to the cost of its last statement.
func (w writer) cost(c reports.StatementChange) {
	before := map[string]decimal.Decimal{}
	var currencies []string
	if c.Before != nil {
		for _, old := range c.Before.Costs {
			before[old.Currency] = rating.RoundBilled(old.Exact, old.Currency)
			currencies = append(currencies, old.Currency)
		}
	}
	now := map[string]decimal.Decimal{}
	for _, cost := range c.Now.Costs {
		now[cost.Currency] = rating.RoundBilled(cost.Exact, cost.Currency)
		currencies = append(currencies, cost.Currency)
	}
	slices.Sort(currencies)
	for _, currency := range slices.Compact(currencies) {
		p := reports.Posting{Customer: c.Now.Account, Currency: currency, Text: fmt.Sprintf("Carrier, %s, %s", c.Now.Month, c.Now.Name)}
		amount := now[currency].Sub(before[currency])
		w.debit(w.chart.find(carrierCost, ""), p, amount)
		w.credit(w.chart.find(accruedCarrierCost, ""), p, amount)
	}
}
