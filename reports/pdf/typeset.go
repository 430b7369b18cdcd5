package pdf

import (
	"slices"
	"sort"
	"strings"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// typesetter measures, breaks and shapes text for one document. It remembers
// what it shaped, so a figure that is measured and then drawn costs once. Not
// for concurrent use.
type typesetter struct {
	faces  [weights]*font.Face
	shaper shaping.HarfbuzzShaper
	split  shaping.Segmenter
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
	glyphs []glyph
}

type glyph struct {
	id               uint16
	advance          float64
	xOffset, yOffset float64
}

func newTypesetter(faces [weights]typeface) *typesetter {
	t := &typesetter{seen: map[styled]shaped{}}
	for w, f := range faces {
		t.faces[w] = font.NewFace(f.shape)
	}
	return t
}

// one serves every rune from a single face: what the face lacks becomes its
// "missing" box, and keeps its text for copying and searching.
type one struct{ face *font.Face }

func (o one) ResolveFace(rune) *font.Face { return o.face }

// shape sets one line. s is clean.
func (t *typesetter) shape(s string, w weight) shaped {
	key := styled{s, w}
	if line, ok := t.seen[key]; ok {
		return line
	}
	runes := []rune(s)
	var line shaped
	if len(runes) > 0 {
		runs := t.split.Split(shaping.Input{
			Text: runes, RunEnd: len(runes), Direction: di.DirectionLTR, Size: fixed.I(1000),
			// Ligatures would join fi in an identifier and add nothing to a table.
			FontFeatures: []shaping.FontFeature{{Tag: opentype.MustNewTag("liga")}},
		}, one{t.faces[w]})
		for _, run := range visual(runs) {
			line.add(t.shaper.Shape(run), runes)
		}
	}
	t.seen[key] = line
	return line
}

// visual puts runs in the order in which they stand on a line that reads from
// left to right: neighbours that read from right to left change places.
func visual(runs []shaping.Input) []shaping.Input {
	out := slices.Clone(runs)
	rtl := func(i int) bool { return out[i].Direction.Progression() == di.TowardTopLeft }
	for i := 0; i < len(out); i++ {
		j := i
		for j < len(out) && rtl(j) {
			j++
		}
		slices.Reverse(out[i:j])
		i = max(i, j-1)
	}
	return out
}

func (l *shaped) add(run shaping.Output, text []rune) {
	for i := 0; i < len(run.Glyphs); {
		first := run.Glyphs[i]
		n := max(1, first.GlyphCount)
		c := cluster{text: string(text[first.ClusterIndex : first.ClusterIndex+first.RuneCount])}
		for _, g := range run.Glyphs[i:min(i+n, len(run.Glyphs))] {
			c.glyphs = append(c.glyphs, glyph{uint16(g.GlyphID), units(g.XAdvance), units(g.XOffset), units(g.YOffset)})
			l.width += units(g.XAdvance)
		}
		l.clusters = append(l.clusters, c)
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
	var lines []string
	current := ""
	put := func(piece string) {
		if whole := strings.TrimRight(current+piece, " "); current == "" || t.width(whole, w, size) <= width {
			current += piece
			return
		}
		lines = append(lines, strings.TrimRight(current, " "))
		current = piece
	}
	for _, word := range t.words(s) {
		if t.width(strings.TrimRight(word, " "), w, size) <= width {
			put(word)
			continue
		}
		for _, character := range t.characters(word) {
			put(character)
		}
	}
	if current = strings.TrimRight(current, " "); current != "" {
		lines = append(lines, current)
	}
	if len(lines) > maxLines {
		lines = lines[:maxLines]
		lines[maxLines-1] = t.cut(lines[maxLines-1]+"…", w, size, width)
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
