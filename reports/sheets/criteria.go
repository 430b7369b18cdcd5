package sheets

import (
	"fmt"
	"strings"
	"unicode"
)

// block is rows of a sheet that formulas add up over.
type block struct {
	sheet       string
	first, last int
	twins       map[string]bool // lower-case keys that occur in more than one spelling
}

// twins finds the keys that differ only in case, which SUMIFS would add together.
func twins(keys []string) map[string]bool {
	seen, out := map[string]string{}, map[string]bool{}
	for _, k := range keys {
		low := strings.ToLower(k)
		if other, ok := seen[low]; ok && other != k {
			out[low] = true
		}
		seen[low] = k
	}
	return out
}

// of is the absolute range of one column of the block.
func (b block) of(column string) string {
	return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", b.sheet, column, b.first, column, max(b.first, b.last))
}

// where is one condition: the column equals the cell at ref, which holds key, or a
// number.
type where struct {
	column, ref, key string
	number           bool
}

// sum adds up a column over the rows that meet all conditions. It is SUMIFS,
// except where SUMIFS would read a key as a pattern, a number or a comparison:
// an account called "*" must not add up everybody.
func (b block) sum(column string, conditions ...where) string {
	if b.literal(conditions) {
		return "SUMIFS(" + b.of(column) + b.pairs(conditions) + ")"
	}
	return "SUMPRODUCT(" + b.exact(conditions) + "*" + b.of(column) + ")"
}

// count counts the rows that meet all conditions.
func (b block) count(conditions ...where) string {
	if b.literal(conditions) {
		return "COUNTIFS(" + strings.TrimPrefix(b.pairs(conditions), ",") + ")"
	}
	return "SUMPRODUCT(" + b.exact(conditions) + "*1)"
}

func (b block) pairs(conditions []where) string {
	var s strings.Builder
	for _, c := range conditions {
		s.WriteString("," + b.of(c.column) + "," + c.ref)
	}
	return s.String()
}

func (b block) exact(conditions []where) string {
	terms := make([]string, len(conditions))
	for i, c := range conditions {
		terms[i] = "EXACT(" + b.of(c.column) + "," + c.ref + ")"
	}
	return strings.Join(terms, "*")
}

func (b block) literal(conditions []where) bool {
	for _, c := range conditions {
		if c.number {
			continue
		}
		if !literal(c.key) || b.twins[strings.ToLower(c.key)] {
			return false
		}
	}
	return true
}

// literal reports whether SUMIFS takes a key as it stands: it begins with a letter,
// has no wildcard, does not look like a date ("Mar 5" is one to a
// spreadsheet), and is not long.
func literal(key string) bool {
	if key == "" || len(key) > 200 || strings.ContainsAny(key, "*?~") {
		return false
	}
	for i, r := range key {
		if i == 0 && !unicode.IsLetter(r) {
			return false
		}
		if unicode.IsDigit(r) && looksLikeDate(key) {
			return false
		}
	}
	return !strings.EqualFold(key, "true") && !strings.EqualFold(key, "false")
}

// looksLikeDate reports keys that begin like the name of a month.
func looksLikeDate(key string) bool {
	if len(key) < 3 {
		return false
	}
	return strings.Contains("jan feb mar apr may jun jul aug sep oct nov dec", strings.ToLower(key[:3]))
}
