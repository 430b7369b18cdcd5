package main

import (
	"context"
	"fmt"
	"postage/reports"
	"postage/reports/closing"
	"postage/reports/journal"
	"text/tabwriter"

	"github.com/shopspring/decimal"
)

// journal prints what the documents are in the general ledger, by currency.
func (d *demo) journal(ctx context.Context, checks *[]check) error {
	batches, err := closing.Journal(ctx, d.closer.Books, d.closer.Thaw, d.month)
	if err != nil {
		return err
	}
	documents, err := d.closer.Books.Documents(ctx, d.month)
	if err != nil {
		return err
	}
	net, revenue := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for i := range documents {
		amount := documents[i].Net
		if documents[i].Type == reports.CreditNote {
			amount = amount.Neg()
		}
		net[documents[i].Currency] = net[documents[i].Currency].Add(amount)
	}
	for _, b := range batches {
		for _, p := range b.Postings {
			if p.LineKind != "" {
				revenue[p.Currency] = revenue[p.Currency].Add(p.Credit).Sub(p.Debit)
			}
		}
	}
	fmt.Fprintf(d.out, "\nThe journal (%d batches, carrier cost and VAT included):\n", len(batches))
	tw := tabwriter.NewWriter(d.out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "currency\tdebit\tcredit\tdifference\trevenue\tinvoices less credit notes\t")
	for _, t := range journal.Totals(batches...) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t\n", t.Currency, t.Debit.StringFixed(t.Scale), t.Credit.StringFixed(t.Scale),
			t.Debit.Sub(t.Credit).StringFixed(t.Scale), revenue[t.Currency].StringFixed(t.Scale), net[t.Currency].StringFixed(t.Scale))
		*checks = append(*checks,
			check{"journal, debits and credits in " + t.Currency, t.Debit.String(), t.Credit.String()},
			check{"journal, revenue in " + t.Currency, net[t.Currency].String(), revenue[t.Currency].String()})
	}
	return tw.Flush()
}
