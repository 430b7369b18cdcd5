// Package journal turns what was issued, and what an open month has earned so
// far, into double entries for the general ledger. Debits equal credits in every
// currency of every batch; amounts are the billed amounts of the documents, to
// the minor unit, and are never computed a second time. It reads nothing and
// knows no date of its own, so the same input gives the same batches, byte for
// byte.
//
//	invoice, debit note   Dr receivables (gross)   Cr revenue by kind and category, Cr VAT
//	credit note           the reverse
//	carrier's cost        Dr carrier cost          Cr accrued carrier cost
//	accrual               Dr accrued income (net)  Cr revenue; and the carrier's cost
//	its reversal          the reverse, on the first day of the next month
package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"postage/rating"
	"postage/reports"

	"github.com/shopspring/decimal"
)

// Entries books what one run issued. The date is that of its documents. It
// returns nil when the run moved no money. An error names the document that does
// not add up.
func Entries(chart Chart, in *reports.Issued) (*reports.Batch, error) {
	kind := reports.InvoiceBatch
	if in.Run.Kind == reports.AdjustmentRun {
		kind = reports.AdjustmentBatch
	}
	b := &reports.Batch{Kind: kind, Month: in.Run.Month, PostedOn: in.Run.Month.Last(), Run: in.Run.ID}
	w := writer{chart, b}
	for i := range in.Documents {
		b.PostedOn = in.Documents[i].IssuedOn
		w.document(&in.Documents[i])
	}
	for _, c := range in.Changes {
		w.cost(c)
	}
	return finish(b)
}

// Accrual books what the statements of a draft say and what was issued does not: revenue
// not billed yet, net of tax, and the carrier's cost, on the last day of the month in which
// it is known; and the same the other way round on the day after. Both are nil when there is
// nothing to book. Unrated messages have no amount and are not accrued.
func Accrual(chart Chart, known rating.Month, run *reports.Run, changes []reports.StatementChange) (accrual, reversal *reports.Batch, err error) {
	b := &reports.Batch{Kind: reports.AccrualBatch, Month: run.Month, PostedOn: known.Last(), Run: run.ID}
	w := writer{chart, b}
	for _, c := range changes {
		w.unbilled(c)
		w.cost(c)
	}
	if accrual, err = finish(b); accrual == nil || err != nil {
		return nil, nil, err
	}
	r := &reports.Batch{Kind: reports.ReversalBatch, Month: run.Month, PostedOn: known.Next().First(), Run: run.ID}
	for _, p := range accrual.Postings {
		p.Debit, p.Credit = p.Credit, p.Debit
		p.Text = "Reversal: " + p.Text
		r.Postings = append(r.Postings, p)
	}
	if reversal, err = finish(r); err != nil {
		return nil, nil, err
	}
	return accrual, reversal, nil
}

// finish checks a batch and names it by its content.
func finish(b *reports.Batch) (*reports.Batch, error) {
	if len(b.Postings) == 0 {
		return nil, nil //nolint:nilnil // no money was moved: no batch
	}
	for i := range b.Postings {
		p := &b.Postings[i]
		for _, amount := range [...]decimal.Decimal{p.Debit, p.Credit} {
			if !amount.Equal(rating.RoundBilled(amount, p.Currency)) {
				return nil, fmt.Errorf("journal of %s: %s of %s: %s %s is not in whole minor units", b.Month, p.Text, p.Customer, p.Currency, amount)
			}
		}
	}
	for _, t := range Totals(b) {
		if !t.Debit.Equal(t.Credit) {
			return nil, fmt.Errorf("journal of %s: %s: debits of %s and credits of %s in %s", b.Month, b.Kind, t.Debit, t.Credit, t.Currency)
		}
	}
	named := *b
	if b.Kind == reports.AccrualBatch || b.Kind == reports.ReversalBatch {
		named.Run = "" // a later draft that came out the same books the same
	}
	content, err := json.Marshal(named)
	if err != nil {
		return nil, fmt.Errorf("journal of %s: %w", b.Month, err)
	}
	sum := sha256.Sum256(content)
	b.ID = fmt.Sprintf("%s-%s-%s", b.Month, b.Kind, hex.EncodeToString(sum[:8]))
	return b, nil
}
