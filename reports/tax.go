package reports

import (
	"errors"
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// The treatments of taxes.csv (as in UNCL 5305) that leave the tax to somebody else. The
// others are S, the standard rate, and Z, the rate of zero.
const (
	reverseCharge = "AE"
	outsideScope  = "O"
	exempt        = "E"
)

// usualNotes is what a document says of a treatment when taxes.csv does not: the
// customer must be able to see why there is no tax.
var usualNotes = map[string]string{
	reverseCharge: "Reverse charge: the customer accounts for the VAT",
	outsideScope:  "Outside the scope of VAT",
	exempt:        "Exempt from VAT",
}

// tax is what decides the tax of a document. It is kept with the document, so
// that it is frozen there, and a note repeats that of its invoice.
type tax struct {
	decision *TaxTotal      // nil when the tariff has no taxes
	own      *AccountingTax // nil unless it is to be stated in the seller's currency too
}

// decide finds the tax of a supply to an account in a month. All lines of an
// account have one treatment, by where seller and customer are and what the
// customer is. The tax point is the last day of the month: messages are a
// continuous supply, settled for the month as a whole; taxes.csv and fx.csv are
// read as of that day. The error joins all gaps.
func (c *Composer) decide(d *Document, account *rating.AccountRow) (tax, error) {
	if len(c.Tariff.Rows.Taxes) == 0 {
		return tax{}, nil
	}
	seller := c.Tariff.Rows.SellerOf(account)
	if seller == nil {
		return tax{}, &Gap{account.Account, NoSeller, account.Row, "taxes.csv is there, and sellers.csv has no seller", "add the seller, with its country, to sellers.csv"}
	}
	point := d.Month.Last()
	row := c.Tariff.Rows.TaxOn(seller.Country, account.Country, account.TaxType(), point)
	if row == nil {
		return tax{}, &Gap{
			account.Account, NoTaxRow, account.Row,
			fmt.Sprintf("no row of taxes.csv fits seller country %s, customer country %s, customer type %s on %s", seller.Country, account.Country, account.TaxType(), point),
			"add one",
		}
	}
	t := tax{decision: &TaxTotal{Treatment: row.Treatment, RatePercent: row.RatePercent, Note: row.Note, Row: row.Row.String(), TaxPoint: point}}
	if t.decision.Note == "" {
		t.decision.Note = usualNotes[row.Treatment]
	}
	var gaps []error
	if row.Treatment == reverseCharge {
		switch {
		case account.TaxType() == "consumer":
			gaps = append(gaps, &Gap{account.Account, ConsumerCharge, row.Row, "a reverse charge to a consumer, who cannot account for it", "add a row for consumers to taxes.csv, or correct customer_type in " + account.Row.String()})
		case account.VATNumber == "":
			gaps = append(gaps, &Gap{account.Account, NoVATNumber, account.Row, fmt.Sprintf("reverse charge (%s) without the customer's VAT number", row.Row), "fill in vat_number, or change customer_type"})
		}
	}
	var err error
	if t.own, err = c.accounting(d, seller, account, row); err != nil {
		gaps = append(gaps, err)
	}
	return t, errors.Join(gaps...)
}

// accounting finds the rate into the currency that the seller accounts for tax in.
// It must be there where the supply is one of the seller's country, and is stated
// where it is there.
func (c *Composer) accounting(d *Document, seller *rating.SellerRow, account *rating.AccountRow, row *rating.TaxRow) (*AccountingTax, error) {
	own := seller.AccountingCurrency()
	if own == "" || own == d.Currency {
		return nil, nil //nolint:nilnil // the document's own currency says it all
	}
	rate := c.Tariff.ExchangeRate(d.Currency, own, d.Month)
	switch {
	case rate != nil:
		return &AccountingTax{Currency: own, Rate: rate.Rate, RateOn: rate.On, Source: rate.Source}, nil
	case row.Treatment == outsideScope, row.Treatment == reverseCharge && account.Country != seller.Country:
		return nil, nil //nolint:nilnil // supplied elsewhere: no tax is due in the seller's country
	}
	return nil, &Gap{
		account.Account, NoExchangeRate,
		rating.Row{},
		fmt.Sprintf("billed in %s, and VAT must be stated in %s too, but fx.csv has no rate from %s to %s for %s", d.Currency, own, d.Currency, own, d.Month),
		fmt.Sprintf("add the rate of %s", d.Month.Last()),
	}
}

// taxOf is what decided the tax of an issued document.
func taxOf(issued *Document) tax {
	var t tax
	if len(issued.Taxes) > 0 {
		t.decision = &issued.Taxes[0]
	}
	t.own = issued.AccountingTax
	return t
}

// total completes an invoice: what its lines say beside each other, net, tax on the
// net, gross.
func (c *Composer) total(d *Document, account *rating.AccountRow) error {
	t, err := c.decide(d, account)
	if err != nil {
		return err
	}
	nameRegimes(d.Lines, nil)
	d.addUp(t)
	return nil
}

// totalLike completes a note with the tax of the invoice that it corrects:
// treatment, rate, wording, and the exchange rate into the seller's currency,
// whatever the tariff says by now.
func (d *Document) totalLike(invoice *Document) {
	nameRegimes(d.Lines, invoice.Lines)
	d.addUp(taxOf(invoice))
}

// addUp computes all totals from the lines. Tax is rounded once, on the net; in
// the seller's currency net and tax are converted as they stand on the document
// and rounded once each.
func (d *Document) addUp(t tax) {
	d.Net, d.ExactNet, d.Tax, d.Taxes, d.AccountingTax = decimal.Decimal{}, decimal.Decimal{}, decimal.Decimal{}, nil, nil
	for _, l := range d.Lines {
		d.Net, d.ExactNet = d.Net.Add(l.Billed), d.ExactNet.Add(l.Exact)
	}
	if t.decision != nil {
		levied := *t.decision
		levied.Base = d.Net
		levied.Tax = rating.RoundBilled(d.Net.Mul(levied.RatePercent).Shift(-2), d.Currency)
		d.Taxes = []TaxTotal{levied}
		d.Tax = levied.Tax
	}
	d.Gross = d.Net.Add(d.Tax)
	if t.own != nil {
		own := *t.own
		own.Net = rating.RoundBilled(d.Net.Mul(own.Rate), own.Currency)
		own.Tax = rating.RoundBilled(d.Tax.Mul(own.Rate), own.Currency)
		d.AccountingTax = &own
	}
}
