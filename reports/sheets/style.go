package sheets

import (
	"strings"

	"github.com/xuri/excelize/v2"
)

// look is how a cell looks. Its zero value is a plain text cell.
type look struct {
	format  string // number format
	bold    bool
	size    float64
	colour  string // of the text, RRGGBB
	fill    string
	align   string // left, right, center
	wrap    bool
	lineTop bool // a rule above, for totals
	indent  int
}

const (
	accent  = "0B4F6C"
	ink     = "1B2430"
	grey    = "5B6673"
	pale    = "F0F4F7"
	rule    = "B9C3CC"
	caution = "FFF3D1"
)

// Number formats that do not depend on the currency.
const (
	wholeFormat = "#,##0"
	// priceFormat shows a unit price without hiding a digit that a cell can hold.
	priceFormat = "#,##0.00#############"
	dayFormat   = "yyyy-mm-dd"
	timeFormat  = "yyyy-mm-dd hh:mm:ss"
)

var (
	plain     = look{}
	wrapped   = look{wrap: true}
	quiet     = look{colour: grey, size: 9}
	heading   = look{bold: true, size: 16, colour: accent}
	header    = look{bold: true, colour: "FFFFFF", fill: accent, wrap: true}
	headerNum = look{bold: true, colour: "FFFFFF", fill: accent, wrap: true, align: "right"}
	aside     = look{colour: grey, size: 9, indent: 1}
	count     = look{format: wholeFormat}
	price     = look{format: priceFormat}
	total     = look{bold: true, lineTop: true}
)

// money is the look of amounts of a currency with so many minor digits.
func money(scale int32) look { return look{format: moneyFormat(scale)} }

func moneyFormat(scale int32) string {
	if scale <= 0 {
		return wholeFormat
	}
	return wholeFormat + "." + strings.Repeat("0", int(scale))
}

// difference is the look of what should be nought: red when it is not.
func difference(scale int32) look {
	f := moneyFormat(scale)
	return look{format: "[Red]" + f + ";[Red]-" + f + ";" + f, bold: true}
}

func (l look) asTotal() look {
	l.bold, l.lineTop = true, true
	return l
}

// style registers a look once and returns its number.
func (b *book) style(l look) int {
	if id, ok := b.styles[l]; ok {
		return id
	}
	asked, size := l, l.size
	if size == 0 {
		size = 10
	}
	colour := l.colour
	if colour == "" {
		colour = ink
	}
	if l.indent > 0 {
		l.align = "left" // an indent counts from a side
	}
	s := &excelize.Style{
		Font: &excelize.Font{Bold: l.bold, Size: size, Color: colour, Family: "Calibri"},
		Alignment: &excelize.Alignment{
			Horizontal: l.align, Vertical: "top", WrapText: l.wrap, Indent: l.indent,
			// A figure gets smaller rather than turning into ####.
			ShrinkToFit: l.format != "",
		},
	}
	if l.fill == accent {
		s.Alignment.Vertical = "center"
	}
	if l.format != "" {
		s.CustomNumFmt = &l.format
	}
	if l.fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
	}
	if l.lineTop {
		s.Border = []excelize.Border{{Type: "top", Color: grey, Style: 1}}
	}
	id, err := b.file.NewStyle(s)
	b.note(err)
	b.styles[asked] = id
	return id
}
