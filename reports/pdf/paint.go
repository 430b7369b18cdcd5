package pdf

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"postage/reports"
	"postage/reports/wording"
	"strconv"
	"strings"
)

// paint writes laid-out pages as a PDF file.
func paint(w io.Writer, t *typesetter, faces [weights]typeface, d *reports.Document, pages []*page) error {
	f := newFile()
	root, tree := f.reserve(), f.reserve()
	var fonts [weights]*embedded
	for i := range fonts {
		fonts[i] = &embedded{ref: f.reserve(), font: faces[i].outline, codes: map[coded]int{}}
	}
	var kids strings.Builder
	for _, p := range pages {
		content := f.stream("", p.content(t, fonts))
		kid := f.add(fmt.Sprintf("<</Type/Page/Parent %v/MediaBox[0 0 %s %s]/Resources<</Font<</F0 %v/F1 %v>>>>/Contents %v>>",
			tree, num(pageWidth), num(pageHeight), fonts[regular].ref, fonts[bold].ref, content))
		kids.WriteString(kid.String() + " ")
	}
	for i, font := range fonts {
		font.write(f, psNames[i])
	}
	f.put(tree, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), strings.TrimSpace(kids.String())))
	f.put(root, fmt.Sprintf("<</Type/Catalog/Pages %v/Lang(en-GB)/ViewerPreferences<</DisplayDocTitle true>>>>", tree))
	info := f.add(fmt.Sprintf("<</Title%s/Author%s/Subject%s/Creator(Postage)>>",
		hexText(wording.Name(d)), hexText(wording.Line(d.Seller.Name)), hexText(wording.Month(d.Month))))
	return f.finish(w, root, info)
}

// content is the drawing program of a page.
func (p *page) content(t *typesetter, fonts [weights]*embedded) []byte {
	var b bytes.Buffer
	for _, m := range p.marks {
		if m.text == "" {
			fmt.Fprintf(&b, "%s rg %s %s %s %s re f\n", rgb(m.filled), num(m.x), num(pageHeight-m.y-m.h), num(m.w), num(m.h))
			continue
		}
		sin, cos := math.Sincos(m.turn * math.Pi / 180)
		fmt.Fprintf(&b, "BT %s rg /F%d %s Tf %s %s %s %s %s %s Tm\n", rgb(m.style.colour), m.style.weight, num(m.style.size),
			num(cos), num(sin), num(-sin), num(cos), num(m.x), num(pageHeight-m.y))
		writeLine(&b, t.shape(m.text, m.style.weight), fonts[m.style.weight], m.style.size)
		b.WriteString("ET\n")
	}
	return b.Bytes()
}

// writeLine shows one shaped line. What kerning and marks move is moved; a
// cluster of several glyphs carries its text beside it.
func writeLine(b *bytes.Buffer, line shaped, font *embedded, size float64) {
	open := false
	show := func(s string) {
		if !open {
			b.WriteByte('[')
			open = true
		}
		b.WriteString(s)
	}
	closeShow := func() {
		if open {
			b.WriteString("]TJ\n")
			open = false
		}
	}
	for _, c := range line.clusters {
		single := len(c.glyphs) == 1
		if !single {
			closeShow()
			fmt.Fprintf(b, "/Span<</ActualText%s>>BDC\n", hexText(c.text))
		}
		for _, g := range c.glyphs {
			text := ""
			if single {
				text = c.text
			}
			code := font.code(g.id, text)
			if g.yOffset != 0 {
				closeShow()
				fmt.Fprintf(b, "%s Ts\n", num(g.yOffset*size/1000))
			}
			if g.xOffset != 0 {
				show(num(-g.xOffset))
			}
			show(fmt.Sprintf("<%04X>", code))
			if rest := g.advance - g.xOffset - float64(font.font.advance(g.id)); math.Abs(rest) > 0.01 {
				show(num(-rest))
			}
			if g.yOffset != 0 {
				closeShow()
				b.WriteString("0 Ts\n")
			}
		}
		if !single {
			closeShow()
			b.WriteString("EMC\n")
		}
	}
	closeShow()
}

func rgb(c colour) string {
	channel := func(shift int) string { return num(float64(c>>shift&0xFF) / 255) }
	return channel(16) + " " + channel(8) + " " + channel(0)
}

// num writes a number with at most three decimals.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 3, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}
