// Package sheets writes invoices and the finance workbook as XLSX. It is the
// only package that knows excelize.
//
// It computes no charge: every amount comes from statements and documents. What
// a reader may want to follow is a live formula, stored together with its value.
// The same input gives the same bytes.
package sheets

import (
	"errors"
	"fmt"
	"io"
	"postage/rating"
	"time"

	"github.com/xuri/excelize/v2"
)

var utc = time.UTC

// book is a workbook being written. The first error stops it and is returned
// by save; calls after it do nothing.
type book struct {
	file   *excelize.File
	styles map[look]int
	parts  map[string]string // part name of a sheet, by its name
	rows   map[string]*pack  // by part name
	err    error
}

func newBook() *book {
	b := &book{file: excelize.NewFile(), styles: map[look]int{}, parts: map[string]string{}, rows: map[string]*pack{}}
	b.style(plain)
	return b
}

func (b *book) note(err error) {
	if b.err == nil {
		b.err = err
	}
}

// properties describes the workbook. No clock is read: on is its only date.
func (b *book) properties(title, author string, on rating.Date) {
	at := on.String() + "T00:00:00Z"
	b.note(b.file.SetDocProps(&excelize.DocProperties{
		Title: clean(title), Creator: clean(author), LastModifiedBy: clean(author), Created: at, Modified: at, Language: "en-GB",
	}))
	b.note(b.file.SetAppProps(&excelize.AppProperties{Application: "Postage"}))
}

// save writes the workbook to w, and removes what it has in temporary files.
// Nothing is written when an error came before.
func (b *book) save(w io.Writer) error {
	defer b.discard()
	for _, p := range b.rows {
		b.note(p.finish())
	}
	if b.err != nil {
		return b.err
	}
	b.file.SetActiveSheet(0)
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return &archive{w: w, rows: b.rows} })
	_, err := b.file.WriteTo(io.Discard)
	return err
}

func (b *book) discard() {
	for _, p := range b.rows {
		_ = p.finish() // what is left of a workbook that is given up
		_ = p.packed.close()
	}
	_ = b.file.Close()
}

// column is a column of a sheet: its title, width in characters and whether it
// holds figures, whose titles stand at the right.
type column struct {
	title   string
	width   float64
	figures bool
}

// plan is all that is said of a sheet beside its rows.
type plan struct {
	name     string
	title    string // in the page header when printed
	columns  []column
	frozen   int  // rows that stay in view and are repeated on every printed page
	from     int  // first of the repeated rows; 0 means 1
	portrait bool // default is landscape
	noFreeze bool
}

// sheet takes rows from top to bottom.
type sheet struct {
	b    *book
	plan plan
	rows rows
	cell []byte // room for one
	row  int    // last row written
}

// add makes room for sheets, in the order in which readers will see them.
func (b *book) add(names ...string) {
	for _, name := range names {
		if b.err != nil {
			return
		}
		if len(b.parts) == 0 {
			b.note(b.file.SetSheetName("Sheet1", name))
		} else {
			_, err := b.file.NewSheet(name)
			b.note(err)
		}
		b.parts[name] = fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.parts)+1)
	}
}

// open begins a sheet. One that has no room yet comes after all others. Sheets
// may be written at the same time and in any order.
func (b *book) open(p plan) *sheet {
	s := &sheet{b: b, plan: p, rows: rows{pack: &pack{}}}
	if b.parts[p.name] == "" {
		b.add(p.name)
	}
	if b.err != nil {
		return s
	}
	b.rows[b.parts[p.name]] = s.rows.pack
	f := b.file
	if p.frozen > 0 && !p.noFreeze {
		below, _ := excelize.CoordinatesToCellName(1, p.frozen+1)
		b.note(f.SetPanes(p.name, &excelize.Panes{
			Freeze: true, YSplit: p.frozen, TopLeftCell: below, ActivePane: "bottomLeft",
			Selection: []excelize.Selection{{SQRef: below, ActiveCell: below, Pane: "bottomLeft"}},
		}))
	}
	for i, c := range p.columns {
		b.note(f.SetColWidth(p.name, letter(i+1), letter(i+1), c.width))
	}
	return s
}

