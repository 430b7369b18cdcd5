package tariff

import "postage/rating"

// listCategories are the categories of a list by the letters of its titles.
var listCategories = map[string]string{
	"marketing": "marketing", "utility": "utility", "authentication": "authentication",
	"authenticationinternational": "authentication_international", "service": "service",
}

// byTokens is the column that has no price of messages: the carrier's business
// agent is billed by what its model reads and writes.
const byTokens = "metabusinessagent"

// list reads the lines under the header of a list.
func (c *cardReader) list(head cardLine, lines []cardLine) {
	type priceColumn struct {
		at       int
		category string
	}
	market, currency := -1, -1
	var prices []priceColumn
	seen := map[string]bool{}
	before := len(c.faults)
	for i, title := range titlesOf(head.cells) {
		if title != "" && seen[title] {
			c.fault(head.line, head.cell(i), "", "the column is there twice", "delete one")
		}
		seen[title] = true
		switch category, known := listCategories[title]; {
		case known:
			prices = append(prices, priceColumn{i, category})
		case title == "market":
			market = i
		case title == "currency":
			currency = i
		case title == byTokens:
			c.notes = append(c.notes, rating.Fault{
				Row: rating.Row{File: c.name, Line: head.line}, Column: head.cell(i), Problem: "left out: billed by tokens, not by messages",
			})
		case head.cell(i) != "":
			c.fault(head.line, head.cell(i), "", "a column that is not known", "delete the column, or have it built in")
		}
	}
	if len(c.faults) > before {
		return
	}
	if len(lines) == 0 {
		c.fault(head.line, "", "", "nothing under the header", "give the carrier's own file, as it was downloaded")
	}
	for _, l := range lines {
		at := rating.Row{File: c.name, Line: l.line}
		name, okMarket := c.market(l, market)
		code, okCurrency := c.currency(l.line, l.cell(currency))
		for _, p := range prices {
			figure, there := c.price(l.line, head.cell(p.at), l.cell(p.at))
			if there && okMarket && okCurrency {
				c.add(rating.PriceRow{Row: at, Currency: code, Market: name, Category: p.category, FromVolume: 1, UnitPrice: figure}, head.cell(p.at))
			}
		}
	}
}
