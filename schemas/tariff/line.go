package tariff

import (
	"postage/rating"
	"slices"
	"strings"
	"time" // what a timezone is must not depend on the machine
	_ "time/tzdata"
	"unicode"
	"unicode/utf8"
)

// line is one line of a file while it is read into a row. Its methods read one
// cell each, by column; an optional cell that is empty or absent reads as the
// zero value, and one that cannot be read is reported and reads as that too.
type line struct {
	rating.Row
	in     *reader
	head   *header
	cells  []string
	lineOf func(int) int // the file's line on which cell i begins
}

// cell returns what the column says. It is not ok when there is nothing to
// read; hint words the fix where there had to be.
func (l *line) cell(column, hint string) (value string, ok bool) {
	i, there := l.head.at[column]
	if there && l.cells[i] != "" {
		return l.cells[i], true
	}
	if c, _ := l.head.spec.column(column); there && c.need == mustWrite {
		l.wrong(column, "", "empty", hint)
	}
	return "", false
}

// wrong reports a cell.
func (l *line) wrong(column, value, problem, fix string) {
	at := l.Row
	if i, ok := l.head.at[column]; ok {
		at.Line = l.lineOf(i)
	}
	l.in.bad[l.Row] = true
	if l.in.told[place{l.Row, column}] {
		return
	}
	l.in.fault(rating.Fault{Row: at, Column: column, Value: value, Problem: problem, Fix: fix})
}

const textRunesMax = 1000

// text reads any words.
func (l *line) text(column string) string {
	v, _ := l.cell(column, "fill it in")
	if utf8.RuneCountInString(v) > textRunesMax {
		l.wrong(column, v, "longer than 1000 letters", "shorten it")
		return ""
	}
	bad := strings.IndexFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	if bad >= 0 {
		l.wrong(column, v, "has a control character in it", "type it again")
		return ""
	}
	return v
}

// name reads the short name by which rows refer to each other. "*" stands for
// all of them where allowed.
func (l *line) name(column string, star bool) string {
	v := l.text(column)
	switch {
	case v == "*" && !star:
		l.wrong(column, v, "has to name one", "write its short name")
		return ""
	case strings.ContainsAny(v, "\n\t"):
		l.wrong(column, v, "a name of several lines", "write it on one line")
		return ""
	}
	return v
}

// oneOf reads one of a few words.
func (l *line) oneOf(column string, words ...string) string {
	v, ok := l.cell(column, "write one of "+strings.Join(words, ", "))
	if !ok {
		return ""
	}
	if slices.Contains(words, v) {
		return v
	}
	l.wrong(column, v, "unknown", suggest(v, words, "write one of "+strings.Join(words, ", ")))
	return ""
}

func (l *line) regime(column string) rating.Regime {
	return rating.ParseRegime(l.oneOf(column, "NBP", "CBP1", "CBP2", "CBP3", "PMP1", "PMP2"))
}

// category reads a message category. Categories still to come are accepted;
// slips of the known ones are not.
func (l *line) category(column string) string {
	v, ok := l.cell(column, "write a category such as marketing, or *")
	if !ok || v == "*" || slices.Contains(categories, v) {
		return v
	}
	if like := slipOf(strings.ReplaceAll(v, "-", "_"), categories); like != "" {
		l.wrong(column, v, "no category is called that", "write "+like)
		return ""
	}
	if strings.IndexFunc(v, func(r rune) bool { return r != '_' && !isASCIIAlnum(r) }) >= 0 {
		l.wrong(column, v, "not a category", "write a category such as marketing, or *")
		return ""
	}
	return v
}

func isASCIIAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (l *line) currency(column string) string {
	v, ok := l.cell(column, "write a currency such as GBP")
	if !ok {
		return ""
	}
	if isCurrency(v) {
		return v
	}
	fix := "write an ISO 4217 code such as GBP"
	if up := strings.ToUpper(v); isCurrency(up) {
		fix = "write " + up
	} else if code, known := currencySigns[v]; known {
		fix = "write " + code
	}
	l.wrong(column, v, "not a currency", fix)
	return ""
}

// country reads an ISO 3166 code; "*" stands for any where allowed.
func (l *line) country(column string, star bool) string {
	v, ok := l.cell(column, "write a country such as GB")
	if !ok || v == "*" && star || isCountry(v) {
		return v
	}
	fix := "write an ISO 3166 code such as GB"
	if star {
		fix += ", or *"
	}
	switch up := strings.ToUpper(v); {
	case up == "UK":
		fix = "write GB"
	case isCountry(up):
		fix = "write " + up
	}
	l.wrong(column, v, "not a country", fix)
	return ""
}

func (l *line) timezone(column string) string {
	const fix = "write a name such as Europe/London"
	v, ok := l.cell(column, fix)
	if !ok {
		return ""
	}
	// Short names such as EST are fixed offsets; nobody's calendar works so.
	if _, err := time.LoadLocation(v); err != nil || v != "UTC" && !strings.Contains(v, "/") {
		l.wrong(column, v, "not a timezone", fix)
		return ""
	}
	return v
}
