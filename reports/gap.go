package reports

import (
	"fmt"
	"postage/rating"
)

// Gap is one thing that keeps a document from being made: what the tariff does
// not say, or says in a way that may not be billed. All gaps of a document are
// found at once; a close collects those of all documents with [Gaps] and issues
// nothing while there is one.
type Gap struct {
	Account string
	Code    GapCode
	At      rating.Row // where to look; File is "" when there is no such row yet
	Problem string
	Fix     string // what to do
}

// GapCode tells gaps apart for a program.
type GapCode string

// The codes.
const (
	NoTerms        GapCode = "no_terms"         // accounts.csv has no row for the month
	NoSeller       GapCode = "no_seller"        // nobody is named who sells
	NoTaxRow       GapCode = "no_tax_row"       // taxes.csv has no row that fits
	NoVATNumber    GapCode = "no_vat_number"    // a reverse charge without the customer's number
	ConsumerCharge GapCode = "consumer_charge"  // a reverse charge to a consumer
	NoExchangeRate GapCode = "no_exchange_rate" // fx.csv lacks the rate into the seller's currency
)

// Error says where, what and how to mend it.
func (g *Gap) Error() string {
	at := ""
	if g.At.File != "" {
		at = g.At.String() + ": "
	}
	return fmt.Sprintf("%saccount %q: %s; %s", at, g.Account, g.Problem, g.Fix)
}

// Gaps returns all gaps in an error, whatever it joins and wraps.
func Gaps(err error) []*Gap {
	switch e := err.(type) { //nolint:errorlint // walks the whole tree, which errors.As does not
	case nil:
		return nil
	case *Gap:
		return []*Gap{e}
	case interface{ Unwrap() []error }:
		var all []*Gap
		for _, one := range e.Unwrap() {
			all = append(all, Gaps(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Gaps(e.Unwrap())
	}
	return nil
}
