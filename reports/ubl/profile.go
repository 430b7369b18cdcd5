package ubl

import (
	"postage/rating"
	"postage/reports"
	"slices"

	"github.com/shopspring/decimal"
)

// profile is the specification that a document claims to follow.
type profile int

const (
	// peppol is Peppol BIS Billing 3.0: both parties have an address in the network.
	peppol profile = iota + 1
	// core is EN 16931 and no more: for those outside the network, and sellers of
	// countries whose national Peppol rules ask for what a tariff does not hold.
	core
	// thirdDecimal is EN 16931 but for its rules BR-DEC-01 to 28, which allow two
	// decimals: amounts of currencies with three minor digits, when the third is used.
	// The standard calls a specification that goes beyond it "conformant".
	thirdDecimal
)

// identifiers are BT-24 (specification) and BT-23 (business process).
func (p profile) identifiers() (customization, process string) {
	const norm = "urn:cen.eu:en16931:2017"
	switch p {
	case peppol:
		return norm + "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
	case core:
		return norm, ""
	case thirdDecimal:
		return norm + "#conformant#urn:postage:third-decimal:1", ""
	}
	panic(p)
}

// nationalRules are countries of sellers for whom Peppol BIS Billing 3.0 has rules of
// its own that need more than we know: register numbers, places and post codes,
// persons to contact, numbers of a prescribed form. Germany's are for sales within it.
var nationalRules = []string{"DK", "GR", "IS", "IT", "NL", "NO", "SE"}

func (b *builder) profile() profile {
	seller, customer := country(b.Seller), country(b.Customer)
	switch {
	case b.digits > 2:
		return thirdDecimal
	case peppolAddress(b.Seller) == nil, peppolAddress(b.Customer) == nil,
		slices.Contains(nationalRules, seller), seller == "DE" && customer == "DE":
		return core
	default:
		return peppol
	}
}

// digitsOf is how many decimals the amounts of a document are written with: the minor
// digits of its currency, but no third one when none of them uses it.
func digitsOf(d *reports.Document) int32 {
	if d.Scale <= 2 {
		return d.Scale
	}
	whole := func(v decimal.Decimal) bool { return v.Equal(v.Round(2)) }
	ok := whole(d.Net) && whole(d.Tax) && whole(d.Gross)
	for i := range d.Lines {
		ok = ok && whole(d.Lines[i].Billed)
	}
	if ok {
		return 2
	}
	return d.Scale
}

func inMinorUnits(v decimal.Decimal, currency string) string {
	return v.StringFixed(rating.MinorDigits(currency))
}
