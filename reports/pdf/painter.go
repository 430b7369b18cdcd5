package pdf

import (
	"bytes"
	"fmt"
	"math"
	"slices"
)

// painter writes the text operators of a page.
type painter struct {
	bytes.Buffer
	fonts *fontSet
	open  bool // inside [ ... ]TJ
}

// show adds a string or a movement to the array of TJ.
func (b *painter) show(s string) {
	if !b.open {
		b.WriteByte('[')
		b.open = true
	}
	b.WriteString(s)
}

func (b *painter) closeShow() {
	if b.open {
		b.WriteString("]TJ\n")
		b.open = false
	}
}

// strokeWidth makes a font without a bold weight bold, in ems.
const strokeWidth = 0.035

// line shows one shaped line.
func (b *painter) line(line shaped, st style) {
	var font *embedded
	for _, c := range line.clusters {
		if font == nil || font.typeface != c.face {
			b.closeShow()
			b.plain(font)
			font = b.fonts.get(c.face)
			fmt.Fprintf(b, "%s %s Tf\n", font.name, num(st.size))
			if c.face.stroke {
				fmt.Fprintf(b, "%s RG %s w 2 Tr\n", rgb(st.colour), num(st.size*strokeWidth))
			}
		}
		b.cluster(c, font, st.size)
	}
	b.closeShow()
	b.plain(font)
}

// plain ends what a stroked font began.
func (b *painter) plain(font *embedded) {
	if font != nil && font.typeface.stroke {
		b.WriteString("0 Tr\n")
	}
}

// cluster shows glyphs, each with its part of the text. Where several stand for
// several characters, a reader cannot tell what belongs to what, so the text stands
// beside the whole; not so from right to left, where readers disagree about the order
// of such a text.
func (b *painter) cluster(c cluster, font *embedded, size float64) {
	glyphs, texts := c.parts()
	beside := !c.rtl && len(glyphs) > 1
	if beside {
		b.closeShow()
		fmt.Fprintf(b, "/Span<</ActualText%s>>BDC\n", hexText(c.text))
	}
	for i, g := range glyphs {
		b.glyph(g, font.code(g.id, texts[i]), float64(font.outline.advance(g.id)), size)
	}
	if beside {
		b.closeShow()
		b.WriteString("EMC\n")
	}
}

// glyph shows one glyph whose own width is given; the pen ends where the shaper
// wants it.
func (b *painter) glyph(g glyph, code int, width, size float64) {
	if g.yOffset != 0 {
		b.closeShow()
		fmt.Fprintf(b, "%s Ts\n", num(g.yOffset*size/1000))
	}
	if g.xOffset != 0 {
		b.show(num(-g.xOffset))
	}
	const hex = "0123456789ABCDEF"
	b.show(string([]byte{'<', hex[code>>12&15], hex[code>>8&15], hex[code>>4&15], hex[code&15], '>'}))
	if rest := g.advance - g.xOffset - width; math.Abs(rest) > 0.01 {
		b.show(num(-rest))
	}
	if g.yOffset != 0 {
		b.closeShow()
		b.WriteString("0 Ts\n")
	}
}

// parts gives the glyphs their characters, so that joined in the order of drawing
// they are the text of the cluster. From right to left they are it backwards, one
// character a glyph, because readers expect to find them so and turn them back. Marks above
// and below the line carry none there, for readers take them for another line; what
// they and ligatures leave over goes to further glyphs that show nothing.
func (c *cluster) parts() (glyphs []glyph, texts []string) {
	characters := []rune(c.text)
	glyphs = c.glyphs
	if !c.rtl {
		texts = make([]string, len(glyphs))
		for i := range min(len(texts), len(characters)) {
			texts[i] = string(characters[i])
		}
		if n := len(texts); n < len(characters) {
			texts[n-1] = string(characters[n-1:])
		}
		return glyphs, texts
	}
	slices.Reverse(characters)
	carriers := 0
	for _, g := range glyphs {
		if g.yOffset == 0 {
			carriers++
		}
	}
	for len(characters) > carriers {
		carriers++
		glyphs = append([]glyph{{id: noGlyph}}, glyphs...)
	}
	texts = make([]string, len(glyphs))
	for i, g := range glyphs {
		if g.yOffset == 0 && len(characters) > 0 {
			texts[i], characters = string(characters[0]), characters[1:]
		}
	}
	return glyphs, texts
}
