package tariff

import (
	"postage/rating"
	"strings"
)

// Workbook is a tariff that came as a workbook, its sheets turned into the files
// of the same names, line n being row n. Package sheets does the turning; what
// it found wrong with cells comes along, to be reported with everything else.
//
// Its rows, its canonical form and its version are those of the files: a tariff
// does not remember that it was a workbook, so price rows are still called
// "prices.csv:17". Only faults speak of sheets.
type Workbook struct {
	Files
	Name   string         // as people call it, such as tariff.xlsx
	Faults []rating.Fault // of cells; File is the CSV file, Line the row
}

// place is a cell, by the title of its column in small letters.
type place struct {
	rating.Row
	column string
}

// cellFaults takes over what was found wrong with cells before they became
// text. Sheets that are no part of a tariff are their owner's business.
func (r *reader) cellFaults(found []rating.Fault) {
	r.told = map[place]bool{}
	for _, f := range found {
		if !isFile(f.File) {
			continue
		}
		r.fault(f)
		if f.Line == 0 {
			r.broken[f.File] = true
			continue
		}
		r.bad[f.Row] = true
		r.told[place{f.Row, strings.ToLower(f.Column)}] = true
	}
}

func isFile(name string) bool {
	for _, s := range specs {
		if s.name == name {
			return true
		}
	}
	return false
}

// CellFaults is what was found wrong with the cells of the tariff's own sheets,
// as a *[Faults], or nil: the text of such a workbook is not what its author sees.
func (w Workbook) CellFaults() error {
	r := &reader{broken: map[string]bool{}, bad: map[rating.Row]bool{}}
	r.cellFaults(w.Faults)
	if len(r.faults) == 0 {
		return nil
	}
	sortFaults(r.faults)
	return &Faults{List: r.faults, Workbook: w.Name}
}
