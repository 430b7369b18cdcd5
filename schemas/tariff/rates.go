package tariff

import (
	"fmt"
	"postage/rating"
)

// rateKey names a rate: the rows that are taken or left together.
type rateKey struct {
	list, origin, market, category string
	from                           rating.Date
}

// rates checks each rate by itself: tiers that begin at 1 and at different
// volumes, in one currency.
func (c *checker) rates() {
	type tierKey struct {
		rateKey
		volume int64
	}
	lowest := map[rateKey]rating.PriceRow{} // the row of the first tier
	first := map[rateKey]rating.PriceRow{}  // the row that stands first
	tiers := once[tierKey]{}
	var order []rateKey
	for _, r := range c.rows.Prices {
		k := rateKey{r.PriceList, r.Origin, r.Market, r.Category, r.ValidFrom}
		tiers.see(c, tierKey{k, r.FromVolume}, r.Row, "from_volume", fmt.Sprint(r.FromVolume),
			"delete one, or give it another from_volume or valid_from")
		f, seen := first[k]
		if !seen {
			first[k], lowest[k] = r, r
			order = append(order, k)
			continue
		}
		if r.Currency != f.Currency && r.Currency != "" && f.Currency != "" {
			c.fault(r.Row, "currency", r.Currency, fmt.Sprintf("line %d, a tier of the same rate, is in %s", f.Line, f.Currency), "write "+f.Currency)
		}
		if r.FromVolume < lowest[k].FromVolume {
			lowest[k] = r
		}
	}
	for _, k := range order {
		if c.broken["prices.csv"] || k.list == "" || k.origin == "" || k.market == "" || k.category == "" || k.from.IsZero() {
			return // the first tier may be on a line that could not be read
		}
	}
	for _, k := range order {
		if r := lowest[k]; r.FromVolume != 1 {
			c.fault(r.Row, "from_volume", fmt.Sprint(r.FromVolume), "the rate has no tier from 1", "write 1, or add the tier from 1")
		}
	}
}
