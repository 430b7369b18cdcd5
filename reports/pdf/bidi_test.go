package pdf

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/text/unicode/bidi"
)

// The order on the page, left to right, of lines that mix directions. Capitals
// stand for Hebrew letters.
func TestVisualOrder(t *testing.T) {
	for in, want := range map[string]string{
		"abc":                    "abc",
		"ABC":                    "CBA",
		"abc DEF ghi":            "abc FED ghi",
		"ABC def GHI":            "IHG def CBA",
		"ABC 123 DEF":            "FED 123 CBA",
		"to ABC 123, tier 1":     "to 123 CBA, tier 1",
		"ABC (def) 12%":          "12% (def) CBA",
		"ABC +44 20":             "20 44+ CBA",
		"a (B) c":                "a (B) c",
		"ABC (DEF)":              "(FED) CBA",
		"ABC 1.234,56- DEF":      "FED -1.234,56 CBA",
		"\u200FB: def":           "def :B\u200F",
		"abc, \u0661\u0662 DEF!": "abc, FED \u0661\u0662!",
	} {
		text := []rune(in)
		for i, r := range text {
			if 'A' <= r && r <= 'Z' {
				text[i] = 'א' + r - 'A'
			}
		}
		levels, _ := directions(text)
		at := make([]int, len(text))
		for i := range at {
			at[i] = i
		}
		visual(at, func(i int) uint8 { return levels[i] })
		got := ""
		for _, i := range at {
			r := []rune(in)[i]
			if levels[i]%2 == 1 && (r == '(' || r == ')') {
				r ^= 1 // mirrored by the shaper
			}
			got += string(r)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q (levels %v)", in, got, want, levels)
		}
	}
}

// golang.org/x/text knows of each character whether it reads from right to left,
// though not in which order runs stand. Brackets are left out: it forgets to leave one
// that closes nothing alone.
func TestDirectionsAgreeWithText(t *testing.T) {
	letters := []rune("abאבجد12٣٤ .,:+-%$/&\u0301\u064B\u200D!é中अ")
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := make([]rune, 1+random.IntN(12))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		levels, base := directions(text)
		var p bidi.Paragraph
		if _, err := p.SetString(string(text)); err != nil {
			t.Fatal(err)
		}
		order, err := p.Order()
		if err != nil {
			t.Fatal(err)
		}
		if base == 1 != (order.Direction() == bidi.RightToLeft) && order.NumRuns() == 1 && order.Direction() != bidi.Neutral {
			t.Errorf("%q: base %d", string(text), base)
		}
		want := make([]bool, len(text))
		for i := range order.NumRuns() {
			run := order.Run(i)
			from, to := run.Pos()
			for k := from; k <= to && k < len(want); k++ {
				want[k] = run.Direction() == bidi.RightToLeft
			}
		}
		for i, level := range levels {
			if level%2 == 1 != want[i] && text[i] != '\u200D' { // joiners show nothing; any level will do
				t.Fatalf("%q %U: character %d has level %d, x/text says right to left: %v (all: %v)", string(text), text, i, level, want[i], want)
			}
		}
	}
}
