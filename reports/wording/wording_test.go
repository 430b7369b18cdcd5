package wording

import (
	"postage/reports/pdf/sample"
	"strings"
	"testing"
)

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		in     string
		places int32
		want   string
	}{
		{"0", 2, "0.00"},
		{"5.5", 2, "5.50"},
		{"1234567.891", 2, "1,234,567.891"}, // finer than asked: nothing is rounded away
		{"0.00452871", 2, "0.00452871"},
		{"0.0500", 0, "0.05"},
		{"100000", 0, "100,000"},
		{"-999", 3, "-999.000"},
		{"-1000", 0, "-1,000"},
		{"12345678901234567890.12", 2, "12,345,678,901,234,567,890.12"},
	} {
		if got := Amount(sample.Dec(c.in), c.places); got != c.want {
			t.Errorf("Amount(%s, %d): got %s, want %s", c.in, c.places, got, c.want)
		}
	}
	if got, want := Whole(-9223372036854775808), "-9,223,372,036,854,775,808"; got != want {
		t.Errorf("Whole(min): got %s, want %s", got, want)
	}
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		" a\t\r\n b ":                            "a b",
		"a\x00\x1b[0mb":                          "a\uFFFD\uFFFD[0mb",
		"\u202Etxt.exe\u202C":                    "\uFFFDtxt.exe\uFFFD",
		"a\u200Bb\uFEFFc\u200Ed":                 "abcd",
		"\uFFFE\U0001FFFF\uFDD0":                 "\uFFFD\uFFFD\uFFFD",
		"x" + strings.Repeat("\u0320", 50) + "y": "x" + strings.Repeat("\u0320", 4) + "\uFFFDy",
		"e\u0301":                                "é",
		"\xff":                                   "\uFFFD",
		"می\u200cخواهم":                          "می\u200cخواهم",
		strings.Repeat("x", 1_001):               strings.Repeat("x", 1_000) + "…",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q): got %q, want %q", in, got, want)
		}
	}
}
