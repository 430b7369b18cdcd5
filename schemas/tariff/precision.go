package tariff

import (
	"fmt"
	"postage/rating"

	"github.com/shopspring/decimal"
)

// ledgerDigitsMax is how many digits before the point the ledger's
// Decimal(38, 18) keeps.
const ledgerDigitsMax = 20

// precision checks that every price an account can be billed is kept exactly: a
// markup makes a price finer by as many decimals as it has, and two more.
func (c *checker) precision() {
	byList := map[string][]rating.PriceRow{}
	for _, r := range c.rows.Prices {
		byList[r.PriceList] = append(byList[r.PriceList], r)
	}
	for _, p := range c.rows.Packages {
		if p.MarkupPercent.IsZero() {
			continue // both parts were read within the limits
		}
		small := p.MarkupPercent.LessThan(decimal.NewFromInt(10_000))
		for _, r := range byList[p.PriceList] {
			if small && -r.UnitPrice.Exponent()-p.MarkupPercent.Exponent()+2 <= scaleMax {
				continue
			}
			price := r.UnitPrice.Add(r.UnitPrice.Mul(p.MarkupPercent).Shift(-2)).Add(p.MarkupFixed)
			problem, fix := "", ""
			switch n := scaleOf(price); {
			case n > scaleMax:
				problem = fmt.Sprintf("gives %s a price of %d decimals, finer than can be kept", r.Row, n)
				fix = fmt.Sprintf("write both with fewer decimals, so that the price has %d at most", scaleMax)
			case price.Abs().GreaterThanOrEqual(decimal.New(1, ledgerDigitsMax)):
				problem = fmt.Sprintf("gives %s a price larger than can be kept", r.Row)
				fix = fmt.Sprintf("write less, so that the price has %d digits before the point at most", ledgerDigitsMax)
			default:
				continue
			}
			c.fault(p.Row, "markup_percent", p.MarkupPercent.String(), problem, fix)
			break // the others are the same mistake
		}
	}
}

// scaleOf is how many decimals d needs.
func scaleOf(d decimal.Decimal) int32 {
	n := -d.Exponent()
	if n <= scaleMax {
		return n
	}
	for n > 0 && d.Equal(d.Truncate(n-1)) {
		n--
	}
	return n
}
