package sheets

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// rows writes the rows of one sheet as SpreadsheetML into a pack, and nothing
// else of the sheet: what grows with the data goes by here, and costs a few
// nanoseconds a cell; everything around it is excelize's. Strings stand in their
// cells, so memory does not grow with rows.
//
// Rows are written from top to bottom, cells from left to right.
type rows struct {
	pack   *pack
	buf    []byte
	digits []byte // number of the row
	column int    // of the next cell, 0 is A
}

// rowsFlush is how many bytes of rows are handed on at once.
const rowsFlush = 64 << 10

// begin opens a row. A height is in points; 0 leaves it to the reader.
func (r *rows) begin(number int, height float64) {
	r.digits = strconv.AppendInt(r.digits[:0], int64(number), 10)
	r.column = 0
	r.buf = append(r.buf, `<row r="`...)
	r.buf = append(r.buf, r.digits...)
	if height > 0 {
		r.buf = append(r.buf, `" ht="`...)
		r.buf = strconv.AppendFloat(r.buf, height, 'f', -1, 64)
		r.buf = append(r.buf, `" customHeight="1`...)
	}
	r.buf = append(r.buf, `">`...)
}

func (r *rows) end() {
	r.buf = append(r.buf, `</row>`...)
	if len(r.buf) >= rowsFlush {
		r.flush()
	}
}

func (r *rows) flush() {
	r.pack.write(r.buf)
	r.buf = r.buf[:0]
}

// skip leaves a cell empty.
func (r *rows) skip() { r.column++ }

// at opens a cell up to its style attribute.
func (r *rows) at() {
	r.buf = append(r.buf, `<c r="`...)
	r.buf = append(r.buf, columnNames[r.column]...)
	r.buf = append(r.buf, r.digits...)
	r.column++
}

// ready writes a cell made before by one of the append functions.
func (r *rows) ready(c []byte) {
	if len(c) == 0 {
		r.column++
		return
	}
	r.at()
	r.buf = append(r.buf, c...)
}

func (r *rows) text(style int, s string) {
	if s == "" {
		r.column++
		return
	}
	r.at()
	r.buf = appendTextCell(r.buf, style, s)
}

func (r *rows) integer(style int, n int64) {
	r.at()
	r.buf = appendStyle(r.buf, style)
	r.buf = append(r.buf, `"><v>`...)
	r.buf = strconv.AppendInt(r.buf, n, 10)
	r.buf = append(r.buf, `</v></c>`...)
}

func (r *rows) instant(style int, at instant) {
	r.at()
	r.buf = appendStyle(r.buf, style)
	r.buf = append(r.buf, `"><v>`...)
	r.buf = at.appendSerial(r.buf)
	r.buf = append(r.buf, `</v></c>`...)
}

func appendStyle(b []byte, style int) []byte {
	b = append(b, `" s="`...)
	return strconv.AppendInt(b, int64(style), 10)
}

// appendTextCell adds a cell without its opening: text, whatever it begins with.
func appendTextCell(b []byte, style int, s string) []byte {
	b = appendStyle(b, style)
	if isPlain(s) {
		b = append(b, `" t="inlineStr"><is><t>`...)
		b = append(b, s...)
		return append(b, `</t></is></c>`...)
	}
	b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
	b = appendEscaped(b, clean(s))
	return append(b, `</t></is></c>`...)
}

// appendNumberCell adds a cell without its opening: a decimal number as written,
// or a formula with the number it gives.
func appendNumberCell(b []byte, style int, formula, number string) []byte {
	b = appendStyle(b, style)
	b = append(b, `">`...)
	if formula != "" {
		b = append(b, `<f>`...)
		b = appendMarkup(b, formula)
		b = append(b, `</f>`...)
	}
	b = append(b, `<v>`...)
	b = append(b, number...)
	return append(b, `</v></c>`...)
}

// appendWordsCell adds a formula that gives text.
func appendWordsCell(b []byte, style int, formula, words string) []byte {
	b = appendStyle(b, style)
	b = append(b, `" t="str"><f>`...)
	b = appendMarkup(b, formula)
	b = append(b, `</f><v>`...)
	b = appendEscaped(b, clean(words))
	return append(b, `</v></c>`...)
}

func appendEmptyCell(b []byte, style int) []byte { return append(appendStyle(b, style), `"/>`...) }

// isPlain reports text that stands in XML as it is: most of it does.
func isPlain(s string) bool {
	if len(s) > maxText || s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if !plainBytes[s[i]] && (s[i] != '_' || i+1 < len(s) && s[i+1] == 'x') {
			return false
		}
	}
	return true
}

// plainBytes are printable ASCII without markup and the underscore.
var plainBytes = func() (plain [256]bool) {
	for c := byte(' '); c <= '~'; c++ {
		plain[c] = !strings.ContainsRune(`&<>"_`, rune(c))
	}
	return plain
}()

// appendEscaped adds text, with what spreadsheets take for the notation of
// another character ("_x0041_" for A) written so that it is read as it stands: ECMA-376, ST_Xstring.
func appendEscaped(b []byte, s string) []byte {
	for {
		at := strings.Index(s, "_x")
		if at < 0 {
			return appendMarkup(b, s)
		}
		b = appendMarkup(b, s[:at])
		if isNotation(s[at:]) {
			b = append(b, "_x005F"...)
		}
		b = append(b, "_x"...)
		s = s[at+2:]
	}
}

// isNotation reports text that begins with _xHHHH_.
func isNotation(s string) bool {
	if len(s) < 7 || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}

func appendMarkup(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&quot;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// columnNames are A to ZZ; no table here is as wide.
var columnNames = func() (names [702]string) {
	for i := range names {
		names[i] = letter(i + 1)
	}
	return names
}()

// shorten cuts text to what a cell can hold, counted as spreadsheets do.
func shorten(s string) string {
	if len(s) <= maxText {
		return s
	}
	units := 0
	for i, r := range s {
		units++
		if r > 0xFFFF {
			units++
		}
		if units > maxText-1 && i+utf8.RuneLen(r) < len(s) {
			return s[:i] + "…"
		}
	}
	return s
}

// maxText is how many UTF-16 units a cell can hold.
const maxText = 32_767
