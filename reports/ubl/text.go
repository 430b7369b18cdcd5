package ubl

import (
	"strings"
	"unicode"
)

// clean makes one line of any string that XML 1.0 can hold: valid UTF-8, white space
// collapsed, without control characters and marks that steer the direction of writing.
// Markup is the encoder's business.
func clean(s string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == '\uFFFE', r == '\uFFFF',
			r == '\u061C', r == '\u200E', r == '\u200F', '\u202A' <= r && r <= '\u202E', '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(kept), " ")
}

// cleanLines splits an address or bank details at newlines and, when there are none,
// at ", ". Empty lines go.
func cleanLines(s string) []string {
	sep := "\n"
	if !strings.Contains(strings.TrimSpace(s), sep) {
		sep = ", "
	}
	var lines []string
	for part := range strings.SplitSeq(s, sep) {
		if l := clean(part); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}
