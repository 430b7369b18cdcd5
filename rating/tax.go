package rating

// TaxOn picks the row of taxes.csv for a supply: the customer's own country
// before "*", then the customer's type before "*", and of several rows of the
// same the one that began last, on or before the day. nil when none fits.
func (r *TariffRows) TaxOn(sellerCountry, customerCountry, customerType string, on Date) *TaxRow {
	var best *TaxRow
	bestRank := -1
	for i := range r.Taxes {
		t := &r.Taxes[i]
		if t.SellerCountry != sellerCountry || on.Before(t.ValidFrom) {
			continue
		}
		rank := 0
		switch t.CustomerCountry {
		case customerCountry:
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
	return best
}

// TaxType is the customer's type for taxes.csv: business where accounts.csv does
// not say.
func (r *AccountRow) TaxType() string {
	if r.CustomerType == "" {
		return "business"
	}
	return r.CustomerType
}

// SellerOf is who sells to an account: the seller it names, or the only one there
// is. nil when there is none or the choice is open.
func (r *TariffRows) SellerOf(a *AccountRow) *SellerRow {
	if a.Seller == "" && len(r.Sellers) == 1 {
		return &r.Sellers[0]
	}
	for i := range r.Sellers {
		if r.Sellers[i].Seller == a.Seller {
			return &r.Sellers[i]
		}
	}
	return nil
}

// AccountingCurrency is the currency in which a seller owes its own country the
// tax: the column currency of sellers.csv, or sterling for a seller in the United
// Kingdom, whose invoices must state it (VAT Regulations 1995, regulation 14). ""
// when the tariff does not say.
func (r *SellerRow) AccountingCurrency() string {
	if r.Currency == "" && r.Country == "GB" {
		return "GBP"
	}
	return r.Currency
}

// ExchangeRate is the row of fx.csv that converts what is billed for a month: the
// latest on or before its last day. nil when there is none.
func (t *Tariff) ExchangeRate(from, to string, m Month) *FXRow {
	rates := t.fx[[2]string{from, to}]
	for i := range rates {
		if rate := &rates[len(rates)-1-i]; !m.Last().Before(rate.On) {
			return rate
		}
	}
	return nil
}
