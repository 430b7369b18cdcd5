package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports/sheets"
	"postage/schemas/tariff"
)

// tariffImportCommand is `postage tariff import`.
type tariffImportCommand struct {
	Files     []string `arg:"" help:"The carrier's rate-card files: lists and volume tiers, CSV or XLSX, whatever their names end in."`
	PriceList string   `required:"" placeholder:"NAME" help:"Price list that the rows become part of."`
	Effective string   `required:"" placeholder:"YYYY-MM-DD" help:"Day from which the prices are valid."`
	Into      string   `placeholder:"DIR" help:"Append to DIR/prices.csv, or begin one, instead of printing."`
	Markets   string   `placeholder:"TARIFF" help:"Tariff whose markets.csv the card's names are matched with (default: DIR, else the example)."`
}

// Help is the long help.
func (*tariffImportCommand) Help() string {
	return `Takes the cards as they are downloaded: preambles, odd currency signs, thousands commas, n/a, workbooks called .csv.
Figures are kept digit by digit; discounts are never computed. Give the list and the tiers of one currency in one run,
and each currency a price list of its own. Nothing is written unless all of it can be, and rows that are there stay.

Examples:
  postage tariff import rates-usd.csv tiers-usd.csv --price-list carrier-usd --effective 2026-10-01
  postage tariff import rates-eur.csv --price-list carrier-eur --effective 2026-10-01 --into my-tariff`
}

func (c *tariffImportCommand) Run(s *streams) error {
	effective, err := rating.ParseDate(c.Effective)
	if err != nil {
		return usageError{err}
	}
	if c.PriceList == "" || c.PriceList == "*" {
		return usagef("--price-list %q: name one", c.PriceList)
	}
	if isWorkbook(c.Into) {
		return usagef("--into %s: name a folder; `postage tariff export` turns a workbook into one", c.Into)
	}
	markets, err := c.marketNames()
	if err != nil {
		return err
	}
	var cards []tariff.CardFile
	for _, name := range c.Files {
		content, err := readCard(name)
		if err != nil {
			return err
		}
		cards = append(cards, tariff.CardFile{Name: name, Content: content})
	}
	card, err := tariff.ReadCards(cards, tariff.CardOptions{PriceList: c.PriceList, Effective: effective, Markets: markets})
	if err != nil {
		return err
	}
	for _, n := range card.Notes {
		fmt.Fprintf(s.err, "note: %s\n", tariff.Describe(n))
	}
	fmt.Fprintf(s.err, "%d prices for %d markets read from %d files\n", len(card.Rows), marketsOf(card.Rows), len(c.Files))
	if c.Into != "" {
		return c.into(s, card.Rows)
	}
	content, err := tariff.AppendPrices(nil, card.Rows)
	if err != nil {
		return err
	}
	_, err = s.out.Write(content)
	return err
}

func marketsOf(rows []rating.PriceRow) int {
	names := map[string]bool{}
	for _, r := range rows {
		names[r.Market] = true
	}
	return len(names)
}

// marketNames are the markets of the tariff that the card is for, else those of
// the example.
func (c *tariffImportCommand) marketNames() ([]string, error) {
	source := c.Markets
	if source == "" {
		source = "example"
		if _, err := os.Stat(filepath.Join(c.Into, "markets.csv")); c.Into != "" && err == nil {
			source = c.Into
		}
	}
	files, err := tariffFiles(source)
	if err != nil {
		return nil, err
	}
	names, err := tariff.MarketNames(files)
	if err != nil {
		return nil, fmt.Errorf("markets of tariff %s: %w", source, err)
	}
	return names, nil
}

// cardBytesMax is far beyond a card of all markets and tiers.
const cardBytesMax = 32 << 20

// readCard reads a rate-card file as CSV. Whether it is a workbook shows in its
// first bytes: the carrier has delivered workbooks called .csv.
func readCard(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("rate card %s does not exist", name)
	} else if err != nil {
		return nil, fmt.Errorf("rate card: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, cardBytesMax+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("rate card: %w", err)
	case len(content) > cardBytesMax:
		return nil, fmt.Errorf("rate card %s: more than %d MB", name, cardBytesMax>>20)
	case bytes.HasPrefix(content, []byte("PK\x03\x04")) || bytes.HasPrefix(content, []byte("\xd0\xcf\x11\xe0")):
		if content, err = sheets.ReadFirstSheet(bytes.NewReader(content)); err != nil {
			return nil, fmt.Errorf("rate card %s: %w", name, err)
		}
	}
	return content, nil
}
