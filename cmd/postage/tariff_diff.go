package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"postage/schemas/tariff"
	"strconv"
	"strings"
)

// tariffDiffCommand is `postage tariff diff`.
type tariffDiffCommand struct {
	A        string `arg:"" help:"The tariff before: folder, XLSX workbook, or \"example\"."`
	B        string `arg:"" help:"The tariff after."`
	JSON     bool   `name:"json" help:"Print one JSON object per row that differs."`
	ExitCode bool   `help:"Exit with 1 when a row differs."`
}

// Help is the long help.
func (*tariffDiffCommand) Help() string {
	return `Rows are told apart by what they are about, not by where they stand: a price by list, origin, market, category,
day and from_volume. Cells are compared as written, so 0.05 instead of 0.0500 is a change. The tariffs need not be sound.

Examples:
  postage tariff diff my-tariff my-tariff.xlsx
  postage tariff diff old new --json | jq 'select(.file == "prices.csv")'
  postage tariff diff old new --exit-code && echo the same`
}

func (c *tariffDiffCommand) Run(s *streams) error {
	before, versionA, err := readTables(c.A)
	if err != nil {
		return err
	}
	after, versionB, err := readTables(c.B)
	if err != nil {
		return err
	}
	found := tariff.Diff(before, after)
	out := bufio.NewWriter(s.out)
	if c.JSON {
		err = writeDifferencesJSON(out, found)
	} else {
		fmt.Fprintf(out, "--- %s %s\n+++ %s %s\n", c.A, versionA, c.B, versionB)
		writeDifferences(out, found)
		fmt.Fprintln(out, summary(found, versionA == versionB))
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if c.ExitCode && len(found) > 0 {
		return fmt.Errorf("%s and %s differ", c.A, c.B)
	}
	return nil
}

func readTables(name string) (tariff.Tables, string, error) {
	files, err := tariffFiles(name)
	if err != nil {
		return nil, "", err
	}
	if err := cellFaults(files); err != nil {
		return nil, "", err
	}
	tables, err := tariff.ReadTables(files)
	if err != nil {
		return nil, "", fmt.Errorf("tariff %s: %w", name, err)
	}
	version, err := tariff.Version(files)
	return tables, version, err
}

// cellFaults is what is wrong with cells of a workbook before they are text.
func cellFaults(files fs.FS) error {
	if book, ok := files.(tariff.Workbook); ok {
		return book.CellFaults()
	}
	return nil
}

// writeDifferences prints one line per row:
//
//	changed prices.csv:3 -> prices.csv:4  list, *, Qatar, utility, 2026-10-01, 1: unit_price 0.0450 -> 0.0440
func writeDifferences(out io.Writer, found []tariff.Difference) {
	for _, d := range found {
		var places, key, cells []string
		for _, line := range []int{d.OldLine, d.NewLine} {
			if line > 0 {
				places = append(places, d.File+":"+strconv.Itoa(line))
			}
		}
		for _, k := range d.Key {
			key = append(key, plainly(k.Value))
		}
		for _, c := range d.Cells {
			switch d.Change {
			case tariff.Added:
				cells = append(cells, c.Column+" "+plainly(c.New))
			case tariff.Removed:
				cells = append(cells, c.Column+" "+plainly(c.Old))
			case tariff.Changed:
				cells = append(cells, c.Column+" "+plainly(c.Old)+" -> "+plainly(c.New))
			}
		}
		line := fmt.Sprintf("%-7s %s  %s", d.Change, strings.Join(places, " -> "), strings.Join(key, ", "))
		if len(cells) > 0 {
			line += ": " + strings.Join(cells, ", ")
		}
		fmt.Fprintln(out, line)
	}
}

// plainly quotes what would not stand out as one value on a line.
func plainly(v string) string {
	if v == "" || strings.ContainsAny(v, ",\"") || strings.IndexFunc(v, func(r rune) bool { return !strconv.IsPrint(r) }) >= 0 {
		return strconv.Quote(v)
	}
	return v
}

func summary(found []tariff.Difference, sameVersion bool) string {
	n := map[tariff.Change]int{}
	for _, d := range found {
		n[d.Change]++
	}
	switch {
	case len(found) > 0:
		return fmt.Sprintf("%d rows differ: %d added, %d removed, %d changed", len(found), n[tariff.Added], n[tariff.Removed], n[tariff.Changed])
	case sameVersion:
		return "the same tariff"
	default:
		return "no row differs; the versions do, because rows, columns or blank lines stand elsewhere"
	}
}

func writeDifferencesJSON(out io.Writer, found []tariff.Difference) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, d := range found {
		if err := lines.Encode(d); err != nil {
			return err
		}
	}
	return nil
}
