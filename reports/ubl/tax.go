package ubl

import (
	"postage/reports"
	"postage/reports/wording"
	"strings"

	"github.com/shopspring/decimal"
)

const vat = "VAT"

// The treatments, as UNCL 5305 codes them.
const (
	standardRate  = "S"
	zeroRated     = "Z"
	exempt        = "E"
	reverseCharge = "AE"
	outsideScope  = "O"
)

// checkTax asks for what the rules BR-S, BR-Z, BR-E, BR-AE and BR-O demand of parties
// and amounts.
func checkTax(d *reports.Document, need func(bool, string)) {
	seller := "the seller's VAT number (sellers.csv: vat_number)"
	switch t := d.Taxes[0]; t.Treatment {
	case standardRate:
		need(vatNumber(d.Seller) != "", seller)
		need(t.RatePercent.IsPositive(), "a rate above zero for treatment S (taxes.csv: rate_percent)")
	case zeroRated, exempt:
		need(vatNumber(d.Seller) != "", seller)
		need(t.Tax.IsZero() && t.RatePercent.IsZero(), "a rate of zero for treatment "+t.Treatment+" (taxes.csv: rate_percent)")
	case reverseCharge:
		need(vatNumber(d.Seller) != "", seller)
		need(vatNumber(d.Customer) != "" || wording.Line(d.Customer.TaxID) != "", "the customer's VAT number (accounts.csv: vat_number)")
		need(t.Tax.IsZero() && t.RatePercent.IsZero(), "a rate of zero for a reverse charge (taxes.csv: rate_percent)")
	case outsideScope:
		need(t.Tax.IsZero() && t.RatePercent.IsZero(), "a rate of zero outside the scope (taxes.csv: rate_percent)")
	default:
		need(false, "a treatment that is S, Z, E, AE or O, not "+wording.Line(t.Treatment)+" (taxes.csv: treatment)")
	}
}

// category is the treatment as a line names it: without a reason.
func (b *builder) category() taxCategory {
	t := b.Taxes[0]
	c := taxCategory{ID: t.Treatment, Percent: percent(t.RatePercent), Scheme: vat}
	if t.Treatment == outsideScope { // BR-O-05: no rate at all, not even zero
		c.Percent = ""
	}
	return c
}

// reasoned is the treatment as the breakdown names it. Where no tax is charged it says
// why, with the code of the list VATEX where one is true: it has one for reverse
// charges between countries, none for those within the United Kingdom.
func (b *builder) reasoned() taxCategory {
	c := b.category()
	reason := wording.Line(b.Taxes[0].Note)
	switch b.Taxes[0].Treatment {
	case reverseCharge:
		c.Reason = first(reason, "Reverse charge")
		if country(b.Seller) != country(b.Customer) {
			c.ReasonCode = "VATEX-EU-AE"
		}
	case outsideScope:
		c.Reason, c.ReasonCode = first(reason, "Outside the scope of VAT"), "VATEX-EU-O"
	case exempt:
		c.Reason = first(reason, "Exempt from VAT")
	}
	return c
}

// taxTotals are the breakdown, and a second total where tax is also to be accounted
// for in another currency (BT-111).
func (b *builder) taxTotals() []taxTotal {
	t := b.Taxes[0]
	totals := []taxTotal{{Amount: b.amount(b.Tax), Subtotals: []taxSubtotal{{b.amount(t.Base), b.amount(t.Tax), b.reasoned()}}}}
	if a := b.AccountingTax; a != nil {
		totals = append(totals, taxTotal{Amount: amount{inMinorUnits(a.Tax, a.Currency), a.Currency}})
	}
	return totals
}

// percent writes a rate without zeros that say nothing: 20, 5.5, 0.
func percent(rate decimal.Decimal) string {
	s := rate.String()
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}
