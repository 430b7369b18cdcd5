package sheets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// tariffOrder is how people read a tariff; other files follow by name.
var tariffOrder = []string{
	"accounts", "senders", "markets", "prices", "packages", "regimes", "settings", "fx", "sellers", "taxes", "adjustments", "opening", "gl",
}

// WriteTariffWorkbook writes CSV files as an XLSX workbook of one sheet each: the
// line on which a record begins becomes the row of the same number. Every cell
// is text and every column is formatted as text, so that prices keep the digits
// they were typed with, numbers their + and zeros, and dates their form, also in
// rows typed in later. The same files give the same bytes.
//
// Cells that a workbook cannot hold (control characters, more than 32,767
// letters, more than 1,048,576 rows) are an error naming the line.
func WriteTariffWorkbook(w io.Writer, files map[string][]byte) error {
	if len(files) == 0 {
		return errors.New("a workbook needs a sheet")
	}
	b := newBook()
	b.typedStyles()
	for _, name := range inTariffOrder(files) {
		if err := b.tariffSheet(name, files[name]); err != nil {
			b.note(fmt.Errorf("%s%w", name, err))
		}
	}
	return b.save(w)
}

func inTariffOrder(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	place := func(name string) int {
		if at := slices.Index(tariffOrder, strings.TrimSuffix(name, ".csv")); at >= 0 {
			return at
		}
		return len(tariffOrder)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

var (
	typed      = look{format: "@"}
	typedTitle = look{format: "@", bold: true, fill: pale}
)

// typedStyles registers the looks of text as typed. Other formatted cells shrink
// a figure that is too wide; text here runs on into the next cell instead.
func (b *book) typedStyles() {
	const textFormat = 49 // "@"
	for _, l := range []look{typed, typedTitle} {
		s := &excelize.Style{NumFmt: textFormat, Font: &excelize.Font{Bold: l.bold, Size: 10, Color: ink, Family: "Calibri"}}
		if l.fill != "" {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
		}
		id, err := b.file.NewStyle(s)
		b.note(err)
		b.styles[l] = id
	}
}

// record is one line of a CSV file with something in it.
type record struct {
	line  int
	cells []string
}

func (b *book) tariffSheet(name string, content []byte) error {
	records, err := readRecords(content)
	if err != nil {
		return err
	}
	p := plan{name: strings.TrimSuffix(name, ".csv"), title: "Tariff: " + strings.TrimSuffix(name, ".csv"), columns: widths(records)}
	if len(records) > 0 {
		p.frozen = records[0].line
	}
	s := b.open(p)
	if b.err == nil && len(p.columns) > 0 {
		b.note(b.file.SetColStyle(p.name, "A:"+letter(len(p.columns)), b.style(typed)))
	}
	for i, r := range records {
		for s.row < r.line-1 && b.err == nil {
			s.put()
		}
		l := typed
		if i == 0 {
			l = typedTitle
		}
		cells := make([]cell, len(r.cells))
		for j, v := range r.cells {
			if v != "" {
				cells[j] = text(v).with(l)
			}
		}
		s.put(cells...)
	}
	s.close()
	return nil
}

// escapes is text that spreadsheets take for the notation of other characters,
// in the forms that excelize does not protect from it.
var escapes = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_|_x005[Ff]_`)

// readRecords reads a CSV file, cells trimmed as the tariff's reader does.
func readRecords(content []byte) ([]record, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	content = bytes.ReplaceAll(content, []byte("\r"), []byte("\n"))
	in := csv.NewReader(bytes.NewReader(content))
	in.FieldsPerRecord = -1
	var records []record
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, fmt.Errorf(":%d: %w", syntax.StartLine, syntax.Err)
		}
		if err != nil {
			return nil, fmt.Errorf(": %w", err)
		}
		line, _ := in.FieldPos(0)
		something := false
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
			something = something || cells[i] != ""
			switch {
			case !utf8.ValidString(cells[i]):
				return nil, fmt.Errorf(":%d: not UTF-8 text; save the file as CSV UTF-8", line)
			case clean(cells[i]) != cells[i] || escapes.MatchString(cells[i]):
				return nil, fmt.Errorf(":%d: a cell that a workbook cannot hold: a control character, or more than 32,767 letters; type it again", line)
			}
		}
		if line > excelize.TotalRows {
			return nil, fmt.Errorf(":%d: a sheet ends at row %d", line, excelize.TotalRows)
		}
		if something {
			records = append(records, record{line, cells})
		}
	}
}

// widths are columns as wide as what stands in them, within reason.
func widths(records []record) []column {
	const narrow, wide, sample = 8, 48, 5000
	var columns []column
	for i, r := range records {
		for j, v := range r.cells {
			if j == len(columns) {
				columns = append(columns, column{width: narrow})
			}
			if i < sample {
				columns[j].width = min(wide, max(columns[j].width, float64(utf8.RuneCountInString(v))*1.1+2))
			}
		}
	}
	return columns
}
