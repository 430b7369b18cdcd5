package rating

import (
	"cmp"
	"slices"
	"strings"
)

// marketIndex finds the market of a destination: by the user's country when the
// tariff lists it, else by the longest dialling prefix, as dated.
type marketIndex struct {
	byPrefix  prefixes[[]*MarketRow] // in time order
	byCountry map[string][]countryPrefix
}

// countryPrefix are the rows that give a country one prefix, in time order. Two
// countries may share a prefix.
type countryPrefix struct {
	prefix string
	rows   []*MarketRow
}

func newMarketIndex(rows []MarketRow) *marketIndex {
	ix := &marketIndex{byCountry: map[string][]countryPrefix{}}
	dated := make([]*MarketRow, len(rows))
	for i := range rows {
		dated[i] = &rows[i]
	}
	slices.SortStableFunc(dated, func(a, b *MarketRow) int { return a.ValidFrom.Compare(b.ValidFrom) })
	for _, r := range dated {
		if of := ix.byPrefix.at(r.Prefix); of != nil {
			*of = append(*of, r)
		}
		if r.Country == "" {
			continue
		}
		prefixes := ix.byCountry[r.Country]
		at := slices.IndexFunc(prefixes, func(p countryPrefix) bool { return p.prefix == r.Prefix })
		if at < 0 {
			prefixes = append(prefixes, countryPrefix{prefix: r.Prefix})
			at = len(prefixes) - 1
		}
		prefixes[at].rows = append(prefixes[at].rows, r)
		ix.byCountry[r.Country] = prefixes
	}
	for _, prefixes := range ix.byCountry { // longest first, so that the first match is the answer
		slices.SortFunc(prefixes, func(a, b countryPrefix) int {
			return cmp.Or(cmp.Compare(len(b.prefix), len(a.prefix)), strings.Compare(a.prefix, b.prefix))
		})
	}
	return ix
}

func marketOn(rows []*MarketRow, on Date) *MarketRow {
	return inForce(rows, on, func(r *MarketRow) Date { return r.ValidFrom })
}

// find returns the market of a user on a date and the user's country. Market is
// "" when no row fits. SEMANTICS, "Pricing": of several rows of the event's
// country, the one with the longest prefix that the number has; of rows whose
// prefix the number does not have, the shortest; without any row of that
// country, the prefix alone decides.
func (ix *marketIndex) find(user, userCountry string, on Date) (market, country string) {
	digits := strings.TrimPrefix(user, "+")
	if userCountry != "" {
		var fallback *MarketRow
		for _, p := range ix.byCountry[userCountry] {
			r := marketOn(p.rows, on)
			if r == nil {
				continue
			}
			if strings.HasPrefix(digits, p.prefix) {
				return r.Market, userCountry
			}
			fallback = r
		}
		if fallback != nil {
			return fallback.Market, userCountry
		}
	}
	var longest *MarketRow
	ix.byPrefix.of(digits, func(rows *[]*MarketRow) {
		longest = cmp.Or(marketOn(*rows, on), longest)
	})
	country = userCountry
	if longest != nil {
		market, country = longest.Market, cmp.Or(userCountry, longest.Country)
	}
	if country == "" {
		country = CountryOfNumber(user)
	}
	return market, country
}
