package tariff

import (
	"fmt"
	"postage/rating"
	"slices"
)

// treatments checks each row of taxes.csv by itself: only the standard treatment
// has a rate, and only a business can account for a reverse charge.
func (c *checker) treatments() {
	for _, r := range c.rows.Taxes {
		switch {
		case r.Treatment == "S" && r.RatePercent.IsZero():
			c.fault(r.Row, "rate_percent", r.RatePercent.String(), "treatment S has a rate", "write the rate, or treatment Z for a rate of zero")
		case r.Treatment != "S" && r.Treatment != "" && !r.RatePercent.IsZero():
			c.fault(r.Row, "rate_percent", r.RatePercent.String(), "treatment "+r.Treatment+" has no rate", "write 0, or treatment S")
		case r.Treatment == "AE" && r.CustomerType == "consumer":
			c.fault(r.Row, "treatment", r.Treatment, "a consumer cannot account for a reverse charge", "write the treatment of consumers, or customer_type business")
		}
	}
}

// taxWarnings names the accounts of the day that could not be invoiced for want of
// tax data: a close would refuse them. Without taxes.csv documents have no tax, and
// nothing is missing.
func taxWarnings(rows *rating.TariffRows, on rating.Date) []rating.Fault {
	if len(rows.Taxes) == 0 {
		return nil
	}
	var found []rating.Fault
	for _, p := range accountPeriods(rows) {
		if p.holds(on) {
			found = append(found, taxWarning(rows, &p.account, on)...)
		}
	}
	return append(found, unusedTaxes(rows)...)
}

func taxWarning(rows *rating.TariffRows, a *rating.AccountRow, on rating.Date) []rating.Fault {
	warn := func(column, value, problem, fix string) []rating.Fault {
		return []rating.Fault{{Row: a.Row, Column: column, Value: value, Problem: problem, Fix: fix}}
	}
	seller := rows.SellerOf(a)
	if seller == nil {
		return warn("seller", a.Seller, "taxes depend on the seller's country, and it is not known who sells", "write a seller of sellers.csv")
	}
	row := rows.TaxOn(seller.Country, a.Country, a.TaxType(), on)
	switch {
	case row == nil:
		return warn("country", a.Country, fmt.Sprintf("no row of taxes.csv fits seller country %s, customer country %s, customer type %s on %s, so there can be no invoice",
			seller.Country, a.Country, a.TaxType(), on), "add one")
	case row.Treatment == "AE" && a.TaxType() == "consumer":
		return warn("customer_type", a.CustomerType, fmt.Sprintf("%s makes a reverse charge of it, and a consumer cannot account for one", row.Row), "add a row for consumers to taxes.csv")
	case row.Treatment == "AE" && a.VATNumber == "":
		return warn("vat_number", "", fmt.Sprintf("empty, and %s makes a reverse charge of it, so there can be no invoice", row.Row), "write the customer's VAT number, or change customer_type")
	}
	own := seller.AccountingCurrency()
	here := row.Treatment != "O" && (row.Treatment != "AE" || a.Country == seller.Country)
	if !here || own == "" || own == a.Currency || slices.ContainsFunc(rows.FX, func(r rating.FXRow) bool { return r.From == a.Currency && r.To == own }) {
		return nil
	}
	return warn("currency", a.Currency, fmt.Sprintf("VAT must be stated in %s too, and fx.csv has no rate from %s to %s, so there can be no invoice", own, a.Currency, own),
		"add the rate of the last day of each month to fx.csv")
}

// unusedTaxes are rows for a country in which nobody sells.
func unusedTaxes(rows *rating.TariffRows) []rating.Fault {
	var found []rating.Fault
	for _, r := range rows.Taxes {
		if !slices.ContainsFunc(rows.Sellers, func(s rating.SellerRow) bool { return s.Country == r.SellerCountry }) {
			found = append(found, rating.Fault{
				Row: r.Row, Column: "seller_country", Value: r.SellerCountry,
				Problem: "no seller of sellers.csv is there, so the row is never used", Fix: "write the country of a seller, or delete the line",
			})
		}
	}
	return found
}
