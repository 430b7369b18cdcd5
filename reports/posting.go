package reports

import (
	"postage/rating"

	"github.com/shopspring/decimal"
)

// Batch is what goes to the general ledger in one piece: the postings of one
// run. Debits equal credits in every currency. Its ID is a hash of its content,
// so a ledger that remembers the IDs it has taken never books anything twice.
type Batch struct {
	ID       string       `json:"batch"`
	Kind     BatchKind    `json:"kind"`
	Month    rating.Month `json:"month"`         // the month supplied
	PostedOn rating.Date  `json:"posted_on"`     // the date to book it on
	Run      string       `json:"run,omitempty"` // the run of the rating function behind it
	Postings []Posting    `json:"postings"`
}

// BatchKind says what a batch books.
type BatchKind string

// The kinds of batch.
const (
	// InvoiceBatch books the invoices of a close, and what the carrier will bill
	// for their messages.
	InvoiceBatch BatchKind = "invoices"
	// AdjustmentBatch books the notes of a later run, and by how much the
	// carrier's cost came out different.
	AdjustmentBatch BatchKind = "adjustments"
	// AccrualBatch books what an open month has earned and cost so far, on its last day.
	AccrualBatch BatchKind = "accrual"
	// ReversalBatch takes an accrual back on the first day of the next month.
	ReversalBatch BatchKind = "accrual_reversal"
)

// Posting is one line of a batch: one amount on one account of the general
// ledger. Exactly one of Debit and Credit is above zero, the other is zero; both
// are in whole minor units of the currency.
type Posting struct {
	Account     string          `json:"account"`      // code in the general ledger
	AccountName string          `json:"account_name"` // its name there
	Currency    string          `json:"currency"`
	Scale       int32           `json:"minor_digits"`
	Debit       decimal.Decimal `json:"debit"`
	Credit      decimal.Decimal `json:"credit"`
	Customer    string          `json:"customer"`           // account billed
	Document    string          `json:"document,omitempty"` // number; "" for costs and accruals
	LineKind    rating.LineKind `json:"line_kind,omitempty"`
	Category    string          `json:"category,omitempty"` // of usage
	Treatment   string          `json:"tax_treatment,omitempty"`
	Text        string          `json:"text"`
}

// Issued is what one run put into the books.
type Issued struct {
	Run       Run               // ID, month and kind
	Documents []Document        // in order of issue
	Changes   []StatementChange // of the statements issued by the run, in account order
}

// StatementChange is a statement and the one it follows.
type StatementChange struct {
	Before *rating.Statement // nil for the first
	Now    *rating.Statement
}

// ChangesFrom pairs statements with those issued before, by account.
func ChangesFrom(before, now []rating.Statement) []StatementChange {
	old := byAccount(before)
	changes := make([]StatementChange, len(now))
	for i := range now {
		changes[i] = StatementChange{Before: old[now[i].Account], Now: &now[i]}
	}
	return changes
}
