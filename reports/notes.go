package reports

import (
	"fmt"
	"postage/rating"
	"slices"
	"strings"
)

// Billed is what has been issued for a month so far.
type Billed struct {
	Statements []rating.Statement // the latest version of each account's
	Documents  []Document         // in order of issue
}

// Note is what an account gets for a closed month that has come out different.
type Note struct {
	Account   string
	Statement rating.Statement // what the documents of the account add up to with this one
	// Document is a credit or debit note, or the first invoice of the month; nil with an
	// error, and where lines or the carrier's cost have moved and the billed total stands.
	Document *Document
	Err      error // why there is none: see [Gaps]
}

// Notes composes what re-rating a closed month asks for: for each account billed
// before and now different a credit or debit note, for one that was not billed
// an invoice, and no document where the billed total stands. now are the statements as
// rated under the composer's tariff. In account order.
func (c *Composer) Notes(now []rating.Statement, before *Billed, m rating.Month, o NoteOptions) []Note {
	due, notes := Restated(c.Tariff, now, before, m, o.Pooled)
	billed, invoices := byAccount(before.Statements), map[string]*Document{}
	for _, d := range before.invoices() {
		invoices[d.Customer.ID] = d
	}
	for i := range due {
		n := Note{Account: due[i].Account, Statement: due[i]}
		switch old, invoice := billed[n.Account], invoices[n.Account]; {
		case old != nil && invoice != nil:
			n.Document, n.Err = c.Adjustment(old, &n.Statement, invoice, o.Reason)
		case len(n.Statement.Lines) > 0:
			n.Document, n.Err = c.Invoice(&n.Statement)
		}
		if n.Err != nil {
			n.Document = nil
		}
		if n.Document != nil || n.Err != nil || moved(billed[n.Account], &n.Statement) {
			notes = append(notes, n)
		}
	}
	slices.SortStableFunc(notes, func(a, b Note) int { return strings.Compare(a.Account, b.Account) })
	return notes
}

// moved says whether lines or costs of an account billed before are others now.
func moved(old, now *rating.Statement) bool {
	if old == nil {
		return false
	}
	reversed, anew := changedLines(old.Lines, now.Lines)
	return len(reversed)+len(anew) > 0 || len(costsMoved(nil, old.Costs, now.Costs)) > 0
}

// NoteOptions say why notes are made.
type NoteOptions struct {
	Reason string // as it stands on credit and debit notes
	// Pooled leaves the invoices of accounts alone that have nothing late of their
	// own (see Pooled). A correction of prices concerns each account itself.
	Pooled bool
}

// Restated is what every account owes for a closed month, given what re-rating says:
// in account order, with the statements of accounts billed before that have no
// message left in the month, and, with pooled, as a pool shares it (see Pooled).
// Accounts billed before that cannot be stated any more are notes with an error.
func Restated(t *rating.Tariff, now []rating.Statement, before *Billed, m rating.Month, pooled bool) (due []rating.Statement, failed []Note) {
	due = slices.Clone(now)
	current := byAccount(now)
	for i := range before.Statements {
		account := before.Statements[i].Account
		if current[account] != nil {
			continue
		}
		s, err := rating.NewFolder(t, account, m).Statement()
		if err != nil {
			failed = append(failed, Note{Account: account, Err: fmt.Errorf("account %s, billed before for %s: %w", account, m, err)})
			continue
		}
		due = append(due, *s)
	}
	slices.SortFunc(due, func(a, b rating.Statement) int { return strings.Compare(a.Account, b.Account) })
	if pooled {
		due = Pooled(t, due, before.Statements, before.invoices())
	}
	return due, failed
}

// invoices are those issued so far, in order of issue.
func (b *Billed) invoices() []*Document {
	var invoices []*Document
	for i := range b.Documents {
		if b.Documents[i].Type == Invoice {
			invoices = append(invoices, &b.Documents[i])
		}
	}
	return invoices
}
