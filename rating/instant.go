package rating

import (
	"fmt"
	"time"
)

// Instant is a moment in milliseconds since the Unix epoch, UTC. Events keep
// milliseconds: anything finer is cut off, not rounded. Zero means "never".
type Instant int64

// At converts a time to an Instant, cutting it off at the millisecond.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time returns the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// String prints the instant as RFC 3339 in UTC with exactly three decimals, the
// form used in canonical content and in every output. "Never" prints as "".
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format("2006-01-02T15:04:05.000Z")
}

// Lengths used by the rules.
const (
	Hour Instant = 3_600_000
	Day  Instant = 24 * Hour
)

// Date is a calendar date without a zone. A date in a tariff means local
// midnight of the account (or of the sender, where SEMANTICS says so).
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// DateOf returns the date that t shows in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Midnight is the instant at which the date begins in loc: the first one that
// shows it. Where clocks change at midnight, 00:00 may not exist (the day begins
// at 01:00) or come twice (the first counts).
func (d Date) Midnight(loc *time.Location) Instant {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	start, end := t.ZoneBounds()
	if DateOf(t).Before(d) { // 00:00 was skipped
		return At(end)
	}
	if !start.IsZero() {
		before := start.Add(-time.Nanosecond)
		if !DateOf(before).Before(d) { // the day had begun when clocks went back
			_, offset := before.Zone()
			return At(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) - Instant(offset)*1000
		}
	}
	return At(t)
}

// IsZero says whether the date is absent.
func (d Date) IsZero() bool { return d == Date{} }

// Compare orders dates: -1, 0 or +1.
func (d Date) Compare(e Date) int {
	switch a, b := d.number(), e.number(); {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// Before says whether d comes before e.
func (d Date) Before(e Date) bool { return d.number() < e.number() }

// number puts dates in order.
func (d Date) number() int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// String prints YYYY-MM-DD, or "" for an absent date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Month is a billing month.
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads YYYY-MM.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return Month{}, fmt.Errorf("month %q: want YYYY-MM", s)
	}
	return Month{t.Year(), t.Month()}, nil
}

// First is the first day of the month, Next the month after it.
func (m Month) First() Date { return Date{m.Year, m.Month, 1} }

// Next returns the following month.
func (m Month) Next() Month {
	t := time.Date(m.Year, m.Month+1, 1, 0, 0, 0, 0, time.UTC)
	return Month{t.Year(), t.Month()}
}

// Last is the last day of the month.
func (m Month) Last() Date { return m.Next().First().AddDays(-1) }

// Days is the number of days in the month.
func (m Month) Days() int { return m.Last().Day }

// number puts months in order.
func (m Month) number() int { return m.Year*100 + int(m.Month) }

// IsZero says whether the month is absent.
func (m Month) IsZero() bool { return m == Month{} }

// String prints YYYY-MM, or "" for an absent month.
func (m Month) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.Year, m.Month)
}

// MarshalText and UnmarshalText make dates and months plain strings in JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// MarshalText writes YYYY-MM.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Month) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*m = Month{}
		return nil
	}
	*m, err = ParseMonth(string(b))
	return err
}
