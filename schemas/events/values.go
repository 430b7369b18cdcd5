package events

import (
	"postage/rating"
	"time"
)

// isNumber says whether b is a number of the v1 format: + and 7 to 15 digits.
func isNumber(b []byte) bool {
	return len(b) >= 8 && len(b) <= 16 && b[0] == '+' && allDigits(b[1:])
}

// appendNumber appends a webhook's phone number in the v1 form. Webhooks leave
// out the +, and print display_phone_number with spaces, dashes and brackets.
func appendNumber(dst, b []byte) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, '+')
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			dst = append(dst, c)
		case c == '+' && len(dst) == start+1: // before the first digit
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']':
		default:
			return dst[:start], false
		}
	}
	if !isNumber(dst[start:]) {
		return dst[:start], false
	}
	return dst, true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// parseUnix reads the Unix seconds of a webhook.
func parseUnix(b []byte) (rating.Instant, bool) {
	if len(b) == 0 || len(b) > 15 || !allDigits(b) {
		return 0, false
	}
	var n int64
	for _, c := range b {
		n = n*10 + int64(c-'0')
	}
	return rating.Instant(n * 1000), true
}

// parseTime reads an RFC 3339 time with zone, cutting it off at the
// millisecond. As RFC 3339 allows, T and Z may be lower case, the fraction may
// have any length, and 23:59:60 UTC is a leap second, read as the midnight after
// it.
func parseTime(b []byte) (rating.Instant, bool) {
	if len(b) < len("2006-01-02T15:04:05Z") || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	year, ok0 := twoDigits(b[0:])
	cent, ok1 := twoDigits(b[2:])
	month, ok2 := twoDigits(b[5:])
	day, ok3 := twoDigits(b[8:])
	hour, ok4 := twoDigits(b[11:])
	minute, ok5 := twoDigits(b[14:])
	second, ok6 := twoDigits(b[17:])
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5 && ok6) {
		return 0, false
	}
	year = year*100 + cent
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}

	b = b[19:]
	millis := 0
	if b[0] == '.' {
		n := 1
		for scale := 100; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
			millis += int(b[n]-'0') * scale
			scale /= 10
		}
		if n == 1 || n == len(b) {
			return 0, false
		}
		b = b[n:]
	}

	offset := 0 // minutes east of UTC
	switch {
	case len(b) == 1 && b[0]|0x20 == 'z':
	case len(b) == 6 && (b[0] == '+' || b[0] == '-') && b[3] == ':':
		h, okh := twoDigits(b[1:])
		m, okm := twoDigits(b[4:])
		if !okh || !okm || h > 23 || m > 59 {
			return 0, false
		}
		offset = h*60 + m
		if b[0] == '-' {
			offset = -offset
		}
	default:
		return 0, false
	}
	if second == 60 && (hour*60+minute-offset+2*24*60)%(24*60) != 24*60-1 {
		return 0, false
	}
	seconds := time.Date(year, time.Month(month), day, hour, minute-offset, second, 0, time.UTC).Unix()
	return rating.Instant(seconds*1000 + int64(millis)), true
}

func twoDigits(b []byte) (int, bool) {
	hi, lo := b[0]-'0', b[1]-'0'
	return int(hi)*10 + int(lo), hi <= 9 && lo <= 9
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
