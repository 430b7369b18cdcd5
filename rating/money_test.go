package rating_test

import (
	"postage/rating"
	"testing"
)

func TestRoundBilledIsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct{ amount, currency, want string }{
		{"0.005", "GBP", "0.01"},
		{"-0.005", "GBP", "-0.01"},
		{"0.00499999999", "GBP", "0"},
		{"1.015", "EUR", "1.02"}, // not what a float would do
		{"2.675", "USD", "2.68"},
		{"0.5", "JPY", "1"},
		{"2.5", "CLP", "3"},
		{"-2.5", "KRW", "-3"},
		{"0.0005", "KWD", "0.001"},
		{"0.00049", "OMR", "0"},
		{"270.25", "INR", "270.25"},
		{"12.345", "IDR", "12.35"},
	} {
		if got := rating.RoundBilled(number(c.amount), c.currency); !got.Equal(number(c.want)) {
			t.Errorf("%s %s: got %s, want %s", c.amount, c.currency, got, c.want)
		}
	}
}

func TestMinorDigits(t *testing.T) {
	for currency, want := range map[string]int32{
		"AED": 2, "AUD": 2, "BRL": 2, "CLP": 0, "COP": 2, "EUR": 2, "GBP": 2, "IDR": 2, "INR": 2, "JPY": 0, "KWD": 3, "BHD": 3, "TND": 3, "MXN": 2, "USD": 2, "XYZ": 2,
	} {
		if got := rating.MinorDigits(currency); got != want {
			t.Errorf("%s: got %d digits, want %d", currency, got, want)
		}
	}
}

func TestFormatUnitPriceKeepsTheScaleOfTheRow(t *testing.T) {
	for _, c := range []struct{ list, unit, want string }{
		{"0.0500", "0.0500", "0.0500"},
		{"0.0500", "0.05", "0.0500"},
		{"0.05", "0.0500", "0.05"},
		{"0.0529", "0.0605125", "0.0605125"},
		{"0.0529", "0.0497129390", "0.049712939"},
		{"47.0401", "47.0401", "47.0401"},
		{"1000", "1000", "1000"},
		{"1e3", "1000", "1000"},
		{"1e-7", "0.0000001", "0.0000001"},
		{"0", "0", "0"},
		{"0.00", "0", "0.00"},
	} {
		r := &rating.Rate{ListPrice: number(c.list), UnitPrice: number(c.unit)}
		if got := r.FormatUnitPrice(); got != c.want {
			t.Errorf("%s from a row of %s: got %s, want %s", c.unit, c.list, got, c.want)
		}
	}
}

func TestCountryOfNumber(t *testing.T) {
	for number, want := range map[string]string{
		"+447700900123": "GB", "+12025550100": "US", "+14165550100": "CA", "+18765550100": "JM", "+16585550100": "JM", "+18095550100": "DO", "+17875550100": "PR",
		"+12425550100": "BS", "+79161234567": "RU", "+77011234567": "KZ", "+76001234567": "KZ", "+917700900123": "IN", "+263771234567": "ZW", "+8801700123456": "BD",
		"+85212345678": "HK", "+3726001234": "EE", "+33639980123": "FR", "+99900000001": "", "+": "", "": "",
	} {
		if got := rating.CountryOfNumber(number); got != want {
			t.Errorf("%q: got %q, want %q", number, got, want)
		}
	}
}

func TestEveryCodeHasASentence(t *testing.T) {
	seen := map[string]bool{}
	for r := rating.TemplateOutsideCareWindow; r <= rating.NoPrice; r++ {
		if r.String() == "" || r.Sentence() == "" || seen[r.String()] {
			t.Errorf("reason %d: got %q: %q", r, r, r.Sentence())
		}
		seen[r.String()] = true
	}
}
