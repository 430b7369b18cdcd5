package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"postage/ingest"
	"postage/ingest/files"
	"postage/rating"
	"postage/schemas/events"
	"slices"
	"unicode/utf8"
)

// csvRows cuts a CSV file into rows (RFC 4180; the separator may be a comma, a
// semicolon or a tab). A broken row ends at the end of its line, so that one
// stray quote costs one row.
type csvRows struct {
	*table
	lines *files.Lines
	comma byte
	data  []byte // read, not given out
	block []byte // memory of the next block
	line  int64  // number of the line that data begins with
	eof   bool

	fields  [][]byte
	scratch []byte
}

// rowBytesMax is the longest row whose quoted cells may have ends of line.
const rowBytesMax = 64 << 10

// row is one row; its memory is valid until the next one.
type row struct {
	line  int64 // that it begins with, from 1
	raw   []byte
	cells [][]byte
	fault string // what is wrong, "" for nothing
}

// next returns the next row that is not blank, or io.EOF.
func (r *csvRows) next() (row, error) {
	for {
		if len(r.data) == 0 {
			if err := r.more(); err != nil {
				return row{}, err
			}
			continue
		}
		n, fault := r.split()
		if n < 0 && !r.eof && len(r.data) < rowBytesMax {
			if err := r.more(); err != nil && !errors.Is(err, io.EOF) {
				return row{}, err
			}
			continue
		}
		if n < 0 {
			n, fault = lineEnd(r.data), "a quote that is not closed"
		}
		got := row{line: r.line, raw: r.data[:n], cells: r.fields, fault: fault}
		r.data = r.data[n:]
		r.line += int64(max(1, bytes.Count(got.raw, []byte{'\n'})))
		if len(bytes.TrimSpace(got.raw)) > 0 {
			return got, nil
		}
	}
}

// more reads another block behind what is left.
func (r *csvRows) more() error {
	b, err := r.lines.Next(r.block)
	if errors.Is(err, io.EOF) {
		r.eof = true
	}
	if err != nil {
		return err
	}
	if len(r.data) == 0 {
		r.data, r.line = b.Data, int64(b.Line)
		r.block = b.Data[:0]
		return nil
	}
	r.data = append(slices.Clone(r.data), b.Data...)
	r.block = nil
	return nil
}

// split parses the row that data begins with into fields, and returns its length
// with the end of line, or -1 when it goes on beyond data.
func (r *csvRows) split() (n int, fault string) {
	r.fields, r.scratch = r.fields[:0], r.scratch[:0]
	d := r.data
	for i := 0; ; {
		if i < len(d) && d[i] == '"' {
			field, end := r.quoted(i + 1)
			if end < 0 {
				return -1, ""
			}
			r.fields = append(r.fields, field)
			i = end
			if i < len(d) && d[i] == '\r' && i+1 < len(d) && d[i+1] == '\n' {
				i++
			}
		} else {
			start := i
			for i < len(d) && d[i] != r.comma && d[i] != '\n' {
				if d[i] == '"' {
					return i + lineEnd(d[i:]), "a quote inside a cell that is not quoted"
				}
				i++
			}
			field := d[start:i]
			if i == len(d) || d[i] == '\n' {
				field = bytes.TrimSuffix(field, []byte{'\r'})
			}
			r.fields = append(r.fields, field)
		}
		switch {
		case i == len(d):
			return i, ""
		case d[i] == '\n':
			return i + 1, ""
		case d[i] != r.comma:
			return i + lineEnd(d[i:]), "something behind the end of a quoted cell"
		}
		i++
	}
}

