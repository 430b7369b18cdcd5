package sheets

import (
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// percent shows a change; red is not used: more is not worse.
var percent = look{format: "+0.0%;-0.0%;0.0%"}

// comparing are the columns of comparison, of width for amounts; none when the month
// before was not closed.
func (m *month) comparing(width float64) []column {
	if m.data.Prior == nil {
		return nil
	}
	return []column{{"Prior month", width, true}, {"Change", width, true}, {"Change %", 10, true}}
}

// compare makes the three cells of comparison in row r: the amount of the month
// before, the change, and the change as a part of it. now is the column of this
// month's amount, and the three cells stand from column prior on. There are none when
// the month before was not closed.
func (m *month) compare(r int, now, prior string, amounts [2]decimal.Decimal, scale int32, isTotal bool) []cell {
	if m.data.Prior == nil {
		return nil
	}
	money, part := money(scale), percent
	if isTotal {
		money, part = money.asTotal(), part.asTotal()
	}
	column, _ := columnNumber(prior)
	before, change := fmt.Sprintf("%s%d", prior, r), fmt.Sprintf("%s%d", letter(column+1), r)
	difference := amounts[0].Sub(amounts[1])
	share := fmt.Sprintf(`IF(%s=0,"",%s/ABS(%s))`, before, change, before)
	ratio := liveText(share, "", part)
	if !amounts[1].IsZero() {
		ratio = live(share, difference.DivRound(amounts[1].Abs(), 17), part)
	}
	return []cell{
		amount(amounts[1], money),
		live(round(fmt.Sprintf("%s%d-%s", now, r, before), scale), difference, money),
		ratio,
	}
}

// priorSums adds up the lines of the month before.
func (m *month) priorSums(of func(rating.Line) string) map[group]decimal.Decimal {
	sums := map[group]decimal.Decimal{}
	for i := range m.data.Prior {
		st := &m.data.Prior[i]
		for _, l := range st.Lines {
			g := group{key(of(l)), st.Currency}
			sums[g] = sums[g].Add(l.Billed)
		}
	}
	return sums
}
