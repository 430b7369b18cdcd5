package pdf

import (
	"sort"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// typesetter measures, breaks and shapes text. It remembers what it shaped, so a
// figure that is measured and then drawn costs once, and so do words that all
// documents share. Not for concurrent use.
type typesetter struct {
	faces  map[*typeface]*font.Face
	shaper shaping.HarfbuzzShaper
	cuts   segmenter.Segmenter
	seen   map[styled]shaped
}

type styled struct {
	text   string
	weight weight
}

// shaped is one line of glyphs in the order in which they stand from left to
// right. Its numbers are 1000ths of the font size.
type shaped struct {
	clusters []cluster
	width    float64
}

// cluster is the glyphs that stand for one inseparable piece of text.
type cluster struct {
	text   string
	face   *typeface
	rtl    bool
	glyphs []glyph
}

type glyph struct {
	id               uint16
	advance          float64
	xOffset, yOffset float64
}

// typesetters are kept between documents, because what they know serves the next
// one. Shaping is a function of text and weight, so that decides nothing.
var typesetters = sync.Pool{New: func() any { return newTypesetter() }}

// maxSeen bounds what a typesetter remembers, some 10 MB.
const maxSeen = 10_000

func newTypesetter() *typesetter {
	t := &typesetter{faces: map[*typeface]*font.Face{}, seen: map[styled]shaped{}}
	t.shaper.SetFontCacheSize(2 * int(weights) * len(families))
	return t
}

// forget makes room before the next document.
func (t *typesetter) forget() {
	if len(t.seen) > maxSeen {
		clear(t.seen)
	}
}

// shape sets one line. s has passed wording.Line.
func (t *typesetter) shape(s string, w weight) shaped {
	key := styled{s, w}
	if line, ok := t.seen[key]; ok {
		return line
	}
	if isFigure(s) {
		return t.figure(s, w)
	}
	text := []rune(s)
	var line shaped
	for _, run := range t.runs(text, w) {
		line.add(t.shaper.Shape(run.input(text, t.face(run.face))), text, run)
	}
	t.seen[key] = line
	return line
}

// isFigure reports whether there is nothing but digits, points, commas and signs.
func isFigure(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != ',' && c != '-' {
			return false
		}
	}
	return len(s) > 1
}

// figure sets a number digit by digit, without kerning, so that columns of figures
// stand under each other, and no two different numbers need shaping.
func (t *typesetter) figure(s string, w weight) shaped {
	line := shaped{clusters: make([]cluster, 0, len(s))}
	for i := range len(s) {
		digit := t.shape(s[i:i+1], w)
		line.clusters = append(line.clusters, digit.clusters...)
		line.width += digit.width
	}
	return line
}

func (t *typesetter) face(f *typeface) *font.Face {
	face := t.faces[f]
	if face == nil {
		face = font.NewFace(f.read().shape)
		t.faces[f] = face
	}
	return face
}

func (l *shaped) add(out shaping.Output, text []rune, r run) {
	for i := 0; i < len(out.Glyphs); {
		first := out.Glyphs[i]
		n := max(1, first.GlyphCount)
		c := cluster{text: string(text[first.ClusterIndex : first.ClusterIndex+first.RuneCount]), face: r.face, rtl: r.level%2 == 1}
		for _, g := range out.Glyphs[i:min(i+n, len(out.Glyphs))] {
			c.glyphs = append(c.glyphs, glyph{uint16(g.GlyphID), units(g.XAdvance), units(g.XOffset), units(g.YOffset)})
			l.width += units(g.XAdvance)
		}
		if c.text = strings.Trim(c.text, directionMarks); c.text != "" {
			l.clusters = append(l.clusters, c)
		}
		i += n
	}
}

func units(v fixed.Int26_6) float64 { return float64(v) / 64 }

// width of a line in points.
func (t *typesetter) width(s string, w weight, size float64) float64 {
	return t.shape(s, w).width * size / 1000
}

// wrap breaks clean text into lines of at most the given width, at the places
// Unicode allows and, where a single word is too long, between characters. Text
// beyond maxLines ends in an ellipsis.
func (t *typesetter) wrap(s string, w weight, size, width float64, maxLines int) []string {
	if s == "" {
		return nil
	}
	if t.width(s, w, size) <= width {
		return []string{s}
	}
	var lines []string
	pieces := t.pieces(s, w, size, width)
	for len(pieces) > 0 && len(lines) <= maxLines {
		n, sum := 0, 0.0
		for n < len(pieces) && (n == 0 || sum+t.width(strings.TrimRight(pieces[n], " "), w, size) <= width) {
			sum += t.width(pieces[n], w, size)
			n++
		}
		line := strings.TrimRight(strings.Join(pieces[:n], ""), " ")
		for n > 1 && t.width(line, w, size) > width { // letters take more room together than apart
			n--
			line = strings.TrimRight(strings.Join(pieces[:n], ""), " ")
		}
		pieces = pieces[n:]
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > maxLines {
		lines = lines[:maxLines]
		lines[maxLines-1] = t.cut(lines[maxLines-1]+"…", w, size, width)
	}
	return steered(s, lines)
}

// pieces is a text as words, and as characters where a word is too long for a line.
func (t *typesetter) pieces(s string, w weight, size, width float64) (pieces []string) {
	for _, word := range t.words(s) {
		if t.width(strings.TrimRight(word, " "), w, size) <= width {
			pieces = append(pieces, word)
			continue
		}
		pieces = append(pieces, t.characters(word)...)
	}
	return pieces
}

// A line that begins in another direction than its paragraph begins with a mark
// of the paragraph's direction, which is not drawn.
const (
	leftToRight    = "\u200E"
	rightToLeft    = "\u200F"
	directionMarks = leftToRight + rightToLeft
)

func steered(s string, lines []string) []string {
	_, base := directions([]rune(s))
	for i, line := range lines {
		if _, own := directions([]rune(line)); own != base {
			lines[i] = [2]string{leftToRight, rightToLeft}[base] + line
		}
	}
	return lines
}

// cut shortens clean text to one line, ending in an ellipsis when it is longer.
func (t *typesetter) cut(s string, w weight, size, width float64) string {
	if t.width(s, w, size) <= width {
		return s
	}
	characters := t.characters(strings.TrimSuffix(s, "…"))
	short := func(n int) string {
		return strings.TrimRight(strings.Join(characters[:n], ""), " ") + "…"
	}
	tooLong := sort.Search(len(characters), func(n int) bool { return t.width(short(n), w, size) > width })
	return short(max(0, tooLong-1))
}

func (t *typesetter) words(s string) (words []string) {
	t.cuts.Init([]rune(s))
	for it := t.cuts.LineIterator(); it.Next(); {
		words = append(words, string(it.Line().Text))
	}
	return words
}

func (t *typesetter) characters(s string) (characters []string) {
	t.cuts.Init([]rune(s))
	for it := t.cuts.GraphemeIterator(); it.Next(); {
		characters = append(characters, string(it.Grapheme().Text))
	}
	return characters
}
