package sheets

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// chartData is what one chart shows: the largest rows of one currency of a sheet.
type chartData struct {
	title, currency string
	sheet           string
	now, prior      string // columns of the sheet; names are in A
	rows            []bar
	first           int // row on the summary of the first of its figures
}

// bar is a row of a sheet that a chart shows.
type bar struct {
	row    int
	name   string
	amount [2]decimal.Decimal // this month and the month before
}

// mostBars is how many bars a chart shows, mostCharts how many currencies have
// charts, chartRows how many rows of a sheet one takes.
const (
	mostBars   = 10
	mostCharts = 8
	chartRows  = 17

	printedRows = 55 // of the summary on a page
)

// chartLargest keeps the rows of a currency that a chart will show: those with
// the largest amounts.
func (m *month) chartLargest(d chartData) {
	d.rows = slices.DeleteFunc(d.rows, func(b bar) bool { return b.amount[0].IsZero() })
	slices.SortStableFunc(d.rows, func(a, b bar) int { return b.amount[0].Cmp(a.amount[0]) })
	if d.rows = d.rows[:min(len(d.rows), mostBars)]; len(d.rows) > 0 {
		m.charts = append(m.charts, d)
	}
}

// draw puts the charts under the tables of the summary, three abreast, a band of
// them for each currency, and their figures under the charts.
func (m *month) draw(s *sheet) {
	if m.err != nil || len(m.charts) == 0 {
		return
	}
	s.put()
	if s.row > printedRows-chartRows {
		m.note(m.file.InsertPageBreak(s.plan.name, fmt.Sprintf("A%d", s.row+1)))
	}
	s.put(text("Charts, by currency").with(section))
	bands := [][]chartData{}
	for _, c := range m.currencies() {
		var band []chartData
		for _, d := range m.charts {
			if d.currency == c {
				band = append(band, d)
			}
		}
		if len(band) > 0 && len(bands) < mostCharts {
			bands = append(bands, band)
		}
	}
	top := s.row + 1
	for s.row < top+len(bands)*chartRows {
		s.put()
	}
	s.put(text("Figures behind the charts").with(section))
	head := make([]cell, 11)
	for i := range head {
		head[i] = cell{look: header}
	}
	head[0], head[1], head[4] = text("Name").with(header), text("Currency").with(header), text("This month").with(headerNum)
	if m.data.Prior != nil {
		head[8] = text("Prior month").with(headerNum)
	}
	m.note(m.file.InsertPageBreak(s.plan.name, fmt.Sprintf("A%d", s.row)))
	titles := s.put(head...)
	for i, band := range bands {
		for j, d := range band {
			d.first = s.row + 2
			m.figures(s, d)
			at := fmt.Sprintf("%s%d", []string{"A", "E", "I"}[j], top+i*chartRows)
			m.note(m.file.AddChart(s.plan.name, at, m.chart(d, titles)))
		}
	}
}

// figures repeats the rows that a chart shows, one under the other.
func (m *month) figures(s *sheet, d chartData) {
	s.put(text(d.title).with(look{bold: true}), text(d.currency).with(look{bold: true}))
	l := money(m.scales[d.currency])
	for _, b := range d.rows {
		ref := func(column string) string { return fmt.Sprintf("'%s'!%s%d", d.sheet, column, b.row) }
		cells := []cell{liveText(ref("A"), b.name, plain), text(d.currency), {}, {}, live(ref(d.now), b.amount[0], l), {}, {}, {}}
		if m.data.Prior != nil {
			cells = append(cells, live(ref(d.prior), b.amount[1], l))
		}
		s.put(cells...)
	}
}

func (m *month) chart(d chartData, titles int) *excelize.Chart {
	here := func(column string, first, last int) string {
		return fmt.Sprintf("Summary!$%s$%d:$%s$%d", column, first, column, last)
	}
	series := func(column, colour string) excelize.ChartSeries {
		last := d.first + len(d.rows) - 1
		return excelize.ChartSeries{
			Name: fmt.Sprintf("Summary!$%s$%d", column, titles), Categories: here("A", d.first, last), Values: here(column, d.first, last),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}},
		}
	}
	all := []excelize.ChartSeries{series("E", accent)}
	if m.data.Prior != nil {
		all = append(all, series("I", rule))
	}
	gap, varied, legend := uint(60), false, "none"
	if m.data.Prior != nil {
		legend = "bottom"
	}
	var from *float64 // bars start at nought; left to the reader when some are below
	if !slices.ContainsFunc(d.rows, func(b bar) bool { return b.amount[0].IsNegative() || b.amount[1].IsNegative() }) {
		from = new(float64)
	}
	return &excelize.Chart{
		Type: excelize.Bar, Series: all, GapWidth: &gap, VaryColors: &varied,
		Title:  excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: d.title + ", " + d.currency, Font: &excelize.Font{Bold: true, Size: 11, Color: accent}}}},
		Legend: excelize.ChartLegend{Position: legend},
		XAxis:  excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 8, Color: ink}},
		YAxis: excelize.ChartAxis{
			MajorGridLines: true, Minimum: from, Font: excelize.Font{Size: 8, Color: grey},
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: wholeFormat},
		},
		Dimension: excelize.ChartDimension{Width: 485, Height: 320},
		Format:    excelize.GraphicOptions{OffsetX: 4, OffsetY: 4},
	}
}
