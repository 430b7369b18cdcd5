package sheets

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// cellKind is how a cell of a workbook holds its content.
type cellKind uint8

const (
	kindText cellKind = iota
	kindNumber
	kindISODate
	kindBool
	kindError    // a formula that gave #N/A and the like
	kindUnsolved // a formula without its result
)

// found is one cell with something in it.
type found struct {
	column int // 1 is A
	kind   cellKind
	value  string
	format numberFormat
}

// rows calls take with each row that has something in it, from top to bottom.
// The slice is used again after that. An empty cell that only has a look is not
// there, so a coloured column costs nothing.
func (w *incoming) rows(part string, take func(row int, cells []found) error) error {
	s := &sheetScan{w: w, take: take}
	return w.each(part, s.token)
}

// sheetScan follows the tags of one sheet.
type sheetScan struct {
	w    *incoming
	take func(row int, cells []found) error

	row, column int
	cells       []found

	kind, style string
	value       strings.Builder
	inline      richText
	inCell      bool
	inValue     bool
	inInline    bool
	formula     bool
	result      bool // the formula's is there, if only as empty text
}

func (s *sheetScan) token(t xml.Token) error {
	if s.inInline {
		s.inline.take(t)
	}
	switch e := t.(type) {
	case xml.StartElement:
		return s.start(e)
	case xml.CharData:
		if s.inValue {
			writeCapped(&s.value, e)
		}
	case xml.EndElement:
		return s.end(e.Name.Local)
	}
	return nil
}

func (s *sheetScan) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		next := s.row + 1
		if r := attr(e, "r"); r != "" {
			n, err := strconv.Atoi(r)
			if err != nil || n <= s.row || n > rowsMax {
				return fmt.Errorf("row %q after row %d: rows have to ascend to %d at most", r, s.row, rowsMax)
			}
			next = n
		}
		s.row, s.column, s.cells = next, 0, s.cells[:0]
	case "c":
		s.column++
		if ref := attr(e, "r"); ref != "" {
			n, ok := columnOf(ref)
			if !ok || n < s.column {
				return fmt.Errorf("cell %q in row %d: columns have to ascend", ref, s.row)
			}
			s.column = n
		}
		if s.column > excelize.MaxColumns {
			return fmt.Errorf("row %d has more than %d columns", s.row, excelize.MaxColumns)
		}
		s.kind, s.style, s.inCell, s.formula = attr(e, "t"), attr(e, "s"), true, false
		s.result = false
		s.value.Reset()
	case "f":
		s.formula = s.formula || s.inCell
	case "v":
		s.inValue, s.result = s.inCell, s.inCell
	case "is":
		s.inInline = s.inCell
	}
	return nil
}

func (s *sheetScan) end(name string) error {
	switch name {
	case "v":
		s.inValue = false
	case "is":
		s.inInline = false
		s.value.WriteString(s.inline.done())
	case "c":
		s.inCell = false
		return s.cell()
	case "row":
		if len(s.cells) > 0 {
			return s.take(s.row, s.cells)
		}
	}
	return nil
}

func (s *sheetScan) cell() error {
	c := found{column: s.column, value: s.value.String()}
	switch s.kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(c.value))
		if c.value == "" {
			break
		}
		if err != nil || n < 0 || n >= len(s.w.shared) {
			return fmt.Errorf("row %d: no shared string %q", s.row, c.value)
		}
		c.value = s.w.shared[n]
	case "str":
		c.value = unescape(c.value)
	case "inlineStr":
	case "b":
		c.kind = kindBool
	case "e":
		c.kind = kindError
	case "d":
		c.kind = kindISODate
	default:
		c.kind = kindNumber
		if n, err := strconv.Atoi(s.style); err == nil && n >= 0 && n < len(s.w.formats) {
			c.format = s.w.formats[n]
		}
	}
	c.value = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(c.value))
	if c.value == "" {
		if !s.formula || s.result && s.kind == "str" {
			return nil
		}
		c.kind = kindUnsolved
	}
	s.cells = append(s.cells, c)
	return nil
}

// columnOf reads the column of a reference such as AB12.
func columnOf(ref string) (int, bool) {
	n, i := 0, 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && i < 4; i++ {
		n = n*26 + int(ref[i]-'A') + 1
	}
	return n, i > 0 && i < 4
}
