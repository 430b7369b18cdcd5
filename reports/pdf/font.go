package pdf

import (
	"bytes"
	"embed"
	"fmt"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// weight chooses between the two looks of a text.
type weight int

const (
	regular weight = iota
	bold
	weights
)

// The fonts travel in the binary, so a document looks the same wherever it is
// drawn. Where each comes from and its licence: fonts/README.md.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// family is a font for some scripts, in the weights it has.
type family [weights]*typeface

// families are asked in this order for each character. Noto Sans has Latin, Greek
// and Cyrillic, all figures of one width, and the box that stands for a character nobody has. Droid
// Sans Fallback has the ideographs and kana, in one weight; in a bold text it is drawn
// with a stroke around it. Nanum Square has Hangul.
var families = []family{
	{newTypeface("NotoSans-Regular"), newTypeface("NotoSans-Bold")},
	{newTypeface("NotoSansArabic-Regular"), newTypeface("NotoSansArabic-Bold")},
	{newTypeface("NotoSansDevanagari-Regular"), newTypeface("NotoSansDevanagari-Bold")},
	{newTypeface("NotoSansHebrew-Regular"), newTypeface("NotoSansHebrew-Bold")},
	{newTypeface("NotoSansThai-Regular"), newTypeface("NotoSansThai-Bold")},
	{eastAsian, eastAsian.stroked()},
	{newTypeface("NanumSquareR"), newTypeface("NanumSquareB")},
}

var eastAsian = newTypeface("DroidSansFallbackFull")

// typeface is one embedded font, read on first use for all documents and not
// changed afterwards.
type typeface struct {
	name   string
	stroke bool // to be made bold by drawing around it
	read   func() *program
}

// program is what is in a font file.
type program struct {
	shape   *font.Font // for shaping and widths
	outline *trueType  // for embedding
}

func newTypeface(name string) *typeface {
	return &typeface{name: name, read: sync.OnceValue(func() *program { return readProgram(name) })}
}

// stroked is the same font, to be made bold.
func (t *typeface) stroked() *typeface { return &typeface{name: t.name, stroke: true, read: t.read} }

// readProgram takes a font of the binary apart, some 3 ms. That it cannot be read is a
// fault of the binary.
func readProgram(name string) *program {
	b, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
	if err != nil {
		panic(err)
	}
	ld, err := opentype.NewLoader(bytes.NewReader(b))
	if err != nil {
		panic(fmt.Sprintf("font %s: %v", name, err))
	}
	p := &program{}
	if p.shape, err = font.NewFont(ld); err != nil {
		panic(fmt.Sprintf("font %s: %v", name, err))
	}
	if p.outline, err = parseTrueType(b); err != nil {
		panic(fmt.Sprintf("font %s: %v", name, err))
	}
	return p
}
