package reports

import (
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// total adds up a document: net from its lines, tax on the net per treatment,
// gross. All lines of an account have one treatment, decided by where seller and
// customer are and what the customer is.
func (c *Composer) total(d *Document, account *rating.AccountRow) error {
	d.Net, d.ExactNet, d.Tax, d.Taxes = decimal.Decimal{}, decimal.Decimal{}, decimal.Decimal{}, nil
	for _, l := range d.Lines {
		d.Net, d.ExactNet = d.Net.Add(l.Billed), d.ExactNet.Add(l.Exact)
	}
	if len(c.Tariff.Rows.Taxes) > 0 {
		row, err := c.tax(d, account)
		if err != nil {
			return err
		}
		tax := rating.RoundBilled(d.Net.Mul(row.RatePercent).Shift(-2), d.Currency)
		d.Taxes = []TaxTotal{{Treatment: row.Treatment, RatePercent: row.RatePercent, Base: d.Net, Tax: tax, Note: row.Note}}
		d.Tax = tax
	}
	d.Gross = d.Net.Add(d.Tax)
	return nil
}

// tax picks the row of taxes.csv: the customer's own country before "*", the
// customer's type before "*", the latest valid_from that has come by the last
// day of the month.
func (c *Composer) tax(d *Document, account *rating.AccountRow) (*rating.TaxRow, error) {
	customerType := account.CustomerType
	if customerType == "" {
		customerType = "business"
	}
	var best *rating.TaxRow
	bestRank := -1
	for i := range c.Tariff.Rows.Taxes {
		t := &c.Tariff.Rows.Taxes[i]
		if t.SellerCountry != d.Seller.Country || d.Month.Last().Before(t.ValidFrom) {
			continue
		}
		rank := 0
		switch t.CustomerCountry {
		case account.Country:
			rank += 2
		case "*":
		default:
			continue
		}
		switch t.CustomerType {
		case customerType:
			rank++
		case "*", "":
		default:
			continue
		}
		if rank > bestRank || rank == bestRank && best.ValidFrom.Before(t.ValidFrom) {
			best, bestRank = t, rank
		}
	}
	if best == nil {
		return nil, fmt.Errorf("account %q: no row of taxes.csv fits seller country %q, customer country %q, customer type %q in %s; add one",
			account.Account, d.Seller.Country, account.Country, customerType, d.Month)
	}
	return best, nil
}
