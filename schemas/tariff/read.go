package tariff

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"postage/rating"
	"slices"
	"strings"
	"unicode/utf8"
)

// Read reads the tariff in the folder fsys and checks it as a whole.
//
// A tariff without faults gives rows in the order of the files, and no error.
// Faults come all at once as a *[Faults]. When every cell could be read and
// only [Check] found something (a sender of an unknown account, say), the rows
// come back beside the error: whoever merely looks may go on with them and
// leave messages unrated; whoever issues documents must not. Any other error is
// a folder that cannot be read.
//
// When fsys is a [Workbook], the faults of its cells are among those reported,
// and all are worded in sheets and rows.
func Read(fsys fs.FS) (*rating.TariffRows, error) {
	files, others, err := load(fsys)
	if err != nil {
		return nil, err
	}
	r := &reader{
		rows:   rating.TariffRows{Version: VersionOf(files.canonical())},
		broken: map[string]bool{},
		bad:    map[rating.Row]bool{},
	}
	book, _ := fsys.(Workbook)
	r.cellFaults(book.Faults)
	for _, name := range others {
		if meant := misspelt(name); meant != "" {
			r.misspelt(name, meant, files)
		}
	}
	for _, s := range specs {
		if b, ok := files[s.name]; ok {
			r.file(s, b)
		} else if s.required && !r.broken[s.name] {
			r.broken[s.name] = true
			r.fault(rating.Fault{
				Row: rating.Row{File: s.name}, Problem: "missing",
				Fix: "add it with the columns " + strings.Join(s.columnNames(true), ","),
			})
		}
	}
	unreadable := len(r.faults) > 0
	for _, f := range check(&r.rows, r.broken) {
		if !r.bad[f.Row] { // a line that cannot be read is not judged further
			r.fault(f)
		}
	}
	switch sortFaults(r.faults); {
	case unreadable:
		return nil, &Faults{List: r.faults, Workbook: book.Name}
	case len(r.faults) > 0:
		return &r.rows, &Faults{List: r.faults, Workbook: book.Name}
	}
	return &r.rows, nil
}

// reader collects the rows and faults of one tariff.
type reader struct {
	rows   rating.TariffRows
	faults []rating.Fault
	broken map[string]bool     // files whose rows are not all known
	bad    map[rating.Row]bool // lines with a cell that cannot be read
	told   map[place]bool      // cells that were reported before they became text
}

func (r *reader) fault(f rating.Fault) { r.faults = append(r.faults, f) }

// misspelt reports a file under a wrong name. The right one is not missing, then.
func (r *reader) misspelt(name, meant string, files Files) {
	r.broken[meant] = true
	fix := "rename it to " + meant
	if _, exists := files[meant]; exists {
		fix = "merge it into " + meant + " or move it out of the folder"
	}
	r.fault(rating.Fault{Row: rating.Row{File: name}, Problem: "not a file of a tariff and would be ignored", Fix: fix})
}

// file reads one file. What is wrong with a line does not stop the lines after it.
func (r *reader) file(s spec, content []byte) {
	if at := invalidUTF8Line(content); at > 0 {
		r.broken[s.name] = true
		r.fault(rating.Fault{Row: rating.Row{File: s.name, Line: at}, Problem: "not UTF-8 text", Fix: "save it as CSV UTF-8 with commas"})
		return
	}
	in := csv.NewReader(bytes.NewReader(content))
	in.FieldsPerRecord = -1
	var head *header
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			r.quotes(s, syntax)
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if blank(cells) {
			continue
		}
		at, _ := in.FieldPos(0)
		place := rating.Row{File: s.name, Line: at}
		if head == nil {
			if head = r.header(s, place, cells); head == nil {
				r.broken[s.name] = true
				return
			}
			continue
		}
		l := &line{in: r, head: head, Row: place, cells: cells, lineOf: func(i int) int { at, _ := in.FieldPos(i); return at }}
		if r.fits(l) {
			s.add(r, l)
		}
	}
	if head == nil {
		r.broken[s.name] = true
		r.fault(rating.Fault{
			Row: rating.Row{File: s.name, Line: 1}, Problem: "no header",
			Fix: "begin the file with " + strings.Join(s.columnNames(true), ","),
		})
	}
}

// quotes reports quotation marks that do not work out.
func (r *reader) quotes(s spec, e *csv.ParseError) {
	problem := "a quoted cell without a proper end"
	if errors.Is(e.Err, csv.ErrBareQuote) {
		problem = "a quote inside a cell"
	}
	r.broken[s.name] = true
	r.fault(rating.Fault{
		Row: rating.Row{File: s.name, Line: e.StartLine}, Problem: problem,
		Fix: "put the whole cell in quotes and write a quote inside it twice",
	})
}

// fits says whether the line has a cell for each column and nothing beyond.
func (r *reader) fits(l *line) bool {
	n, want := len(l.cells), l.head.width
	if n == want || n > want && blank(l.cells[want:]) {
		return true
	}
	fix := fmt.Sprintf("give it %d, empty ones included", want)
	if n > want {
		fix += `; a cell with a comma in it needs "quotes"`
	}
	r.broken[l.File] = true
	r.fault(rating.Fault{Row: l.Row, Problem: fmt.Sprintf("%d cells under a header of %d", n, want), Fix: fix})
	return false
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return c != "" })
}

// invalidUTF8Line is the first line that is not UTF-8, or 0.
func invalidUTF8Line(b []byte) int {
	if utf8.Valid(b) {
		return 0
	}
	at := 1
	for l := range bytes.Lines(b) {
		if !utf8.Valid(l) {
			return at
		}
		at++
	}
	return at
}
