package pdf

import (
	"fmt"
	"io"
)

// A4 in points, and the frame that text keeps to. Layout counts y downwards
// from the top edge; only the painter knows that PDF counts upwards.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
	left       = 51.0
	right      = pageWidth - 51
	top        = 51.0
	bottom     = pageHeight - 72 // below it stands the footer
)

// colour is 0xRRGGBB.
type colour uint32

const (
	ink       colour = 0x1B2430
	grey      colour = 0x5B6673
	hairline  colour = 0xD3DAE1
	band      colour = 0xF0F4F7
	accent    colour = 0x0B4F6C
	watermark colour = 0xEDF0F4
	cautionBG colour = 0xFFF3D1
	caution   colour = 0x7A5B00
)

// style is how a piece of text looks.
type style struct {
	weight weight
	size   float64
	colour colour
}

var (
	body  = style{regular, 9, ink}
	quiet = style{regular, 8, grey}
	label = style{bold, 7.5, grey}
	tiny  = style{regular, 6.5, grey}
)

// mark is one thing drawn: a line of text with its baseline at y, or a filled
// box. A document is laid out as pages of marks, which tests read, and the
// painter turns into PDF.
type mark struct {
	x, y   float64
	w, h   float64 // boxes
	turn   float64 // degrees, text only
	text   string
	style  style
	filled colour
}

// page is what stands on one sheet, in the order of drawing.
type page struct{ marks []mark }

func (p *page) box(x, y, w, h float64, c colour) {
	p.marks = append(p.marks, mark{x: x, y: y, w: w, h: h, filled: c})
}

func (p *page) rule(y, w float64) { p.box(left, y, w, 0.6, hairline) }

func (p *page) text(x, y float64, s string, st style) {
	if s != "" {
		p.marks = append(p.marks, mark{x: x, y: y, text: s, style: st})
	}
}

// dump lists the text of the pages in drawing order, for tests.
func dump(w io.Writer, pages []*page) {
	for i, p := range pages {
		fmt.Fprintf(w, "-- page %d of %d\n", i+1, len(pages))
		for _, m := range p.marks {
			if m.text == "" {
				fmt.Fprintf(w, "%6.1f %6.1f  box %.1f x %.1f #%06X\n", m.x, m.y, m.w, m.h, m.filled)
				continue
			}
			name := [weights]string{"Regular", "Bold"}[m.style.weight]
			fmt.Fprintf(w, "%6.1f %6.1f  %s %g  %s\n", m.x, m.y, name, m.style.size, m.text)
		}
	}
}
