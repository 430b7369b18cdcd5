package closing

import (
	"postage/rating"
	"strings"
	"testing"
)

// TestRatesThatAreNeeded: a currency needs a rate where a row in it can decide for the month, and not
// where such rows were replaced before any message of the month was sent.
func TestRatesThatAreNeeded(t *testing.T) {
	on := func(days int) rating.Date { return october.First().AddDays(days) }
	price := func(rows *rating.TariffRows, market string, from rating.Date, currency string) {
		rows.Prices = append(rows.Prices, rating.PriceRow{PriceList: "list", ValidFrom: from, Currency: currency, Origin: "*", Market: market, Category: "*", FromVolume: 1, UnitPrice: d("1")})
	}
	pack := func(rows *rating.TariffRows, from rating.Date, currency string) {
		rows.Packages = append(rows.Packages, rating.PackageRow{Package: "plain", ValidFrom: from, Currency: currency, PriceList: "list", MonthlyFee: d("1")})
	}
	for name, tt := range map[string]struct {
		change func(*rating.TariffRows)
		want   string // a currency, "" for no exception
	}{
		"price replaced long ago": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-900), "USD")
			price(rows, "India", on(-90), "GBP")
		}, ""},
		"price in force": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-900), "GBP")
			price(rows, "India", on(-90), "USD")
		}, "USD"},
		"price that begins in the month": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-90), "GBP")
			price(rows, "India", on(20), "USD")
		}, "USD"},
		"price that begins after the month": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-90), "GBP")
			price(rows, "India", on(31), "USD")
		}, ""},
		"price of messages still under way": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-900), "USD")
			price(rows, "India", on(-29), "GBP")
		}, "USD"},
		"another market's price replaces it": {func(rows *rating.TariffRows) {
			price(rows, "India", on(-900), "USD")
			price(rows, "Kenya", on(-90), "GBP")
		}, "USD"},
		"package replaced long ago": {func(rows *rating.TariffRows) { pack(rows, on(-900), "USD"); pack(rows, on(-90), "GBP") }, ""},
		"package in force":          {func(rows *rating.TariffRows) { pack(rows, on(-900), "GBP"); pack(rows, on(-90), "USD") }, "USD"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newHouse(t)
			w.use(lateTariff("v0", tt.change))
			var got []string
			for _, e := range w.closer.precheck(october) {
				if e.Account == "acme" {
					got = append(got, e.String())
				}
			}
			if (tt.want == "") != (got == nil) || tt.want != "" && !strings.Contains(got[0], "from "+tt.want+" to GBP") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
