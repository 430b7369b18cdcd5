package pdf

import (
	"slices"

	"github.com/go-text/typesetting/unicodedata"
	"golang.org/x/text/unicode/bidi"
)

// directions is the direction of each character of one line, by the Unicode
// Bidirectional Algorithm (UAX #9). Embeddings, overrides and isolates do not
// occur: wording.Line replaces them. What remains are the rules P2 to P3, W1 to W7, N0
// to N2, I1 and I2. An even level reads from left to right, an odd one from right to
// left; base is the level of the line.
func directions(text []rune) (levels []uint8, base uint8) {
	levels = make([]uint8, len(text))
	l := line{text: text, class: make([]bidi.Class, 0, len(text)), at: make([]int, 0, len(text))}
	mixed := false
	for i, r := range text {
		p, _ := bidi.LookupRune(r)
		c := p.Class()
		mixed = mixed || c == bidi.R || c == bidi.AL || c == bidi.AN
		if c == bidi.BN || c >= bidi.Control {
			continue // no part in it, takes the level of what is before it
		}
		l.class, l.at = append(l.class, c), append(l.at, i)
	}
	if !mixed {
		return levels, 0
	}
	l.base = bidi.L
	if i := slices.IndexFunc(l.class, strong); i >= 0 && l.class[i] != bidi.L {
		l.base, base = bidi.R, 1
	}
	original := slices.Clone(l.class)
	l.weak()
	l.brackets(original)
	l.neutral()
	level, k := base, 0
	for i := range levels {
		if k < len(l.at) && l.at[k] == i {
			level = implicit(l.class[k], base)
			k++
		}
		levels[i] = level
	}
	return levels, base
}

// line is the characters that take part, and their classes as the rules change them.
type line struct {
	text  []rune
	at    []int // index into text
	class []bidi.Class
	base  bidi.Class
}

func strong(c bidi.Class) bool { return c == bidi.L || c == bidi.R || c == bidi.AL }

// weak resolves numbers, their signs and marks: W1 to W7.
func (l *line) weak() {
	before, lastStrong := l.base, l.base
	for i, c := range l.class { // W1, W2
		if c == bidi.NSM {
			c = before
		}
		before = c
		switch {
		case strong(c):
			lastStrong = c
		case c == bidi.EN && lastStrong == bidi.AL:
			c = bidi.AN
		}
		l.class[i] = c
	}
	for i, c := range l.class { // W3
		if c == bidi.AL {
			l.class[i] = bidi.R
		}
	}
	for i := 1; i+1 < len(l.class); i++ { // W4
		c, p, n := l.class[i], l.class[i-1], l.class[i+1]
		if p == n && (p == bidi.EN && (c == bidi.ES || c == bidi.CS) || p == bidi.AN && c == bidi.CS) {
			l.class[i] = p
		}
	}
	l.spans(func(c bidi.Class) bool { return c == bidi.ET }, func(from, to int) { // W5
		if l.get(from-1) == bidi.EN || l.get(to) == bidi.EN {
			l.fill(from, to, bidi.EN)
		}
	})
	lastStrong = l.base
	for i, c := range l.class { // W6, W7
		switch {
		case c == bidi.ES, c == bidi.ET, c == bidi.CS:
			l.class[i] = bidi.ON
		case strong(c):
			lastStrong = c
		case c == bidi.EN && lastStrong == bidi.L:
			l.class[i] = bidi.L
		}
	}
}

// maxOpen is how many brackets may be open at a time (BD16).
const maxOpen = 63

// brackets gives both brackets of a pair one direction, by what is inside: N0.
func (l *line) brackets(original []bidi.Class) {
	type pair struct{ from, to int }
	var pairs []pair
	var open []int
scan:
	for i, k := range l.at {
		p, _ := bidi.LookupRune(l.text[k])
		switch {
		case l.class[i] != bidi.ON || !p.IsBracket():
		case p.IsOpeningBracket():
			if len(open) == maxOpen {
				break scan
			}
			open = append(open, i)
		default:
			for j, from := range slices.Backward(open) {
				if closing, _ := unicodedata.LookupMirrorChar(l.text[l.at[from]]); closing == l.text[k] {
					pairs = append(pairs, pair{from, i})
					open = open[:j]
					break
				}
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return a.from - b.from })
	for _, p := range pairs {
		same, other := false, false
		for _, c := range l.class[p.from+1 : p.to] {
			if d := direction(c); d == l.base {
				same = true
			} else if d != bidi.ON {
				other = true
			}
		}
		set := l.base
		switch {
		case same:
		case !other:
			continue
		default:
			for i := p.from - 1; i >= -1; i-- {
				if d := l.side(i); d != bidi.ON {
					set = d
					break
				}
			}
		}
		for _, i := range []int{p.from, p.to} {
			l.class[i] = set
			for j := i + 1; j < len(original) && original[j] == bidi.NSM; j++ {
				l.class[j] = set
			}
		}
	}
}

// neutral gives the rest the direction of both sides or of the line: N1, N2.
func (l *line) neutral() {
	l.spans(func(c bidi.Class) bool { return direction(c) == bidi.ON }, func(from, to int) {
		set := l.base
		if d := l.side(from - 1); d == l.side(to) {
			set = d
		}
		l.fill(from, to, set)
	})
}

// direction is that of a class for its neighbours: numbers count as R.
func direction(c bidi.Class) bidi.Class {
	switch c {
	case bidi.L:
		return bidi.L
	case bidi.R, bidi.AL, bidi.EN, bidi.AN:
		return bidi.R
	default:
		return bidi.ON
	}
}

// implicit is the level that a resolved class has: I1, I2.
func implicit(c bidi.Class, base uint8) uint8 {
	switch {
	case c == bidi.R:
		return 1
	case c == bidi.L && base == 0:
		return 0
	default: // numbers, and Latin in a line from right to left
		return 2
	}
}

func (l *line) get(i int) bidi.Class {
	if i < 0 || i >= len(l.class) {
		return l.base
	}
	return l.class[i]
}

func (l *line) side(i int) bidi.Class { return direction(l.get(i)) }

func (l *line) fill(from, to int, c bidi.Class) {
	for i := from; i < to; i++ {
		l.class[i] = c
	}
}

// spans calls f with each longest stretch of classes for which in holds.
func (l *line) spans(in func(bidi.Class) bool, f func(from, to int)) {
	for i := 0; i < len(l.class); i++ {
		from := i
		for i < len(l.class) && in(l.class[i]) {
			i++
		}
		if i > from {
			f(from, i)
		}
	}
}

// visual puts runs in the order in which they stand from left to right: from the
// highest level down, neighbours of that level or above change places (L2).
func visual[R any](runs []R, level func(R) uint8) {
	for at := uint8(2); at > 0; at-- {
		for i := 0; i < len(runs); i++ {
			j := i
			for j < len(runs) && level(runs[j]) >= at {
				j++
			}
			slices.Reverse(runs[i:j])
			i = max(i, j)
		}
	}
}
