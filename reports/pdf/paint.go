package pdf

import (
	"fmt"
	"io"
	"math"
	"postage/reports"
	"postage/reports/wording"
	"strconv"
	"strings"
)

// fontSet is the fonts that a document uses, in the order of first use.
type fontSet struct {
	file *file
	used []*embedded
	of   map[*typeface]*embedded
}

func (s *fontSet) get(t *typeface) *embedded {
	e, ok := s.of[t]
	if !ok {
		e = &embedded{typeface: t, outline: t.read().outline, ref: s.file.reserve(), name: fmt.Sprintf("/F%d", len(s.used)), codes: map[coded]int{}}
		s.of[t] = e
		s.used = append(s.used, e)
	}
	return e
}

// paint writes laid-out pages as a PDF file.
func paint(w io.Writer, t *typesetter, d *reports.Document, pages []*page) error {
	f := newFile()
	root, tree, resources := f.reserve(), f.reserve(), f.reserve()
	fonts := &fontSet{file: f, of: map[*typeface]*embedded{}}
	var kids strings.Builder
	for _, p := range pages {
		content := f.stream("", p.content(t, fonts))
		kid := f.add(fmt.Sprintf("<</Type/Page/Parent %v/MediaBox[0 0 %s %s]/Resources %v/Contents %v>>",
			tree, num(pageWidth), num(pageHeight), resources, content))
		kids.WriteString(kid.String() + " ")
	}
	var named strings.Builder
	for _, font := range fonts.used {
		font.write(f)
		fmt.Fprintf(&named, "%s %v", font.name, font.ref)
	}
	f.put(resources, "<</Font<<"+named.String()+">>>>")
	f.put(tree, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), strings.TrimSpace(kids.String())))
	f.put(root, fmt.Sprintf("<</Type/Catalog/Pages %v/Lang(en-GB)/ViewerPreferences<</DisplayDocTitle true>>>>", tree))
	info := f.add(fmt.Sprintf("<</Title%s/Author%s/Subject%s/Creator(Postage)>>",
		hexText(wording.Name(d)), hexText(wording.Line(d.Seller.Name)), hexText(wording.Month(d.Month))))
	return f.finish(w, root, info)
}

// content is the drawing program of a page.
func (p *page) content(t *typesetter, fonts *fontSet) []byte {
	b := &painter{fonts: fonts}
	for _, m := range p.marks {
		if m.text == "" {
			fmt.Fprintf(b, "%s rg %s %s %s %s re f\n", rgb(m.filled), num(m.x), num(pageHeight-m.y-m.h), num(m.w), num(m.h))
			continue
		}
		sin, cos := math.Sincos(m.turn * math.Pi / 180)
		fmt.Fprintf(b, "BT %s rg %s %s %s %s %s %s Tm\n", rgb(m.style.colour),
			num(cos), num(sin), num(-sin), num(cos), num(m.x), num(pageHeight-m.y))
		b.line(t.shape(m.text, m.style.weight), m.style)
		b.WriteString("ET\n")
	}
	return b.Bytes()
}

func rgb(c colour) string {
	channel := func(shift int) string { return num(float64(c>>shift&0xFF) / 255) }
	return channel(16) + " " + channel(8) + " " + channel(0)
}

// num writes a number with at most three decimals.
func num(v float64) string {
	n := int64(math.Round(v * 1000))
	if n%1000 == 0 {
		return strconv.FormatInt(n/1000, 10)
	}
	return strings.TrimRight(strconv.FormatFloat(float64(n)/1000, 'f', 3, 64), "0")
}
