package tariff

import (
	"io/fs"
	"postage/rating"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExampleIsClean(t *testing.T) {
	rows, err := Read(Example)
	if err != nil {
		t.Fatalf("the example has faults:\n%v", err)
	}
	for _, a := range rows.Accounts {
		if !strings.Contains(a.Name, "Example") {
			t.Errorf("%s: name %q, want it to say Example", a.Row.File, a.Name)
		}
	}
	numbers := map[string]bool{}
	for _, s := range rows.Senders {
		numbers[s.Account] = true
	}
	for _, a := range rows.Accounts {
		if !numbers[a.Account] {
			t.Errorf("account %s has no sender", a.Account)
		}
	}
}

// TestExampleHasTheMarkets counts the markets of the carrier's cards on both
// sides of each split.
func TestExampleHasTheMarkets(t *testing.T) {
	rows := example(t)
	for _, tt := range []struct {
		on   rating.Date
		want int
	}{
		{rating.Date{Year: 2026, Month: time.June, Day: 30}, 32},
		{rating.Date{Year: 2026, Month: time.July, Day: 1}, 38},
		{rating.Date{Year: 2026, Month: time.October, Day: 1}, 47},
	} {
		if got := len(marketsOn(rows, tt.on)); got != tt.want {
			t.Errorf("markets on %v: got %d, want %d", tt.on, got, tt.want)
		}
	}
}

// TestExampleRatesEverything looks for a gap: an account, a market and a
// category without a price on a day on which there should be one.
func TestExampleRatesEverything(t *testing.T) {
	rows := example(t)
	for _, tt := range []struct {
		on    rating.Date
		lists []string
	}{
		{rating.Date{Year: 2019, Month: time.June, Day: 15}, []string{"classic-gbp"}},
		{rating.Date{Year: 2024, Month: time.November, Day: 1}, []string{"classic-gbp", "standard-usd"}},
		{rating.Date{Year: 2026, Month: time.July, Day: 31}, []string{"classic-gbp", "standard-usd", "standard-eur"}},
		{rating.Date{Year: 2026, Month: time.October, Day: 1}, []string{"classic-gbp", "standard-usd", "standard-eur"}},
		{rating.Date{Year: 2026, Month: time.November, Day: 30}, []string{"classic-gbp", "standard-usd", "standard-eur"}},
	} {
		for _, list := range tt.lists {
			wanted := []string{"marketing", "utility", "authentication"}
			if tt.on.Year == 2026 && tt.on.Month >= time.October {
				wanted = append(wanted, "service")
			}
			if list == "classic-gbp" {
				wanted = []string{"notification"}
			}
			for market := range marketsOn(rows, tt.on) {
				for _, category := range wanted {
					if !priced(rows, list, market, category, tt.on) {
						t.Errorf("%v: %s has no price for %s to %s", tt.on, list, category, market)
					}
				}
			}
		}
	}
}

// TestExampleServiceCostsWhatUtilityCosts holds the rule of October 2026.
func TestExampleServiceCostsWhatUtilityCosts(t *testing.T) {
	rows := example(t)
	newest := map[[4]string]rating.PriceRow{}
	for _, r := range rows.Prices {
		k := [4]string{r.PriceList, r.Origin, r.Market, r.Category}
		if r.FromVolume == 1 && !r.ValidFrom.Before(newest[k].ValidFrom) {
			newest[k] = r
		}
	}
	for k, service := range newest {
		if k[3] != "service" {
			continue
		}
		k[3] = "utility"
		if utility := newest[k]; !utility.UnitPrice.Equal(service.UnitPrice) {
			t.Errorf("%s:%d: service to %s: got %s, want %s as in line %d", service.File, service.Line, k[2], service.UnitPrice, utility.UnitPrice, utility.Line)
		}
	}
}

// TestExampleHasExchangeRates looks for the rates of the months that tests and
// the demonstration bill.
func TestExampleHasExchangeRates(t *testing.T) {
	rows := example(t)
	for _, day := range []string{"2019-06-30", "2026-09-30", "2026-10-31", "2026-11-30"} {
		for _, from := range []string{"EUR", "GBP", "USD"} {
			for _, to := range []string{"BRL", "EUR", "GBP", "INR", "JPY", "KWD", "USD"} {
				found := slices.ContainsFunc(rows.FX, func(r rating.FXRow) bool {
					return r.On.String() == day && r.From == from && r.To == to
				})
				if !found && from != to {
					t.Errorf("no rate from %s to %s on %s", from, to, day)
				}
			}
		}
	}
}

// TestExampleNotesAreNoFormulas keeps the files fit for a spreadsheet: a cell
// must not turn into a formula. Numbers are the exception, being the format's.
func TestExampleNotesAreNoFormulas(t *testing.T) {
	names, err := fs.Glob(Example, "*.csv")
	if err != nil || len(names) == 0 {
		t.Fatalf("files of the example: got %v, %v", names, err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(Example, name)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(string(b), "\n") {
			for cell := range strings.SplitSeq(l, ",") {
				if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "@") {
					t.Errorf("%s:%d: a spreadsheet reads %q as a formula", name, i+1, cell)
				}
			}
		}
	}
}

func example(t *testing.T) *rating.TariffRows {
	t.Helper()
	rows, err := Read(Example)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func marketsOn(rows *rating.TariffRows, on rating.Date) map[string]bool {
	byPrefix := map[string]rating.MarketRow{}
	for _, r := range rows.Markets {
		if !on.Before(r.ValidFrom) && !r.ValidFrom.Before(byPrefix[r.Prefix].ValidFrom) {
			byPrefix[r.Prefix] = r
		}
	}
	found := map[string]bool{}
	for _, r := range byPrefix {
		found[r.Market] = true
	}
	return found
}

// priced says whether a row of any account fits.
func priced(rows *rating.TariffRows, list, market, category string, on rating.Date) bool {
	return slices.ContainsFunc(rows.Prices, func(r rating.PriceRow) bool {
		return r.PriceList == list && r.Origin == "*" && (r.Market == market || r.Market == "*") &&
			r.Category == category && !on.Before(r.ValidFrom)
	})
}
