package pdf

import (
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// run is a stretch of a line of one direction, one script and one font, which is
// what a shaper takes.
type run struct {
	from, to int // runes
	level    uint8
	script   language.Script
	face     *typeface
}

// runs cuts a line into runs and gives them in the order in which they stand.
func (t *typesetter) runs(text []rune, w weight) []run {
	levels, _ := directions(text)
	faces := t.choose(text, w)
	scripts := scriptsOf(text)
	var runs []run
	for i := range text {
		r := run{i, i + 1, levels[i], scripts[i], faces[i]}
		if n := len(runs); n > 0 && runs[n-1].level == r.level && runs[n-1].script == r.script && runs[n-1].face == r.face {
			runs[n-1].to++
			continue
		}
		runs = append(runs, r)
	}
	visual(runs, func(r run) uint8 { return r.level })
	return runs
}

// choose finds the font of each character: the first that has it. What shows
// nothing or sits on the character before it stays with that character's font, so that no
// word falls apart. What no font has is left to Noto Sans, whose box it gets.
func (t *typesetter) choose(text []rune, w weight) []*typeface {
	faces := make([]*typeface, len(text))
	last := families[0][w]
	for i, r := range text {
		if i > 0 && (unicode.In(r, unicode.M, unicode.Cf, unicode.Z) || unicode.Is(unicode.Common, r) && last != families[0][w]) && t.has(last, r) {
			faces[i] = last
			continue
		}
		last = families[0][w]
		for _, f := range families {
			if t.has(f[w], r) {
				last = f[w]
				break
			}
		}
		faces[i] = last
	}
	return faces
}

func (t *typesetter) has(f *typeface, r rune) bool {
	_, ok := t.face(f).NominalGlyph(r)
	return ok
}

// scriptsOf finds the script of each character. Those of no script (spaces, figures,
// marks) take that before them, at the start that of the first letter.
func scriptsOf(text []rune) []language.Script {
	scripts := make([]language.Script, len(text))
	last := language.Common
	for i, r := range text {
		if s := language.LookupScript(r); s.Strong() {
			if last == language.Common {
				for j := range i {
					scripts[j] = s
				}
			}
			last = s
		}
		scripts[i] = last
	}
	return scripts
}

// noLigatures: they would join fi in an identifier and add nothing to a table.
// Those that a script cannot be written without are another feature.
var noLigatures = []shaping.FontFeature{{Tag: opentype.MustNewTag("liga")}}

func (r run) input(text []rune, face *font.Face) shaping.Input {
	in := shaping.Input{
		Text: text, RunStart: r.from, RunEnd: r.to, Face: face, Script: r.script,
		Direction: di.DirectionLTR, Size: fixed.I(1000), FontFeatures: noLigatures,
	}
	if r.level%2 == 1 {
		in.Direction = di.DirectionRTL
	}
	return in
}
