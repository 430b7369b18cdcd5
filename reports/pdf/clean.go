package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxRunes bounds one piece of text. Longer text ends in an ellipsis: a
// document stays a document whatever a customer is called.
const maxRunes = 1000

// clean makes one line of any string: valid UTF-8 in composed form, white space
// collapsed, control characters and marks that steer the direction of writing
// dropped. Joiners stay, because Persian and Indic names are spelled with them.
func clean(s string) string {
	var b strings.Builder
	gap, n := false, 0
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.IsControl(r), steersDirection(r), r == '\uFEFF', r == '\uFFFE', r == '\uFFFF':
			continue
		}
		if n++; n > maxRunes {
			return b.String() + "…"
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// steersDirection reports the bidirectional controls, with which a name could
// reorder the text around it.
func steersDirection(r rune) bool {
	return r == '\u061C' || r == '\u200E' || r == '\u200F' ||
		'\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069'
}

// cleanLines splits an address or bank details at newlines and, when there are
// none, at ", ". Empty lines go.
func cleanLines(s string) []string {
	sep := "\n"
	if !strings.Contains(strings.TrimSpace(s), sep) {
		sep = ", "
	}
	var lines []string
	for part := range strings.SplitSeq(s, sep) {
		if line := clean(part); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
