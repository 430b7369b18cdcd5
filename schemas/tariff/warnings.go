package tariff

import (
	"cmp"
	"fmt"
	"postage/rating"
	"slices"
	"strings"
)

// Warnings names what is no fault but will be missed. Sorted by file and line.
//
// A price list in use that cannot price a market at all, whatever the category,
// leaves messages of the day on unrated. A list may be partial on purpose, so a
// tariff with warnings is sound. Lists of costs count as used too.
//
// An account of the day without the data that decide its tax can be rated, but not
// invoiced.
func Warnings(rows *rating.TariffRows, on rating.Date) []rating.Fault {
	found := taxWarnings(rows, on)
	markets := marketsHeldOn(rows, on)
	prices := anyPriceOn(rows, on)
	seen := map[use]bool{}
	for _, u := range usesOn(rows, on) {
		key := use{list: u.list, origin: u.origin, column: u.column}
		if seen[key] {
			continue
		}
		seen[key] = true
		var without []string
		for _, m := range markets {
			if !prices.can(u.list, u.origin, m) {
				without = append(without, m.name)
			}
		}
		if len(without) > 0 {
			found = append(found, rating.Fault{
				Row: u.at, Column: u.column, Value: u.list,
				Problem: fmt.Sprintf("no price on %s for accounts of %s in %d of %d markets: %s", on, u.origin, len(without), len(markets), strings.Join(without, ", ")),
				Fix:     "add rows to prices.csv, or leave messages to them unrated",
			})
		}
	}
	sortFaults(found)
	return found
}

// use is a price list in use by accounts of a country.
type use struct {
	list, origin, column string
	at                   rating.Row
}

// usesOn are the price lists of the packages that accounts have on a day, in the
// order of accounts.
func usesOn(rows *rating.TariffRows, on rating.Date) []use {
	packages := map[string]rating.PackageRow{}
	for _, r := range rows.Packages {
		if p, ok := packages[r.Package]; !on.Before(r.ValidFrom) && (!ok || p.ValidFrom.Before(r.ValidFrom)) {
			packages[r.Package] = r
		}
	}
	var uses []use
	for _, a := range accountPeriods(rows) {
		p, ok := packages[a.account.Package]
		if !ok || !a.holds(on) {
			continue
		}
		uses = append(uses, use{p.PriceList, a.account.Country, "price_list", p.Row})
		if p.CostList != "" {
			uses = append(uses, use{p.CostList, a.account.Country, "cost_list", p.Row})
		}
	}
	return uses
}

// marketOn is a market with the countries it holds on a day.
type marketOn struct {
	name      string
	countries []string
}

func marketsHeldOn(rows *rating.TariffRows, on rating.Date) []marketOn {
	type key struct{ prefix, country string }
	current := map[key]rating.MarketRow{}
	for _, r := range rows.Markets {
		k := key{r.Prefix, r.Country}
		if m, ok := current[k]; !on.Before(r.ValidFrom) && (!ok || m.ValidFrom.Before(r.ValidFrom)) {
			current[k] = r
		}
	}
	countries := map[string][]string{}
	for _, r := range current {
		country := cmp.Or(r.Country, rating.CountryOfNumber("+"+r.Prefix))
		countries[r.Market] = append(countries[r.Market], country)
	}
	var markets []marketOn
	for name, held := range countries {
		markets = append(markets, marketOn{name, held})
	}
	slices.SortFunc(markets, func(a, b marketOn) int { return cmp.Compare(a.name, b.name) })
	return markets
}

// anyPrice says for which (list, origin, market or country) there is a price.
type anyPrice map[[3]string]bool

func anyPriceOn(rows *rating.TariffRows, on rating.Date) anyPrice {
	p := anyPrice{}
	for _, r := range rows.Prices {
		if !on.Before(r.ValidFrom) {
			p[[3]string{r.PriceList, r.Origin, r.Market}] = true
		}
	}
	return p
}

// can says whether the list has any price for the market, or for a part of it.
func (p anyPrice) can(list, origin string, m marketOn) bool {
	for _, o := range [...]string{origin, "*"} {
		if p[[3]string{list, o, "*"}] || p[[3]string{list, o, m.name}] {
			return true
		}
		for _, country := range m.countries {
			if p[[3]string{list, o, country}] {
				return true
			}
		}
	}
	return false
}
