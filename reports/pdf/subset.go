package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// trueType is a TrueType font taken apart far enough to write a part of it. It
// is immutable, so documents drawn at the same time share it.
type trueType struct {
	tables     map[string][]byte
	offsets    []uint32 // glyph g is glyf[offsets[g]:offsets[g+1]]
	hMetrics   int
	unitsPerEm int
	bbox       [4]int // in 1000ths of an em, as all below
	ascent     int
	descent    int
	capHeight  int
}

var errTruncated = errors.New("font: table too short")

// parseTrueType reads a TrueType (glyf) font.
func parseTrueType(b []byte) (*trueType, error) {
	if len(b) < 12 || binary.BigEndian.Uint32(b) != 0x00010000 {
		return nil, errors.New("font: not TrueType")
	}
	t := &trueType{tables: map[string][]byte{}}
	for i := range int(binary.BigEndian.Uint16(b[4:])) {
		rec := b[min(12+16*i, len(b)):]
		if len(rec) < 16 {
			return nil, errTruncated
		}
		from, n := binary.BigEndian.Uint32(rec[8:]), binary.BigEndian.Uint32(rec[12:])
		if uint64(from)+uint64(n) > uint64(len(b)) {
			return nil, errTruncated
		}
		t.tables[string(rec[:4])] = b[from : from+n]
	}
	for tag, size := range map[string]int{"head": 54, "hhea": 36, "maxp": 6, "hmtx": 4, "loca": 2, "glyf": 0, "OS/2": 90} {
		if table, ok := t.tables[tag]; !ok || len(table) < size {
			return nil, fmt.Errorf("font: table %q missing or too short", tag)
		}
	}
	head, hhea := t.tables["head"], t.tables["hhea"]
	t.unitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
	t.hMetrics = int(binary.BigEndian.Uint16(hhea[34:]))
	for i := range t.bbox {
		t.bbox[i] = t.perMille(int(int16(binary.BigEndian.Uint16(head[36+2*i:]))))
	}
	t.ascent = t.perMille(int(int16(binary.BigEndian.Uint16(hhea[4:]))))
	t.descent = t.perMille(int(int16(binary.BigEndian.Uint16(hhea[6:]))))
	t.capHeight = t.perMille(int(int16(binary.BigEndian.Uint16(t.tables["OS/2"][88:]))))
	return t, t.readOffsets()
}

func (t *trueType) perMille(v int) int { return v * 1000 / t.unitsPerEm }

func (t *trueType) readOffsets() error {
	loca, glyf := t.tables["loca"], t.tables["glyf"]
	long := binary.BigEndian.Uint16(t.tables["head"][50:]) == 1
	n := int(binary.BigEndian.Uint16(t.tables["maxp"][4:])) + 1
	if size := 2 * n; len(loca) < size || long && len(loca) < 2*size {
		return errTruncated
	}
	if t.hMetrics < 1 || len(t.tables["hmtx"]) < 4*t.hMetrics+2*(n-1-t.hMetrics) {
		return errTruncated
	}
	t.offsets = make([]uint32, n)
	for i := range t.offsets {
		if long {
			t.offsets[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			t.offsets[i] = 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		}
		if int(t.offsets[i]) > len(glyf) || i > 0 && t.offsets[i] < t.offsets[i-1] {
			return errTruncated
		}
	}
	return nil
}

// noGlyph is a glyph that no font has: without outline and width.
const noGlyph = 0xFFFF

func (t *trueType) glyph(id uint16) []byte {
	if int(id)+1 >= len(t.offsets) {
		return nil
	}
	return t.tables["glyf"][t.offsets[id]:t.offsets[id+1]]
}

// metric returns advance width and left side bearing in font units.
func (t *trueType) metric(id uint16) (advance, bearing uint16) {
	hmtx, i := t.tables["hmtx"], int(id)
	if i >= len(t.offsets)-1 {
		return 0, 0
	}
	if i < t.hMetrics {
		return binary.BigEndian.Uint16(hmtx[4*i:]), binary.BigEndian.Uint16(hmtx[4*i+2:])
	}
	last := 4 * (t.hMetrics - 1)
	return binary.BigEndian.Uint16(hmtx[last:]), binary.BigEndian.Uint16(hmtx[last+4+2*(i-t.hMetrics):])
}

// advance is the width of a glyph in 1000ths of an em.
func (t *trueType) advance(id uint16) int {
	a, _ := t.metric(id)
	return t.perMille(int(a))
}

// subset writes a font of the given glyphs, numbered in the order given; the
// first must be 0 (.notdef). Parts of composite glyphs are added behind them. Same
// glyphs, same bytes: nothing in it comes from the clock.
func (t *trueType) subset(glyphs []uint16) []byte {
	order := slices.Clone(glyphs)
	number := make(map[uint16]uint16, len(order))
	for i, g := range order {
		number[g] = uint16(i)
	}
	var glyf, loca, hmtx []byte
	for i := 0; i < len(order); i++ {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		outline := slices.Clone(t.glyph(order[i]))
		eachComponent(outline, func(ref []byte) {
			g := binary.BigEndian.Uint16(ref)
			to, ok := number[g]
			if !ok {
				to = uint16(len(order))
				number[g] = to
				order = append(order, g)
			}
			binary.BigEndian.PutUint16(ref, to)
		})
		glyf = pad(append(glyf, outline...))
		advance, bearing := t.metric(order[i])
		hmtx = binary.BigEndian.AppendUint16(hmtx, advance)
		hmtx = binary.BigEndian.AppendUint16(hmtx, bearing)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	head, hhea, maxp := slices.Clone(t.tables["head"]), slices.Clone(t.tables["hhea"]), slices.Clone(t.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(order)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(order)))
	return assemble([]table{
		{"cvt ", t.tables["cvt "]},
		{"fpgm", t.tables["fpgm"]},
		{"glyf", glyf},
		{"head", head},
		{"hhea", hhea},
		{"hmtx", hmtx},
		{"loca", loca},
		{"maxp", maxp},
		{"prep", t.tables["prep"]},
	})
}

// eachComponent calls f with the two bytes of every glyph number that a
// composite outline refers to.
func eachComponent(outline []byte, f func(ref []byte)) {
	const wordArgs, scale, more, xyScale, twoByTwo = 1, 8, 0x20, 0x40, 0x80
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return
	}
	for p := 10; p+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[p:])
		f(outline[p+2 : p+4])
		p += 6
		if flags&wordArgs != 0 {
			p += 2
		}
		switch {
		case flags&scale != 0:
			p += 2
		case flags&xyScale != 0:
			p += 4
		case flags&twoByTwo != 0:
			p += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

type table struct {
	tag  string
	data []byte
}

// assemble writes the tables that have content, which come sorted by tag, with
// their checksums.
func assemble(tables []table) []byte {
	tables = slices.DeleteFunc(tables, func(t table) bool { return len(t.data) == 0 })
	n := len(tables)
	log2 := 0
	for 2<<log2 <= n {
		log2++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << log2, log2, 16*n - 16<<log2} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at, headAt := 12+16*n, 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		out = append(out, t.tag...)
		for _, v := range []int{int(checksum(t.data)), at, len(t.data)} {
			out = binary.BigEndian.AppendUint32(out, uint32(v))
		}
		at += len(pad(slices.Clone(t.data)))
	}
	for _, t := range tables {
		out = pad(append(out, t.data...))
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-checksum(out))
	return out
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func checksum(b []byte) (sum uint32) {
	b = pad(slices.Clone(b))
	for i := 0; i < len(b); i += 4 {
		sum += binary.BigEndian.Uint32(b[i:])
	}
	return sum
}
