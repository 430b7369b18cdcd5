package journal

import (
	"encoding/csv"
	"fmt"
	"io"
	"postage/reports"
)

// Columns are the columns of the CSV file, one line a posting:
//
//	batch         identity: the hash of the batch's content. A ledger takes each once
//	line          number within the batch, from 1
//	kind          invoices, adjustments, accrual or accrual_reversal
//	month         the month supplied, YYYY-MM
//	posted_on     the date to book on, YYYY-MM-DD: of the documents; of an accrual the last
//	              day of the month, of its reversal the next
//	account       code in the general ledger (gl.csv), account_name its name
//	currency      ISO 4217
//	debit, credit whole minor units; one of them is filled in
//	customer      account billed
//	document      number of the invoice or note; empty for costs and accruals
//	line_kind     of revenue: usage, monthly_fee, ...; category of usage
//	tax_treatment of VAT: S, AE, O, Z or E
//	text          what it is, in words
var Columns = []string{
	"batch", "line", "kind", "month", "posted_on", "account", "account_name", "currency", "debit", "credit",
	"customer", "document", "line_kind", "category", "tax_treatment", "text",
}

// WriteCSV writes batches, with a header. The same batches give the same bytes. No
// cell of text is taken for a formula by a spreadsheet program.
func WriteCSV(w io.Writer, batches []*reports.Batch) error {
	out := csv.NewWriter(w)
	_ = out.Write(Columns) // errors are kept until Flush
	for _, b := range batches {
		for i := range b.Postings {
			p := &b.Postings[i]
			debit, credit := "", ""
			if !p.Debit.IsZero() {
				debit = p.Debit.StringFixed(p.Scale)
			}
			if !p.Credit.IsZero() {
				credit = p.Credit.StringFixed(p.Scale)
			}
			_ = out.Write([]string{
				b.ID, fmt.Sprint(i + 1), string(b.Kind), b.Month.String(), b.PostedOn.String(), reports.Harmless(p.Account), reports.Harmless(p.AccountName), p.Currency, debit, credit,
				reports.Harmless(p.Customer), reports.Harmless(p.Document), string(p.LineKind), reports.Harmless(p.Category), p.Treatment, reports.Harmless(p.Text),
			})
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
