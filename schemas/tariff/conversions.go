package tariff

import (
	"postage/rating"

	"github.com/shopspring/decimal"
)

// conversions checks that whatever is priced in another currency than its
// account's has an exchange rate. It looks for the pair, not for its days: the
// month that is billed decides which day is needed.
func (c *checker) conversions() {
	if c.broken["fx.csv"] {
		return
	}
	type pair struct{ from, to string }
	have := map[pair]bool{}
	for _, r := range c.rows.FX {
		have[pair{r.From, r.To}] = true
	}
	packages := map[string][]rating.PackageRow{}
	for _, r := range c.rows.Packages {
		packages[r.Package] = append(packages[r.Package], r)
	}
	currencies := c.listCurrencies()

	for _, a := range c.rows.Accounts {
		reported := map[string]bool{}
		needs := func(currency, what string) {
			if a.Currency == "" || currency == "" || currency == a.Currency || have[pair{currency, a.Currency}] || reported[currency] {
				return
			}
			reported[currency] = true
			c.fault(a.Row, "currency", a.Currency, what+" is in "+currency+", and fx.csv has no rate from "+currency+" to "+a.Currency,
				"add the rate of the last day of each month to fx.csv")
		}
		for _, p := range packages[a.Package] {
			if hasFee(p) {
				needs(p.Currency, "package "+p.Package)
			}
			for _, currency := range currencies[listOrigin{p.PriceList, "*"}] {
				needs(currency, "price list "+p.PriceList)
			}
			for _, currency := range currencies[listOrigin{p.PriceList, a.Country}] {
				needs(currency, "price list "+p.PriceList)
			}
		}
	}
}

type listOrigin struct{ list, origin string }

// listCurrencies are the currencies of each price list, for each origin, in the
// order of the file.
func (c *checker) listCurrencies() map[listOrigin][]string {
	type use struct {
		listOrigin
		currency string
	}
	seen := map[use]bool{}
	found := map[listOrigin][]string{}
	for _, r := range c.rows.Prices {
		k := listOrigin{r.PriceList, r.Origin}
		if u := (use{k, r.Currency}); !seen[u] {
			seen[u] = true
			found[k] = append(found[k], r.Currency)
		}
	}
	return found
}

func hasFee(p rating.PackageRow) bool {
	for _, fee := range []decimal.Decimal{p.MonthlyFee, p.SenderFee, p.MinimumSpend, p.CareFee, p.ReceivedFee, p.FailedFee} {
		if !fee.IsZero() {
			return true
		}
	}
	return false
}
