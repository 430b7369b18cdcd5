package tariff

import (
	"fmt"
	"postage/rating"
	"strconv"
	"strings"
)

// tierGroups are the groups of five columns of a card of tiers, from left to
// right, each with its first column.
var tierGroups = []struct {
	at       int
	category string
}{{2, "utility"}, {7, "authentication"}, {12, "authentication_international"}}

// Columns of a group.
const (
	groupFrom = iota
	groupTo
	groupRateType
	groupRate
	groupWidth = 5

	firstRateType = 2 + groupRateType
)

func isRateType(s string) bool { return strings.EqualFold(s, "LIST") || strings.EqualFold(s, "TIER") }

// tierTitles checks that the header has each group where it is expected, since a
// group read as another would be a wrong price.
func (c *cardReader) tierTitles(head []cardLine) bool {
	before := len(c.faults)
	last := head[len(head)-1]
	for i, title := range titlesOf(last.cells) {
		if title == "from" != (i == tierGroups[0].at || i == tierGroups[1].at || i == tierGroups[2].at) {
			c.fault(last.line, last.cell(i), "", fmt.Sprintf("column %d: From is expected in columns 3, 8 and 13", i+1), "give the carrier's own file, as it was downloaded")
		}
	}
	for _, l := range head {
		for i, title := range titlesOf(l.cells) {
			category, known := listCategories[title]
			if !known {
				continue
			}
			for _, g := range tierGroups {
				if i >= g.at && i < g.at+groupWidth && category != g.category {
					c.fault(l.line, l.cell(i), "", fmt.Sprintf("column %d: %s is expected here", i+1, g.category), "give the carrier's own file, as it was downloaded")
				}
			}
		}
	}
	return len(c.faults) == before
}

// tierEnd is how far the tiers of a market and category reach so far.
type tierEnd struct {
	line    int   // of the last tier
	to      int64 // its end, unlimited when it has none
	unknown bool  // it could not be read
}

const unlimited = -1

// tiers reads the lines under the header of a card of tiers.
func (c *cardReader) tiers(lines []cardLine) {
	type key struct{ market, category string }
	ends := map[key]tierEnd{}
	var order []key
	market, okMarket, currency, okCurrency := "", false, "", false
	for i, l := range lines {
		if l.cell(0) != "" || i == 0 {
			market, okMarket = c.market(l, 0)
		}
		if l.cell(1) != "" || i == 0 {
			currency, okCurrency = c.currency(l.line, l.cell(1))
		}
		for _, g := range tierGroups {
			k, before := key{market, g.category}, len(c.faults)
			r, to, ok := c.tier(l, g.at, g.category)
			end, begun := ends[k]
			switch {
			case len(c.faults) > before: // what follows an unreadable tier cannot be judged
				end.unknown = true
				ends[k] = end
				continue
			case !ok || !okMarket || !okCurrency:
				continue
			case !begun:
				order = append(order, k)
			}
			follows := end.unknown || c.follows(r, g.category, end, begun)
			ends[k] = tierEnd{line: l.line, to: to}
			if follows {
				r.Market, r.Currency = market, currency
				c.add(r, g.category+" Rate")
			}
		}
	}
	for _, k := range order {
		if e := ends[k]; e.to != unlimited && !e.unknown {
			c.fault(e.line, k.category+" To", strconv.FormatInt(e.to, 10), "the last tier of "+k.market+" ends here, so what lies beyond has no price", "write -- if there is no end")
		}
	}
}

// tier reads one group of a line. It is not ok when the group is empty or cannot
// be read.
func (c *cardReader) tier(l cardLine, at int, category string) (r rating.PriceRow, to int64, ok bool) {
	group := l.cells[min(at, len(l.cells)):min(at+groupWidth, len(l.cells))]
	empty := true
	for _, cell := range group {
		empty = empty && (cell == "" || isAbsent(cell) || isDash(cell))
	}
	if empty {
		return r, 0, false
	}
	before := len(c.faults)
	from := c.volume(l.line, category+" From", l.cell(at+groupFrom))
	to = unlimited
	if v := l.cell(at + groupTo); !isDash(v) && !strings.EqualFold(v, "unlimited") {
		to = c.volume(l.line, category+" To", v)
	}
	if v := l.cell(at + groupRateType); !isRateType(v) {
		c.fault(l.line, category+" Rate type", v, "unknown", "write LIST or TIER")
	}
	price, there := c.price(l.line, category+" Rate", l.cell(at+groupRate))
	if !there && len(c.faults) == before {
		c.fault(l.line, category+" Rate", l.cell(at+groupRate), "no price in a tier", "write the price")
	}
	if len(c.faults) > before {
		return r, 0, false
	}
	if from = max(from, 1); to != unlimited && to < from {
		c.fault(l.line, category+" To", l.cell(at+groupTo), "before From", "write a larger number, or -- if there is no end")
		return r, 0, false
	}
	return rating.PriceRow{Row: rating.Row{File: c.name, Line: l.line}, Category: category, FromVolume: from, UnitPrice: price}, to, true
}

// follows checks that a tier begins where the one before it ended.
func (c *cardReader) follows(r rating.PriceRow, category string, end tierEnd, begun bool) bool {
	value, want, problem := strconv.FormatInt(r.FromVolume, 10), int64(1), "the first tier does not begin at 0"
	if begun {
		want, problem = end.to+1, fmt.Sprintf("the tier before it (line %d) ends at %d", end.line, end.to)
	}
	switch {
	case begun && end.to == unlimited:
		c.fault(r.Line, category+" From", value, fmt.Sprintf("the tier before it (line %d) has no end", end.line), "write the end of that one, or delete this one")
	case r.FromVolume == want:
		return true
	case begun:
		c.fault(r.Line, category+" From", value, problem, fmt.Sprintf("write %d", want))
	default:
		c.fault(r.Line, category+" From", value, problem, "write 0, or add the tier from 0")
	}
	return false
}

// volume reads a number of messages, with or without thousands commas.
func (c *cardReader) volume(line int, column, v string) int64 {
	if bare := strings.ReplaceAll(v, ",", ""); plainInteger.MatchString(bare) && (bare == v || thousands.MatchString(v)) {
		n, err := strconv.ParseInt(bare, 10, 64)
		if err == nil {
			return n
		}
	}
	c.fault(line, column, v, "not a whole number", "write a number such as 100,000")
	return 0
}