// page sets how the sheet prints: A4, one page wide, headers repeated.
func (b *book) page(p plan) {
	f := b.file
	orientation, wide, tall, a4, yes, no := "landscape", 1, 0, 9, true, false
	if p.portrait {
		orientation = "portrait"
	}
	b.note(f.SetSheetProps(p.name, &excelize.SheetPropsOptions{FitToPage: &yes}))
	b.note(f.SetSheetView(p.name, 0, &excelize.ViewOptions{ShowGridLines: &no}))
	b.note(f.SetPageLayout(p.name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall}))
	side, end, edge := 0.5, 0.75, 0.35
	b.note(f.SetPageMargins(p.name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &edge, Footer: &edge}))
	b.note(f.SetHeaderFooter(p.name, &excelize.HeaderFooterOptions{
		OddHeader: "&L&8" + headerText(p.title) + "&R&8&A", OddFooter: "&R&8Page &P of &N",
	}))
	if p.frozen > 0 {
		from := max(1, p.from)
		b.note(f.SetDefinedName(&excelize.DefinedName{
			Name: "_xlnm.Print_Titles", Scope: p.name, RefersTo: fmt.Sprintf("'%s'!$%d:$%d", p.name, from, p.frozen),
		}))
	}
}

// headerText keeps only what cannot be read as a command in a page header.
func headerText(s string) string {
	var out []rune
	for _, r := range clean(s) {
		if r == '&' {
			r = '+'
		}
		if out = append(out, r); len(out) == 100 {
			break
		}
	}
	return string(out)
}

var errFull = errors.New("sheet is full")

// put writes one row and returns its number.
func (s *sheet) put(cells ...cell) int { return s.putHigh(0, cells...) }

// putHigh writes a row of a given height in points; 0 leaves it to the reader.
func (s *sheet) putHigh(height float64, cells ...cell) int {
	s.row++
	if s.b.err != nil {
		return s.row
	}
	if s.row > excelize.TotalRows {
		s.b.note(fmt.Errorf("%s: %w", s.plan.name, errFull))
		return s.row
	}
	s.rows.begin(s.row, height)
	for i, c := range cells {
		if c.text != "" && s.plan.afterFigures(i) && c.look.align == "" {
			c.look.indent = 1
		}
		s.cell = s.b.append(s.cell[:0], c)
		s.rows.ready(s.cell)
	}
	s.rows.end()
	s.b.note(s.rows.pack.err)
	return s.row
}

// afterFigures reports a text column whose neighbour ends in figures; its text
// keeps a distance from them.
func (p plan) afterFigures(i int) bool {
	return i > 0 && i < len(p.columns) && !p.columns[i].figures && p.columns[i-1].figures
}

// titles writes the header row of the plan's columns.
func (s *sheet) titles() {
	cells := make([]cell, len(s.plan.columns))
	for i, c := range s.plan.columns {
		cells[i] = text(c.title).with(header)
		if c.figures {
			cells[i].look = headerNum
		}
	}
	s.putHigh(30, cells...)
}

// filter adds filter buttons to the rows from the header to the last one.
func (s *sheet) filter(last int) {
	const header = firstRow - 1
	if s.b.err != nil || last <= header {
		return
	}
	s.b.note(s.b.file.AutoFilter(s.plan.name, fmt.Sprintf("A%d:%s%d", header, letter(len(s.plan.columns)), last), nil))
}

// close ends the sheet: nothing can be put into it any more.
func (s *sheet) close() {
	if s.b.err != nil {
		return
	}
	s.rows.flush()
	s.b.note(s.rows.pack.finish())
	s.b.page(s.plan) // after the filter, which would take the page's properties with it
	s.b.note(s.b.file.SetSheetDimension(s.plan.name, fmt.Sprintf("A1:%s%d", letter(max(1, len(s.plan.columns))), max(1, s.row))))
}

// columnNumber is letter the other way round.
func columnNumber(letters string) (int, error) { return excelize.ColumnNameToNumber(letters) }

// letter names a column: 1 is A.
func letter(n int) string {
	name, _ := excelize.ColumnNumberToName(n)
	return name
}
