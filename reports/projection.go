package reports

import (
	"context"

	"github.com/shopspring/decimal"
)

// BookStore is where analysts find what the books have issued. The books are the
// truth; saving the same again changes nothing.
type BookStore interface {
	// Documents are the totals of the documents that it has, by number, and Closes the
	// runs that it has.
	Documents(ctx context.Context) (map[string]DocumentTotals, error)
	Closes(ctx context.Context) (map[string]bool, error)
	SaveDocuments(ctx context.Context, documents []BookDocument) error
	SaveCloses(ctx context.Context, closes []BookClose) error
	// Forget removes what the books do not have.
	Forget(ctx context.Context, numbers, runs []string) error
}

// DocumentTotals are what a BookStore says of a document. Lines is the sum of its
// billed lines.
type DocumentTotals struct {
	SHA256                 string
	Net, Tax, Gross, Lines decimal.Decimal
}

// BookDocument is an issued document and its place in the books.
type BookDocument struct {
	Document
	Series   string
	Sequence int
	Run      string
	Version  int    // of the statement behind it
	SHA256   string // in the chain of its series
}

// BookClose is a run that was issued, and who approved it.
type BookClose struct {
	Run                Run
	Review, ApprovedBy string
	Why, ApprovedAt    string
}
