package pdf

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// embedded collects what a document uses of one font. A code in the page
// stands for a glyph together with the text it was set for, so that copying
// and searching give back the text even where one glyph serves several.
type embedded struct {
	*typeface
	outline *trueType
	ref     ref
	name    string // as pages call it
	codes   map[coded]int
	used    []coded // used[i] has code i+1; code 0 is the missing box
}

type coded struct {
	glyph uint16
	text  string
}

// maxCodes is what two bytes can number. No honest document comes near; what is
// beyond shows as the missing box.
const maxCodes = 0xFFFF

func (e *embedded) code(glyph uint16, text string) int {
	key := coded{glyph, text}
	c, ok := e.codes[key]
	if !ok && len(e.used) < maxCodes {
		e.used = append(e.used, key)
		c = len(e.used)
		e.codes[key] = c
	}
	return c
}

// write adds the font to the file: a subset of the outlines, the widths, and the way
// from codes to glyphs and to text.
func (e *embedded) write(f *file) {
	t := e.outline
	glyphs := []uint16{0}
	number := map[uint16]int{0: 0}
	toGlyph := make([]byte, 2, 2+2*len(e.used))
	var widths strings.Builder
	for _, u := range e.used {
		n, ok := number[u.glyph]
		if !ok {
			n = len(glyphs)
			number[u.glyph] = n
			glyphs = append(glyphs, u.glyph)
		}
		toGlyph = append(toGlyph, byte(n>>8), byte(n))
		widths.WriteString(strconv.Itoa(t.advance(u.glyph)) + " ")
	}
	outlines := t.subset(glyphs)
	program := f.stream(fmt.Sprintf("/Length1 %d", len(outlines)), outlines)
	base := "/" + subsetTag(e.used) + "+" + e.typeface.name
	descriptor := f.add(fmt.Sprintf("<</Type/FontDescriptor/FontName%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %v>>",
		base, t.bbox[0], t.bbox[1], t.bbox[2], t.bbox[3], t.ascent, t.descent, t.capHeight, program))
	descendant := f.add(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %v/DW %d/W[1[%s]]/CIDToGIDMap %v>>",
		base, descriptor, t.advance(0), strings.TrimSpace(widths.String()), f.stream("", toGlyph)))
	f.put(e.ref, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont%s/Encoding/Identity-H/DescendantFonts[%v]/ToUnicode %v>>",
		base, descendant, f.stream("", e.toUnicode())))
}

// toUnicode maps codes to text, at most 100 to a block as the format asks.
func (e *embedded) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	var entries []string
	for i, u := range e.used {
		if u.text == "" {
			continue
		}
		var entry strings.Builder
		fmt.Fprintf(&entry, "<%04X><", i+1)
		for _, unit := range utf16.Encode([]rune(u.text)) {
			fmt.Fprintf(&entry, "%04X", unit)
		}
		entries = append(entries, entry.String()+">\n")
	}
	for len(entries) > 0 {
		n := min(100, len(entries))
		fmt.Fprintf(&b, "%d beginbfchar\n%sendbfchar\n", n, strings.Join(entries[:n], ""))
		entries = entries[n:]
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.Bytes()
}

// subsetTag is the six letters the format wants before the name of a subset.
func subsetTag(used []coded) string {
	h := uint64(14695981039346656037)
	for _, u := range used {
		h = (h ^ uint64(u.glyph)) * 1099511628211
	}
	var tag [6]byte
	for i := range tag {
		tag[i] = 'A' + byte(h%26)
		h /= 26
	}
	return string(tag[:])
}
