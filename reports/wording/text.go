// Package wording is what documents say: labels, names, figures and dates in
// words, and how a text from outside is made safe to show. Every renderer takes
// its words from here, so that a PDF and a workbook of one document read alike; how
// words are escaped is each format's own.
package wording

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Safe makes any text harmless in any format: valid UTF-8 without control
// characters, and without what turns the direction of the text around it. Both
// leave a visible U+FFFD behind, because a name that was doctored should look it.
// Line feeds stay; tabs and returns become spaces; marks that show nothing
// (direction marks, byte order marks) go. Length and white space are kept.
func Safe(s string) string {
	if plainASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return ' '
		case r == '\u061C', r == '\u200E', r == '\u200F', r == '\uFEFF':
			return -1
		case unicode.IsControl(r), turns(r), r&0xFFFE == 0xFFFE, '\uFDD0' <= r && r <= '\uFDEF':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// plainASCII reports whether there is nothing to do, as with nearly every text.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\n' || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// turns reports the embeddings, overrides and isolates, with which a name could
// reorder the text around it.
func turns(r rune) bool {
	return '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069'
}

// Limits of one piece of text on a page. Longer text ends in an ellipsis: a document
// stays a document whatever a customer is called. No language piles more marks on
// a letter than four.
const (
	maxRunes = 1000
	maxMarks = 4
)

// Line makes one line of any text: safe, in composed form, white space
// collapsed, at most 1000 characters, and of marks piled on a letter the first
// four, with U+FFFD for the rest. Of the characters that show nothing only joiners stay,
// because Persian and Indic names are spelled with them.
func Line(s string) string {
	var b strings.Builder
	gap, n, marks := false, 0, 0
	for _, r := range norm.NFC.String(Safe(s)) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case r == '\u00AD', r == '\u200B', r == '\u2060', r == '\u180E':
			continue
		case !unicode.Is(unicode.M, r):
			marks = 0
		default:
			if marks++; marks == maxMarks+1 {
				r = unicode.ReplacementChar
			} else if marks > maxMarks {
				continue
			}
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

// Lines splits an address or bank details at line feeds and, when there are
// none, at ", ". Empty lines go.
func Lines(s string) []string {
	sep := "\n"
	if !strings.Contains(strings.TrimSpace(s), sep) {
		sep = ", "
	}
	var lines []string
	for part := range strings.SplitSeq(s, sep) {
		if line := Line(part); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