// quoted reads a quoted cell that begins at start, behind the quote. end is where
// it ends, behind its last quote, or -1 when it does not.
func (r *csvRows) quoted(start int) (field []byte, end int) {
	d := r.data
	plain, from := true, len(r.scratch)
	for i := start; ; {
		q := bytes.IndexByte(d[i:], '"')
		if q < 0 {
			return nil, -1
		}
		i += q + 1
		twice := i < len(d) && d[i] == '"'
		switch {
		case !twice && plain:
			return d[start : i-1], i
		case !twice:
			r.scratch = append(r.scratch, d[start:i-1]...)
			return r.scratch[from:len(r.scratch):len(r.scratch)], i
		}
		r.scratch = append(r.scratch, d[start:i]...)
		plain = false
		i++
		start = i
	}
}

// lineEnd is the length of the line that d begins with, its end included.
func lineEnd(d []byte) int {
	if i := bytes.IndexByte(d, '\n'); i >= 0 {
		return i + 1
	}
	return len(d)
}

// newCSVRows begins with the first block of a file, whose first line names the
// columns. An error says why it does not.
func newCSVRows(lines *files.Lines, first files.Block) (*csvRows, error) {
	r := &csvRows{lines: lines}
	names := first.Data[:lineEnd(first.Data)]
	if bytes.ContainsRune(bytes.TrimRight(names, "\r\n"), '\r') { // all rows would be names of columns
		return nil, errors.New("found lines that end with CR, expected LF or CR LF")
	}
	for _, c := range []byte{',', ';', '\t'} {
		if r.comma == 0 || bytes.Count(names, []byte{c}) > bytes.Count(names, []byte{r.comma}) {
			r.comma = c
		}
	}
	r.data, r.eof, r.line = names, true, 1
	h, err := r.next()
	if err != nil {
		return nil, errors.New("no row with the names of the columns")
	}
	if h.fault != "" {
		return nil, fmt.Errorf("the names of the columns: %s", h.fault)
	}
	columns := make([]string, len(h.cells))
	for i, c := range h.cells {
		columns[i] = string(bytes.TrimSpace(c))
	}
	if r.table, err = newTable(columns); err != nil {
		return nil, err
	}
	r.data, r.eof = first.Data[len(names):], false
	return r, nil
}

// csvReader reads the rows of a CSV file as records. The offset of a record is
// the number of its line, from 0; the names of the columns are the first line.
type csvReader struct {
	*csvRows
	cells []cell
	from  int64
}

// read appends some records.
func (r *csvReader) read(dst []ingest.Message, topic string, at rating.Instant) ([]ingest.Message, error) {
	arena := make([]byte, 0, 256<<10)
	for len(arena) < 128<<10 {
		row, err := r.next()
		if err != nil {
			return dst, err
		}
		if row.line-1 < r.from {
			continue
		}
		m := ingest.Message{Topic: topic, Offset: row.line - 1, Time: at}
		start := len(arena)
		if arena, m.Fault = r.record(arena, &row); m.Fault != nil && len(arena) == start {
			arena = append(arena, bytes.TrimRight(row.raw, "\r\n")...)
		}
		m.Value = arena[start:len(arena):len(arena)]
		dst = append(dst, m)
	}
	return dst, nil
}

// record appends a row as a v1 event, or nothing where it is no row of the table.
func (r *csvReader) record(dst []byte, row *row) ([]byte, *events.Refusal) {
	switch {
	case row.fault != "":
		return dst, &events.Refusal{Reason: events.BadValue, Detail: fmt.Sprintf("cell %d: found %s", len(row.cells)+1, row.fault)}
	case len(row.cells) != len(r.columns):
		return dst, &events.Refusal{Reason: events.BadValue, Detail: fmt.Sprintf("found %d cells, expected %d as in the first line", len(row.cells), len(r.columns))}
	}
	r.cells = r.cells[:0]
	for i, text := range row.cells {
		if !utf8.Valid(text) {
			return dst, &events.Refusal{Reason: events.BadValue, Detail: r.columns[i].name + ": found bytes that are not UTF-8, expected a file in UTF-8"}
		}
		r.cells = append(r.cells, cell{text: text})
	}
	return r.appendRecord(dst, r.cells)
}

func (r *csvReader) close() { r.lines.Close() }
