package pdf

import (
	"postage/reports"
	"postage/reports/wording"
)

// layout places a document on pages. y is the next free line of the last page.
type layout struct {
	*typesetter
	doc   *reports.Document
	pages []*page
	page  *page
	y     float64
}

// lay places the whole document. It is a pure function of the document.
func lay(t *typesetter, d *reports.Document) []*page {
	l := &layout{typesetter: t, doc: d}
	l.newPage()
	l.head()
	l.table()
	l.end()
	l.appendix()
	for i := range l.pages {
		l.footer(i)
	}
	return l.pages
}

// newPage starts a page with what every page shows: the marks of a draft and
// of an example, and on later pages the name of the document.
func (l *layout) newPage() {
	l.page = &page{}
	l.pages = append(l.pages, l.page)
	if l.doc.Number == "" {
		l.page.marks = append(l.page.marks, mark{
			x: 118, y: 640, turn: 52, text: "DRAFT", style: style{bold, 150, watermark},
		})
	}
	if l.doc.Example {
		l.page.box(0, 0, pageWidth, 19, cautionBG)
		l.centre(13, wording.Example, style{bold, 7.5, caution})
	}
	l.y = top
	if len(l.pages) == 1 {
		return
	}
	name := wording.Name(l.doc) + "   " + wording.Line(l.doc.Customer.Name)
	l.page.text(left, l.y, l.cut(name, regular, quiet.size, right-left-120), quiet)
	l.right(right, l.y, "continued", quiet)
	l.y += 16
}

// right ends a text at x.
func (l *layout) right(x, y float64, s string, st style) {
	l.page.text(x-l.width(s, st.weight, st.size), y, s, st)
}

func (l *layout) centre(y float64, s string, st style) {
	l.page.text((pageWidth-l.width(s, st.weight, st.size))/2, y, s, st)
}

// rightFit ends a text at x and makes it smaller when it is wider than width:
// a figure is never cut.
func (l *layout) rightFit(x, y, width float64, s string, st style) {
	l.right(x, y, s, l.fit(s, width, st))
}

// fit makes a style small enough for s to fit the width.
func (l *layout) fit(s string, width float64, st style) style {
	if w := l.width(s, st.weight, st.size); w > width {
		st.size *= width / w
	}
	return st
}

// paragraph writes wrapped text at (x, y) and returns the y below it.
func (l *layout) paragraph(x, y, width float64, s string, st style, maxLines int) float64 {
	for _, line := range l.wrap(s, st.weight, st.size, width, maxLines) {
		l.page.text(x, y, line, st)
		y += leading(st)
	}
	return y
}

func leading(st style) float64 { return st.size * 1.38 }

// footer closes page i: what the document rests on, and where we are.
func (l *layout) footer(i int) {
	l.page = l.pages[i]
	y := pageHeight - 50
	l.page.rule(y, right-left)
	y += 11
	seller := l.cut(wording.Line(l.doc.Seller.Name), tiny.weight, tiny.size, 220)
	l.page.text(left, y, seller+"  ·  "+l.cut(wording.Name(l.doc), tiny.weight, tiny.size, 170), tiny)
	l.right(right, y, "Page "+wording.Whole(int64(i+1))+" of "+wording.Whole(int64(len(l.pages))), style{regular, 7.5, grey})
	for _, f := range []wording.Fact{{Label: "Tariff", Text: l.doc.Tariff}, {Label: "Seal", Text: l.doc.Seal}} {
		if f.Text == "" {
			continue
		}
		y += 9
		l.page.text(left, y, l.cut(f.Label+" "+wording.Line(f.Text), tiny.weight, tiny.size, right-left), tiny)
	}
}
