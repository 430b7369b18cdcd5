package journal

import (
	"postage/reports"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Total is the sum of some batches in one currency.
type Total struct {
	Currency      string
	Scale         int32
	Debit, Credit decimal.Decimal
}

// Totals adds up debits and credits by currency, in the order of currencies.
func Totals(batches ...*reports.Batch) []Total {
	var totals []Total
	for _, b := range batches {
		for i := range b.Postings {
			p := &b.Postings[i]
			at, found := slices.BinarySearchFunc(totals, p.Currency, func(t Total, c string) int { return strings.Compare(t.Currency, c) })
			if !found {
				totals = slices.Insert(totals, at, Total{Currency: p.Currency, Scale: p.Scale})
			}
			totals[at].Debit, totals[at].Credit = totals[at].Debit.Add(p.Debit), totals[at].Credit.Add(p.Credit)
		}
	}
	return totals
}
