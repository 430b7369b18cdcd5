package sheets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"postage/rating"
	"strings"
)

// CellFaults are the cells of a workbook whose text would not be what their
// author sees: numbers that lost a +, failed formulas, percentages. Fault.File
// is the name of the CSV file that the sheet became, Fault.Line the row.
type CellFaults struct {
	List []rating.Fault
}

func (f *CellFaults) Error() string {
	lines := make([]string, len(f.List))
	for i, l := range f.List {
		lines[i] = fmt.Sprintf("sheet %s, row %d: %s: %s; %s", strings.TrimSuffix(l.File, ".csv"), l.Line, l.Column, l.Problem, l.Fix)
	}
	return strings.Join(lines, "\n")
}

// ReadTariffWorkbook turns every sheet of an XLSX workbook into a CSV file. A
// sheet "Prices" or "prices.csv" becomes "prices.csv".
//
// Line n of a file is row n of its sheet, blank rows included. A cell of several
// lines keeps them when as many empty rows follow its own, which is how
// [WriteTariffWorkbook] writes it; otherwise it is a fault. Text comes as typed.
// A date comes as YYYY-MM-DD whatever its look, also where it lost its look in a
// column of dates; a month as YYYY-MM in the column month; any other number as
// the shortest decimal that gives the stored number.
//
// With a *[CellFaults] the files come too, so that everything else that is wrong
// with them can be told in the same run. Any other error is a file that is no
// workbook or is larger than a tariff can be; memory stays bounded whatever
// comes.
func ReadTariffWorkbook(r io.Reader) (map[string][]byte, error) {
	w, err := openIncoming(r)
	if err != nil {
		return nil, err
	}
	files, bytesLeft := map[string][]byte{}, csvBytesMax
	var faults []rating.Fault
	for _, s := range w.sheets {
		name := fileName(s.name)
		if _, twice := files[name]; twice {
			faults = append(faults, rating.Fault{Row: rating.Row{File: name}, Value: s.name, Problem: "a second sheet of this name", Fix: "merge the two, or rename one"})
			continue
		}
		c := &conversion{file: name, keepLines: true, bytesMax: bytesLeft, since04: w.since04}
		if err := c.convert(w, s); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.name, err)
		}
		files[name] = c.out.Bytes()
		bytesLeft -= c.out.Len()
		faults = append(faults, c.faults...)
	}
	if len(faults) > 0 {
		return files, &CellFaults{faults}
	}
	return files, nil
}

// ReadFirstSheet turns the first sheet of an XLSX workbook into CSV, row n being
// line n: line breaks inside cells become spaces. It is for tables that are not
// a tariff, such as the carrier's rate cards; numbers are plain decimals, and
// cells that show a percentage or a failed formula come as they are stored.
func ReadFirstSheet(r io.Reader) ([]byte, error) {
	w, err := openIncoming(r)
	if err != nil {
		return nil, err
	}
	if len(w.sheets) == 0 {
		return nil, errors.New("a workbook without sheets")
	}
	c := &conversion{bytesMax: csvBytesMax, since04: w.since04}
	if err := c.convert(w, w.sheets[0]); err != nil {
		return nil, fmt.Errorf("sheet %s: %w", w.sheets[0].name, err)
	}
	return c.out.Bytes(), nil
}

func openIncoming(r io.Reader) (*incoming, error) {
	p, err := openParts(r)
	if err != nil {
		return nil, err
	}
	return openWorkbook(p)
}

// fileName is the CSV file that a sheet stands for.
func fileName(sheet string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(sheet)), ".csv") + ".csv"
}

// conversion turns one sheet into CSV.
type conversion struct {
	file      string
	keepLines bool // of cells with several
	bytesMax  int
	since04   bool

	titles  []string // of the columns: the first row with something in it
	pending []string // the row that is written once it is known what follows
	row     int      // its number
	lines   int      // written
	out     bytes.Buffer
	faults  []rating.Fault
}

var errTooMuch = errors.New("more than a tariff has")

func (c *conversion) convert(w *incoming, s incomingSheet) error {
	if err := w.rows(s.part, c.take); err != nil {
		return err
	}
	return c.flush(rowsMax * 2)
}

func (c *conversion) fault(row, column int, w wrongCell) {
	c.faults = append(c.faults, rating.Fault{
		Row: rating.Row{File: c.file, Line: row}, Column: shownAs(c.titles, column), Value: w.value, Problem: w.problem, Fix: w.fix,
	})
}

const faultsMax = 1000 // one for each cell of a hostile sheet would be too many

func (c *conversion) take(row int, cells []found) error {
	if err := c.flush(row); err != nil {
		return err
	}
	c.row, c.pending = row, nil
	for _, cell := range cells {
		if cell.column > columnsMax {
			c.fault(row, cell.column, wrongCell{cell.value, fmt.Sprintf("beyond the %d columns of a tariff", columnsMax), "delete it"})
			break
		}
		title := ""
		if cell.column <= len(c.titles) {
			title = c.titles[cell.column-1]
		}
		text, wrong := cell.text(title, c.since04)
		if wrong != nil {
			c.fault(row, cell.column, *wrong)
		}
		for len(c.pending) < cell.column {
			c.pending = append(c.pending, "")
		}
		c.pending[cell.column-1] = text
	}
	if c.titles == nil {
		c.titles = append([]string{}, c.pending...)
	}
	for len(c.pending) > 0 && len(c.pending) < len(c.titles) {
		c.pending = append(c.pending, "") // empty cells at the end of a row are not in the sheet
	}
	if len(c.faults) > faultsMax {
		return fmt.Errorf("more than %d cells that cannot be read, the last in row %d", faultsMax, row)
	}
	return nil
}

// flush writes the pending row, and lines up to the row before next.
func (c *conversion) flush(next int) error {
	if c.row == 0 {
		return nil
	}
	for i, text := range c.pending {
		breaks := strings.Count(text, "\n")
		if breaks == 0 {
			continue
		}
		if !c.keepLines || c.row+c.breaks() >= next {
			if c.keepLines {
				c.fault(c.row, i+1, wrongCell{text, "several lines", "write it on one line, with commas between"})
			}
			c.pending[i] = strings.ReplaceAll(text, "\n", " ")
		}
	}
	for ; c.lines < c.row-1; c.lines++ {
		c.out.WriteByte('\n')
	}
	out := csv.NewWriter(&c.out)
	if err := out.Write(c.pending); err != nil {
		return err
	}
	out.Flush()
	c.lines += 1 + c.breaks()
	c.row = 0
	if c.out.Len() > c.bytesMax {
		return errTooMuch
	}
	return nil
}

func (c *conversion) breaks() int {
	n := 0
	for _, text := range c.pending {
		n += strings.Count(text, "\n")
	}
	return n
}
