package tariff

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"postage/rating"
	"slices"
	"strings"
)

// CardFile is one of the carrier's rate-card files, as CSV. What came as a
// workbook is turned into CSV first, row n being line n.
type CardFile struct {
	Name    string // for faults
	Content []byte
}

// CardOptions says what a rate card does not say itself.
type CardOptions struct {
	PriceList string
	Effective rating.Date
	Markets   []string // the names of markets.csv, which the card's names become
}

// Card is what rate-card files come to as rows of prices.csv.
type Card struct {
	Rows  []rating.PriceRow // sorted; Row is the place in the card
	Notes []rating.Fault    // what was left out on purpose
}

// ReadCards reads the carrier's rate-card files, lists and tiers in any mixture,
// each told by its content:
//
//   - A list has a line Market,Currency and a column for each category, after a
//     preamble. n/a is a price that does not exist.
//   - Tiers have a header of several lines, then 17 columns: market, currency, and
//     From, To, Rate type, Rate, vs List for utility, authentication and
//     international authentication. Market and currency hold for the lines below
//     until the next. "--" in To is no end.
//
// Prices are the card's figures, digit by digit: a discount is never computed.
// From 0 becomes from_volume 1. A price that stands in two files is one row if
// both agree, and a fault if not. Faults come all at once, as a *[Faults].
func ReadCards(files []CardFile, o CardOptions) (*Card, error) {
	c := &cardReader{options: o, markets: newMarketNames(o.Markets), seen: map[cardKey]rating.PriceRow{}}
	for _, f := range files {
		c.file(f)
	}
	if len(c.faults) > 0 {
		return nil, &Faults{List: c.faults}
	}
	slices.SortStableFunc(c.rows, func(a, b rating.PriceRow) int {
		return cmp.Or(cmp.Compare(a.Market, b.Market), cmp.Compare(categoryOrder(a.Category), categoryOrder(b.Category)), cmp.Compare(a.FromVolume, b.FromVolume))
	})
	return &Card{c.rows, c.notes}, nil
}

func categoryOrder(category string) int { return slices.Index(categories, category) }

// cardKey tells the prices of one list and day apart.
type cardKey struct {
	market, category string
	from             int64
}

type cardReader struct {
	options CardOptions
	markets *marketNames
	name    string // of the file being read
	rows    []rating.PriceRow
	seen    map[cardKey]rating.PriceRow
	notes   []rating.Fault
	faults  []rating.Fault
}

func (c *cardReader) fault(line int, column, value, problem, fix string) {
	column = strings.Join(strings.Fields(column), " ") // titles may have several lines
	c.faults = append(c.faults, rating.Fault{Row: rating.Row{File: c.name, Line: line}, Column: column, Value: value, Problem: problem, Fix: fix})
}

// cardLine is one line with something on it.
type cardLine struct {
	line  int
	cells []string // trimmed
}

func (l cardLine) cell(i int) string {
	if i < len(l.cells) {
		return l.cells[i]
	}
	return ""
}

func (c *cardReader) file(f CardFile) {
	c.name = f.Name
	lines, ok := c.lines(normalise(f.Content))
	if !ok {
		return
	}
	// The header stands after a preamble of five lines at most; a few more do no harm.
	const headerLinesMax = 12
	for i, l := range lines[:min(len(lines), headerLinesMax)] {
		titles := titlesOf(l.cells)
		switch {
		case slices.Contains(titles, "from") && slices.Contains(titles, "rate"):
			if c.tierTitles(lines[:i+1]) {
				c.tiers(lines[i+1:])
			}
			return
		case titles[0] == "market" && slices.Contains(titles, "currency") && slices.Contains(titles, "marketing"):
			c.list(l, lines[i+1:])
			return
		case isRateType(l.cell(firstRateType)): // tiers under five lines without the usual titles
			c.tiers(lines[i:])
			return
		}
	}
	c.fault(0, "", "", "neither a list (Market, Currency, Marketing, ...) nor tiers (From, To, Rate type, Rate, vs List)",
		"give the carrier's own file, as it was downloaded")
}

// titlesOf are the letters of each cell, small: "Authentication-\nInternational"
// and "Authentication International" are one title. There is always a first.
func titlesOf(cells []string) []string {
	titles := []string{""}
	for i, cell := range cells {
		t := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, strings.ToLower(cell))
		if i == 0 {
			titles[0] = t
		} else {
			titles = append(titles, t)
		}
	}
	return titles
}

func (c *cardReader) lines(content []byte) (lines []cardLine, ok bool) {
	if at := invalidUTF8Line(content); at > 0 {
		c.fault(at, "", "", "not UTF-8 text", "give the carrier's own file, as it was downloaded")
		return nil, false
	}
	in := csv.NewReader(bytes.NewReader(content))
	in.FieldsPerRecord = -1
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return lines, true
		}
		if syntax, isSyntax := errors.AsType[*csv.ParseError](err); isSyntax {
			c.fault(syntax.StartLine, "", "", "a quotation mark that does not work out", "give the carrier's own file, as it was downloaded")
			return nil, false
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if !blank(cells) {
			at, _ := in.FieldPos(0)
			lines = append(lines, cardLine{at, cells})
		}
	}
}

// add takes a price, unless it is there already.
func (c *cardReader) add(r rating.PriceRow, column string) {
	r.PriceList, r.ValidFrom, r.Origin = c.options.PriceList, c.options.Effective, "*"
	k := cardKey{r.Market, r.Category, r.FromVolume}
	first, again := c.seen[k]
	switch {
	case !again:
		c.seen[k] = r
		c.rows = append(c.rows, r)
	case first.Currency != r.Currency:
		c.fault(r.Line, column, PlainPrice(r), fmt.Sprintf("in %s, but %s has the price in %s", r.Currency, first.Row, first.Currency), "import each currency into a price list of its own")
	case !first.UnitPrice.Equal(r.UnitPrice):
		c.fault(r.Line, column, PlainPrice(r), fmt.Sprintf("%s says %s", first.Row, PlainPrice(first)), "find out which of the two is right and leave the other file out")
	}
}

// PlainPrice is a unit price with the decimals it was written with.
func PlainPrice(r rating.PriceRow) string {
	return r.UnitPrice.StringFixed(max(0, -r.UnitPrice.Exponent()))
}

// MarketNames are the markets of a tariff, in the order of markets.csv; the other
// files are not looked at.
func MarketNames(fsys fs.FS) ([]string, error) {
	files, _, err := load(fsys)
	if err != nil {
		return nil, err
	}
	only := Files{}
	if content, ok := files["markets.csv"]; ok {
		only["markets.csv"] = content
	}
	tables, err := ReadTables(only)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, w := range tables["markets.csv"] {
		if name := w.cells["market"]; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
