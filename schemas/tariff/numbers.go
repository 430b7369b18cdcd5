package tariff

import (
	"postage/rating"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// date reads YYYY-MM-DD.
func (l *line) date(column string) rating.Date {
	v, ok := l.cell(column, "write a date such as 2026-10-01")
	if !ok {
		return rating.Date{}
	}
	d, err := rating.ParseDate(v)
	switch {
	case err == nil && d.Year >= 1900 && d.Year < 2200:
		return d
	case err == nil:
		l.wrong(column, v, "not a year of business", "write a date such as 2026-10-01")
	default:
		l.wrong(column, v, "not a date", dateFix(v))
	}
	return rating.Date{}
}

// dateFix offers the date that v means, when it can mean only one.
func dateFix(v string) string {
	for _, layout := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "2.1.2006", "2 Jan 2006", "2 January 2006", "2-Jan-2006", "20060102", time.RFC3339, time.DateTime} {
		if t, err := time.Parse(layout, v); err == nil {
			return "write " + t.Format(time.DateOnly)
		}
	}
	day, errDay := time.Parse("2/1/2006", v)
	month, errMonth := time.Parse("1/2/2006", v)
	switch {
	case errDay == nil && (errMonth != nil || day.Equal(month)):
		return "write " + day.Format(time.DateOnly)
	case errMonth == nil && errDay != nil:
		return "write " + month.Format(time.DateOnly)
	case errDay == nil:
		return "write " + day.Format(time.DateOnly) + " or " + month.Format(time.DateOnly)
	}
	return "write a date such as 2026-10-01"
}

// month reads YYYY-MM.
func (l *line) month(column string) rating.Month {
	v, ok := l.cell(column, "write a month such as 2026-10")
	if !ok {
		return rating.Month{}
	}
	m, err := rating.ParseMonth(v)
	if err != nil {
		l.wrong(column, v, "not a month", "write a month such as 2026-10")
	}
	return m
}

// Limits of a number: what the ledger's Decimal(38, 18) keeps, with room for
// sums.
const (
	scaleMax         = 18
	integerDigitsMax = 15
)

var plainDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// bound is what a decimal must not go below.
type bound uint8

const (
	anyAmount bound = iota
	zeroOrMore
	moreThanZero
)

// decimal reads a plain decimal, keeping the scale it is written in.
func (l *line) decimal(column string, b bound) decimal.Decimal {
	hint := "write a decimal such as 0.05, or 0 if there is none"
	if b == moreThanZero {
		hint = "write a decimal such as 0.85"
	}
	v, ok := l.cell(column, hint)
	if !ok {
		return decimal.Decimal{}
	}
	digits, fraction, _ := strings.Cut(strings.TrimPrefix(v, "-"), ".")
	switch {
	case !plainDecimal.MatchString(v):
		l.wrong(column, v, "not a decimal", decimalFix(v))
		return decimal.Decimal{}
	case len(fraction) > scaleMax:
		l.wrong(column, v, "finer than can be kept", "write at most 18 decimals")
		return decimal.Decimal{}
	case len(strings.TrimLeft(digits, "0")) > integerDigitsMax:
		l.wrong(column, v, "larger than can be kept", "write at most 15 digits before the point")
		return decimal.Decimal{}
	}
	d := decimal.RequireFromString(v)
	switch {
	case b != anyAmount && d.IsNegative():
		l.wrong(column, v, "negative", "write "+d.Neg().StringFixed(int32(len(fraction)))+", or 0 if there is none")
		return decimal.Decimal{}
	case b == moreThanZero && d.IsZero():
		l.wrong(column, v, "zero", "write the number")
		return decimal.Decimal{}
	}
	return d
}

var exponent = regexp.MustCompile(`^-?[0-9.]{1,20}[eE][+-]?[0-9]{1,2}$`)

// decimalFix offers the decimal that v means, when it can mean only one.
func decimalFix(v string) string {
	const general = "write a plain decimal such as 0.05"
	if exponent.MatchString(v) {
		if d, err := decimal.NewFromString(v); err == nil {
			return "write " + d.String()
		}
		return general
	}
	bare := strings.TrimLeft(strings.Map(func(r rune) rune {
		if strings.ContainsRune("$£€¥₹% \u00a0'’+", r) || r >= 'A' && r <= 'Z' {
			return -1
		}
		return r
	}, v), "+")
	comma, point := strings.LastIndexByte(bare, ','), strings.LastIndexByte(bare, '.')
	switch {
	case comma >= 0 && point >= 0 && comma > point: // 1.234,56
		bare = strings.ReplaceAll(strings.ReplaceAll(bare, ".", ""), ",", ".")
	case comma >= 0 && point >= 0, strings.Count(bare, ",") > 1: // 1,234.56
		bare = strings.ReplaceAll(bare, ",", "")
	case comma >= 0 && len(bare)-comma == 4 && !strings.HasPrefix(bare, "0"): // 1,234
		return "write it without thousands separators and with a decimal point"
	case comma >= 0:
		bare = strings.Replace(bare, ",", ".", 1)
	}
	if strings.HasPrefix(bare, ".") {
		bare = "0" + bare
	}
	if bare = strings.TrimSuffix(bare, "."); plainDecimal.MatchString(bare) {
		return "write " + bare
	}
	return general
}

var plainInteger = regexp.MustCompile(`^[0-9]{1,15}$`)

// count reads a whole number of at least least.
func (l *line) count(column string, least int64) int64 {
	fix := "write a whole number such as " + strconv.FormatInt(least, 10)
	v, ok := l.cell(column, fix)
	if !ok {
		return 0
	}
	if !plainInteger.MatchString(v) {
		if bare := strings.NewReplacer(",", "", ".", "", " ", "", "_", "", "'", "").Replace(v); plainInteger.MatchString(bare) && !strings.Contains(v, ".0") {
			fix = "write " + bare
		}
		l.wrong(column, v, "not a whole number", fix)
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least {
		l.wrong(column, v, "too small", "write "+strconv.FormatInt(least, 10)+" or more")
		return 0
	}
	return n
}

var (
	plainNumber = regexp.MustCompile(`^\+[0-9]{7,15}$`)
	plainPrefix = regexp.MustCompile(`^[1-9][0-9]{0,14}$`)
	numberNoise = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "", "\u00a0", "")
)

// number reads a telephone number in the E.164 form.
func (l *line) number(column string) string {
	const general = "write + and 7 to 15 digits, such as +442079460000"
	v, ok := l.cell(column, general)
	if !ok || plainNumber.MatchString(v) {
		return v
	}
	fix, bare := general, numberNoise.Replace(v)
	if rest, ok := strings.CutPrefix(bare, "00"); ok {
		bare = rest
	}
	if bare = "+" + strings.TrimPrefix(bare, "+"); plainNumber.MatchString(bare) && !strings.HasPrefix(bare, "+0") {
		fix = "write " + bare
	}
	l.wrong(column, v, "not an international number", fix)
	return ""
}

// prefix reads a dialling prefix and returns its digits.
func (l *line) prefix(column string) string {
	v, ok := l.cell(column, "write a dialling prefix such as 44")
	if !ok {
		return ""
	}
	if digits := strings.TrimPrefix(v, "+"); plainPrefix.MatchString(digits) {
		return digits
	}
	fix := "write its digits, such as 44"
	bare := strings.TrimPrefix(strings.TrimLeft(numberNoise.Replace(v), "+"), "00")
	if plainPrefix.MatchString(bare) {
		fix = "write " + bare
	}
	l.wrong(column, v, "not a dialling prefix", fix)
	return ""
}
