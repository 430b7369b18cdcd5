package sheets

import (
	"postage/rating"
	"strconv"
)

// instant is a time as a spreadsheet counts: days since 30 December 1899, UTC,
// with the time of day as their fraction.
type instant rating.Instant

// appendSerial adds the count to 11 decimals, a microsecond, so that a reader
// finds the very millisecond.
func (i instant) appendSerial(b []byte) []byte {
	const decimals, day = 100_000_000_000, int64(rating.Day)
	ms := int64(i) + 25_569*day
	if ms < 0 {
		return append(b, '0') // before their time
	}
	days, rest := ms/day, ms%day
	// rest is below 86,400,000: the product fits in 63 bits.
	fraction := (rest*decimals + day/2) / day
	b = strconv.AppendInt(b, days, 10)
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	first := len(b)
	b = strconv.AppendInt(b, fraction+decimals, 10) // with its leading zeros behind a 1
	b = append(b[:first], b[first+1:]...)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}
