package pdf

import (
	"postage/reports/wording"
)

const (
	endGap      = 14.0
	totalsWidth = 238.0
	countsWidth = 208.0
	totalsRow   = 15.0
)

// endHeight is the room that the end of the document takes. It draws on a page
// of its own that is thrown away, so it cannot disagree with end.
func (l *layout) endHeight() float64 {
	trial := &layout{typesetter: l.typesetter, doc: l.doc, page: &page{}, y: top}
	trial.ending()
	return trial.y - top
}

// end writes totals, counts and notes, together on one page.
func (l *layout) end() {
	if l.y+min(l.endHeight(), bottom-top) > bottom {
		l.newPage()
	}
	l.ending()
}

func (l *layout) ending() {
	from := l.y + endGap
	totals := l.totals(from)
	counts := l.counts(from)
	l.y = max(totals, counts) + 14
	for _, note := range wording.TaxNotes(l.doc) {
		l.y = l.paragraph(left, l.y, right-left, note, style{bold, 8, ink}, 6) + 3
	}
	for _, note := range wording.Notes(l.doc) {
		l.y = l.paragraph(left, l.y, right-left, note, style{regular, 7.5, grey}, 6) + 2
	}
}

// totals writes net, each tax and gross at the right margin.
func (l *layout) totals(y float64) float64 {
	x, edge := right-totalsWidth, right-6
	put := func(name, figure string, st style) {
		width := l.width(figure, st.weight, st.size)
		lines := l.wrap(name, st.weight, st.size, totalsWidth-12-min(width, 110)-gap, 3)
		l.rightFit(edge, y+10, 110, figure, st)
		for i, line := range lines {
			if i > 0 {
				y += leading(st)
			}
			l.page.text(x+6, y+10, line, st)
		}
		y += totalsRow
	}
	put("Net total", wording.Amount(l.doc.Net, l.doc.Scale), body)
	for _, t := range l.doc.Taxes {
		put(wording.TaxName(t)+" on "+wording.Amount(t.Base, l.doc.Scale), wording.Amount(t.Tax, l.doc.Scale), body)
	}
	y += 3
	l.page.box(x, y, totalsWidth, 24, band)
	l.page.box(x, y, totalsWidth, 1, accent)
	total := wording.Line(l.doc.Currency) + " " + wording.Amount(l.doc.Gross, l.doc.Scale)
	st := style{bold, 11, accent}
	l.page.text(x+6, y+16, wording.TotalLabel(l.doc), style{bold, 9.5, ink})
	l.rightFit(edge, y+16, totalsWidth-12-l.width(wording.TotalLabel(l.doc), bold, 9.5)-gap, total, st)
	return y + 24
}

// counts writes the small box of the month's messages at the left margin.
func (l *layout) counts(y float64) float64 {
	if l.doc.Counts.Messages == 0 {
		return y
	}
	l.page.text(left+6, y+10, "Messages of "+wording.Month(l.doc.Month), label)
	y += 16
	l.page.rule(y, countsWidth)
	rows := wording.Counts(l.doc.Counts)
	for i, r := range rows {
		st, value := quiet, style{regular, 8, ink}
		if i == len(rows)-1 {
			l.page.rule(y+2, countsWidth)
			y += 2
			st, value = style{bold, 8, ink}, style{bold, 8, ink}
		}
		l.page.text(left+6, y+10.5, r.Label, st)
		l.right(left+countsWidth-6, y+10.5, wording.Whole(r.N), value)
		y += 12.6
	}
	return y + 2
}
