package ubl

import (
	"postage/rating"
	"postage/reports"
	"postage/reports/wording"
	"slices"
	"strings"

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

// schemes are the issuers of electronic addresses in Peppol (the code list of its rule
// PEPPOL-EN16931-CL008). All of them are in EN 16931's list, too.
var schemes = strings.Fields(`0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191
	0192 0195 0196 0198 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246
	0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936
	9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959`)

// peppolAddress reads "scheme:identifier", nil when it is none.
func peppolAddress(p reports.Party) *identifier {
	scheme, id, _ := strings.Cut(wording.Line(p.PeppolID), ":")
	if id == "" || strings.ContainsAny(id, " ") || !slices.Contains(schemes, scheme) {
		return nil
	}
	return &identifier{Value: id, Scheme: scheme}
}
