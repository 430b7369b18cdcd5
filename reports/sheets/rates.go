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

// rateSheet lists the price rows that the detail was charged by, and the exchange
// rates into the currencies of the month.
func (m *month) rateSheet() {
	s := m.begin("Rates applied", "Price rows behind Detail, with live counts over all its parts. The effective price has the package's markup and the exchange rate in it.", []column{
		{"Price row", 18, false},
		{"Price list", 20, false},
		{"Valid from", 11, false},
		{"Origin", 9, false},
		{"Market", 24, false},
		{"Category", 22, false},
		{"From volume", 12, true},
		{"List price", 14, true},
		{"List currency", 9, false},
		{"Effective price", 18, true},
		{"Currency", 9, false},
		{"Messages", 14, true},
		{"Exact", 20, true},
		{"Exact as text", 34, false},
	})
	keys := slices.SortedFunc(maps.Keys(m.rates), func(a, b rateKey) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), compareRows(a.row, b.row), cmp.Compare(a.price, b.price), cmp.Compare(a.list, b.list), cmp.Compare(a.from, b.from))
	})
	written := m.writtenPrices()
	for _, k := range keys {
		m.rateRow(s, k, m.rates[k], written[k.row])
	}
	here := block{sheet: s.plan.name, first: firstRow, last: s.row}
	for _, c := range m.currencies() {
		m.rateTotal(s, here, c)
	}
	m.orNone(s, "No charged messages.")
	s.filter(here.last)
	m.exchangeRates(s)
	s.close()
}

// compareRows puts places in a file in the order of its lines.
func compareRows(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// writtenPrices are the price rows of the tariff by their places.
func (m *month) writtenPrices() map[string]*rating.PriceRow {
	written := map[string]*rating.PriceRow{}
	if m.data.Rows != nil {
		for i := range m.data.Rows.Prices {
			p := &m.data.Rows.Prices[i]
			written[key(p.Row.String())] = p
		}
	}
	return written
}

func (m *month) rateRow(s *sheet, k rateKey, t tally, written *rating.PriceRow) {
	r, effective := s.row+1, decimal.RequireFromString(k.price) // made of a decimal
	from, list := make([]cell, 4), []cell{{}, {}}
	if written != nil {
		from = []cell{date(written.ValidFrom), text(written.Origin), text(written.Market), text(written.Category)}
		list = []cell{amount(written.UnitPrice, price), text(written.Currency)}
	}
	by := []where{
		{column: "N", ref: fmt.Sprintf("$A%d", r), key: k.row},
		{column: "O", ref: fmt.Sprintf("$K%d", r), key: k.currency},
		{column: "M", ref: fmt.Sprintf("$J%d", r), number: true},
	}
	s.put(slices.Concat([]cell{text(k.row), text(k.list)}, from, []cell{position(k.from)}, list, []cell{
		amount(effective, price), text(k.currency),
		liveCount(m.overParts(func(b block) string { return b.count(by...) }), t.messages),
		live(fmt.Sprintf("J%d*L%d", r, r), t.exact, price),
		exact("effective price", effective, "exact", t.exact),
	})...)
}

func (m *month) rateTotal(s *sheet, here block, currency string) {
	var sum tally
	for k, t := range m.rates {
		if k.currency == currency {
			sum = tally{sum.messages + t.messages, sum.exact.Add(t.exact)}
		}
	}
	if sum.messages == 0 {
		return
	}
	rest := cell{look: total}
	by := where{column: "K", ref: fmt.Sprintf("$K%d", s.row+1), key: currency}
	s.put(text("Total").with(total), rest, rest, rest, rest, rest, rest, rest, rest, rest, text(currency).with(total),
		liveCount(here.sum("L", by), sum.messages).with(count.asTotal()), live(here.sum("M", by), sum.exact, price.asTotal()), exact("exact", sum.exact))
}

// exchangeRates lists what fx.csv has for the last day of the month.
func (m *month) exchangeRates(s *sheet) {
	if m.data.Rows == nil {
		return
	}
	var rows []rating.FXRow
	for _, f := range m.data.Rows.FX {
		if f.On == m.data.Month.Last() {
			rows = append(rows, f)
		}
	}
	if len(rows) == 0 {
		return
	}
	s.put()
	s.put(text("Exchange rates of "+m.data.Month.Last().String()).with(section), cell{}, cell{}, cell{}, cell{}, cell{})
	for _, f := range rows {
		s.put(text(f.Row.String()), text(f.Source), date(f.On), cell{}, text("1 "+f.From+" ="), cell{}, cell{}, amount(f.Rate, price), text(f.To))
	}
}
