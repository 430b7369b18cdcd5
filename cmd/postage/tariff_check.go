package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"postage/rating"
	"postage/schemas/tariff"
	"time"
)

// tariffCheckCommand is `postage tariff check`.
type tariffCheckCommand struct {
	Tariff string `arg:"" help:"Folder of CSV files, XLSX workbook, or \"example\"."`
	On     string `placeholder:"YYYY-MM-DD" help:"Day for which warnings are given (default: today)."`
	JSON   bool   `name:"json" help:"Print one JSON object per fault on standard output."`
}

// Help is the long help.
func (*tariffCheckCommand) Help() string {
	return `Reads all files, and names every fault in one run, with file, line, column, value and what to write instead.
Exit status 1 when there is one. Warnings are markets that a price list in use has no price for on the day, and
accounts that could not be invoiced for want of tax data; they are no faults.

Examples:
  postage tariff check my-tariff
  postage tariff check my-tariff.xlsx --json | jq -r .fix
  postage tariff check my-tariff --on 2026-10-01`
}

func (c *tariffCheckCommand) Run(s *streams) error {
	on := rating.DateOf(time.Now())
	if c.On != "" {
		var err error
		if on, err = rating.ParseDate(c.On); err != nil {
			return usageError{err}
		}
	}
	files, err := tariffFiles(c.Tariff)
	if err != nil {
		return err
	}
	rows, err := tariff.Read(files)
	if err == nil {
		_, err = rating.NewTariff(rows)
	}
	if faults, ok := errors.AsType[*tariff.Faults](err); ok && c.JSON {
		if err := writeFaults(s.out, faults); err != nil {
			return err
		}
		return fmt.Errorf("tariff %s: %d faults", c.Tariff, len(faults.List))
	}
	if err != nil {
		return err
	}
	for _, w := range tariff.Warnings(rows, on) {
		fmt.Fprintf(s.err, "warning: %s\n", tariff.DescribeIn(workbookName(files), w))
	}
	if c.JSON {
		return nil
	}
	_, err = fmt.Fprintf(s.out, "%s\n%d accounts, %d senders, %d market rows, %d price rows, %d packages\n", rows.Version,
		len(rows.Accounts), len(rows.Senders), len(rows.Markets), len(rows.Prices), len(rows.Packages))
	return err
}

// faultLine is one line of `postage tariff check --json`. Members that do not
// apply are left out.
type faultLine struct {
	Workbook string `json:"workbook,omitempty"`
	File     string `json:"file"` // of a workbook, the sheet with .csv
	Line     int    `json:"line,omitempty"`
	Column   string `json:"column,omitempty"`
	Value    string `json:"value,omitempty"`
	Problem  string `json:"problem"`
	Fix      string `json:"fix,omitempty"`
}

func writeFaults(out io.Writer, faults *tariff.Faults) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, f := range faults.List {
		if err := lines.Encode(faultLine{faults.Workbook, f.File, f.Line, f.Column, f.Value, f.Problem, f.Fix}); err != nil {
			return err
		}
	}
	return nil
}

// workbookName is the name of the workbook that a tariff is, or "".
func workbookName(files any) string {
	book, _ := files.(tariff.Workbook)
	return book.Name
}
