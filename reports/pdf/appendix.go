package pdf

import (
	"postage/rating"
	"postage/reports"
	"postage/reports/wording"

	"github.com/shopspring/decimal"
)

// The appendix lists what was used, by market and category, with the price row
// behind each figure, so that a reader can check every line against the tariff.
const appendixRow = 13.5

// field is a column of the appendix: where it stands, how wide it is at most, and
// whether figures end or words begin there.
type field struct {
	head  string
	x     float64
	width float64
	right bool
}

var fields = []field{
	{"Market", left + 6, 112, false},
	{"Category", left + 122, 104, false},
	{"Tier", left + 246, 18, true},
	{"Included", left + 288, 40, true},
	{"Charged", left + 332, 42, true},
	{"Unit price", left + 386, 52, true},
	{"Amount", left + 430, 42, true},
	{"Price row", right - 4, 57, true},
}

// used is the usage lines of one market.
type used struct {
	market            string
	lines             []*reports.DocumentLine
	included, charged int64
	billed            decimal.Decimal
}

func (u *used) add(l *reports.DocumentLine) {
	u.lines = append(u.lines, l)
	if l.Kind == rating.AllowanceLine {
		u.included += l.Quantity
	} else {
		u.charged += l.Quantity
	}
	u.billed = u.billed.Add(l.Billed)
}

// usage gathers the usage of an invoice by market, in the order of the lines. A
// note corrects lines one by one; it has no usage of its own.
func usage(d *reports.Document) (markets []*used, all used) {
	if d.Type != reports.Invoice {
		return nil, all
	}
	of := map[string]*used{}
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Kind != rating.UsageLine && l.Kind != rating.AllowanceLine {
			continue
		}
		u := of[l.Market]
		if u == nil {
			u = &used{market: l.Market}
			of[l.Market] = u
			markets = append(markets, u)
		}
		u.add(l)
		all.add(l)
	}
	return markets, all
}

// appendix begins on what is left of the last page when it fits there whole.
func (l *layout) appendix() {
	markets, all := usage(l.doc)
	if len(markets) == 0 {
		return
	}
	height := 64.0 + appendixRow*float64(len(all.lines)+len(markets)+1)
	if l.y+height > bottom {
		l.newPage()
	}
	l.y += 26
	l.page.text(left, l.y, "Usage of "+wording.Month(l.doc.Month)+" by market and category", style{bold, 11, accent})
	l.y += 10
	l.fieldHeads()
	for _, u := range markets {
		for i, line := range u.lines {
			turned := l.room()
			name := ""
			if i == 0 || turned {
				name = marketName(u.market)
			}
			l.usageRow(name, line)
		}
		if len(u.lines) > 1 {
			l.room()
			l.sums("All of "+marketName(u.market), u, style{bold, 7.5, grey})
		}
		l.page.rule(l.y, right-left)
	}
	l.room()
	l.sums("All markets", &all, style{bold, 8, ink})
}

func marketName(s string) string {
	if s = wording.Line(s); s != "" {
		return s
	}
	return "Any market"
}

func (l *layout) fieldHeads() {
	l.page.box(left, l.y, right-left, 16, band)
	l.y += 11
	for _, f := range fields {
		l.field(f, f.head, style{bold, 7.5, grey})
	}
	l.y += 5
}

// room turns the page when the next row does not fit, and repeats the heads.
func (l *layout) room() (turned bool) {
	if l.y+appendixRow <= bottom {
		return false
	}
	l.newPage()
	l.fieldHeads()
	return true
}

func (l *layout) usageRow(market string, line *reports.DocumentLine) {
	tier, included, charged, price := "", "", wording.Whole(line.Quantity), wording.Amount(line.UnitPrice, l.doc.Scale)
	if line.Kind == rating.AllowanceLine {
		included, charged, price = charged, "", ""
	}
	if line.Tier > 0 {
		tier = wording.Whole(int64(line.Tier))
	}
	category := wording.Line(line.Category)
	if line.Regime != "" {
		category += " (" + wording.Line(line.Regime) + ")"
	}
	l.fields(style{regular, 8, ink}, market, category, tier, included, charged, price, wording.Amount(line.Billed, l.doc.Scale), wording.Line(line.PriceRow))
}

// sums closes a market, or the table.
func (l *layout) sums(name string, u *used, st style) {
	included := ""
	if u.included != 0 {
		included = wording.Whole(u.included)
	}
	l.fields(st, name, "", "", included, wording.Whole(u.charged), "", wording.Amount(u.billed, l.doc.Scale), "")
}

func (l *layout) fields(st style, values ...string) {
	l.y += 9.5
	for i, v := range values {
		l.field(fields[i], v, st)
	}
	l.y += appendixRow - 9.5
}

// field writes one value: figures shrink where they must, and so do words, down to
// where they are cut.
func (l *layout) field(f field, s string, st style) {
	if f.right {
		l.rightFit(f.x, l.y, f.width, s, st)
		return
	}
	const smallest = 6.5
	st.size = max(smallest, l.fit(s, f.width, st).size)
	l.page.text(f.x, l.y, l.cut(s, st.weight, st.size, f.width), st)
}
