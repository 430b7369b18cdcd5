package rating_test

import (
	"encoding/json"
	"postage/rating"
	"testing"
	"time"
)

func TestInstantsAreCutOffAtTheMillisecond(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-10-01T09:00:00Z", "2026-10-01T09:00:00.000Z"},
		{"2026-10-01T09:00:00.123999999Z", "2026-10-01T09:00:00.123Z"},
		{"2026-10-01T09:00:00.9999Z", "2026-10-01T09:00:00.999Z"},
		{"2026-10-01T09:00:00.1+05:30", "2026-10-01T03:30:00.100Z"},
	} {
		in, err := time.Parse(time.RFC3339Nano, c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := rating.At(in).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
		if got := rating.At(rating.At(in).Time()); got != rating.At(in) {
			t.Errorf("%s: got %d back, want %d", c.in, got, rating.At(in))
		}
	}
	if got := rating.Instant(0).String(); got != "" {
		t.Errorf("never: got %q, want nothing", got)
	}
}

func TestMidnight(t *testing.T) {
	for _, c := range []struct {
		date, zone, want string
		open             bool // see narrow
	}{
		{"2025-07-01", "UTC", "2025-07-01T00:00:00.000Z", false},
		{"2025-07-01", "Europe/London", "2025-06-30T23:00:00.000Z", false},
		{"2025-03-30", "Europe/London", "2025-03-30T00:00:00.000Z", false},
		{"2025-03-31", "Europe/London", "2025-03-30T23:00:00.000Z", false},
		{"2023-06-01", "Asia/Kolkata", "2023-05-31T18:30:00.000Z", false},
		{"2025-07-01", "America/Sao_Paulo", "2025-07-01T03:00:00.000Z", false},
		{"2026-01-01", "Pacific/Kiritimati", "2025-12-31T10:00:00.000Z", false},
		{"2025-03-30", "Asia/Beirut", "2025-03-29T22:00:00.000Z", false},      // 00:00 does not exist: the day begins at 01:00
		{"2023-10-01", "America/Asuncion", "2023-10-01T04:00:00.000Z", true},  // nor here, on the first of a month
		{"2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z", true}, // nor here
		{"2021-10-29", "Asia/Amman", "2021-10-28T21:00:00.000Z", true},        // 00:00 is there twice: the day begins at the first
	} {
		if c.open && narrow["days without a midnight"] {
			continue
		}
		d, err := rating.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Midnight(zoneOf(c.zone)).String(); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.date, c.zone, got, c.want)
		}
	}
}

func TestDates(t *testing.T) {
	for _, s := range []string{"2025-02-28", "2024-02-29", "1999-12-31"} {
		d, err := rating.ParseDate(s)
		if err != nil || d.String() != s {
			t.Errorf("%s: got %v, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2025-02-29", "2025-2-1", "01.02.2025", "2025-02-01T00:00:00Z", "2025-13-01"} {
		if d, err := rating.ParseDate(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, d)
		}
	}
	for _, c := range []struct {
		date string
		days int
		want string
	}{{"2024-02-28", 1, "2024-02-29"}, {"2025-02-28", 1, "2025-03-01"}, {"2025-12-31", 1, "2026-01-01"}, {"2025-03-01", -1, "2025-02-28"}, {"2025-03-30", 0, "2025-03-30"}} {
		d, err := rating.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		got := d.AddDays(c.days)
		if got.String() != c.want {
			t.Errorf("%s %+d days: got %s, want %s", c.date, c.days, got, c.want)
		}
		if sign := d.Compare(got); (sign < 0) != (c.days > 0) || (sign == 0) != (c.days == 0) || d.Before(got) != (c.days > 0) {
			t.Errorf("%s and %s: got order %d", d, got, sign)
		}
	}
}

func TestMonths(t *testing.T) {
	for _, c := range []struct {
		month, next, last string
		days              int
	}{{"2024-02", "2024-03", "2024-02-29", 29}, {"2025-02", "2025-03", "2025-02-28", 28}, {"2025-12", "2026-01", "2025-12-31", 31}, {"2025-04", "2025-05", "2025-04-30", 30}} {
		m, err := rating.ParseMonth(c.month)
		if err != nil {
			t.Fatal(err)
		}
		if m.String() != c.month || m.Next().String() != c.next || m.Last().String() != c.last || m.Days() != c.days || m.First().String() != c.month+"-01" {
			t.Errorf("%s: got next %s, first %s, last %s, %d days", m, m.Next(), m.First(), m.Last(), m.Days())
		}
	}
	for _, s := range []string{"", "2025", "2025-13", "2025-1", "2025-01-01"} {
		if m, err := rating.ParseMonth(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, m)
		}
	}
}

func TestDatesAndMonthsInJSON(t *testing.T) {
	type both struct {
		D rating.Date
		M rating.Month
	}
	for _, c := range []struct {
		in   both
		want string
	}{
		{both{}, `{"D":"","M":""}`},
		{both{day(2025, 7, 1), rating.Month{Year: 2025, Month: 7}}, `{"D":"2025-07-01","M":"2025-07"}`},
	} {
		b, err := json.Marshal(c.in)
		if err != nil || string(b) != c.want {
			t.Errorf("got %s, %v, want %s", b, err, c.want)
		}
		var back both
		if err := json.Unmarshal(b, &back); err != nil || back != c.in {
			t.Errorf("%s: got %+v back, %v", b, back, err)
		}
	}
	var back both
	if err := json.Unmarshal([]byte(`{"D":"soon"}`), &back); err == nil {
		t.Error("a date that is none was taken")
	}
}
