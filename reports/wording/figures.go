package wording

import (
	"fmt"
	"postage/rating"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Amount writes d with at least the given decimals and commas between thousands. It
// never rounds away a digit: a finer d is written in full.
func Amount(d decimal.Decimal, places int32) string {
	s := d.Abs().StringFixed(max(places, precision(d)))
	whole, fraction, hasFraction := strings.Cut(s, ".")
	s = thousands(whole)
	if hasFraction {
		s += "." + fraction
	}
	if d.IsNegative() {
		s = "-" + s
	}
	return s
}

// precision is the number of decimals that d needs.
func precision(d decimal.Decimal) int32 {
	s := d.String() // without trailing zeros after the point
	_, fraction, _ := strings.Cut(s, ".")
	return int32(len(strings.TrimRight(fraction, "0")))
}

// Whole writes a count with commas between thousands.
func Whole(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "-" + thousands(s[1:])
	}
	return thousands(s)
}

func thousands(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Day writes a date so that no reader can take the month for the day; "" when
// there is none.
func Day(d rating.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %04d", d.Day, d.Month, d.Year)
}

// Month writes a month, "October 2026".
func Month(m rating.Month) string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %04d", m.Month, m.Year)
}

// Period writes the days of a month, "1 to 31 October 2026".
func Period(m rating.Month) string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d to %s", m.First().Day, Day(m.Last()))
}
