package files

import (
	"encoding/binary"
	"strings"
	"sync"
)

// dictionary numbers the strings that come again and again: senders, accounts,
// categories, templates, markets. It lives as long as the run, so the numbers may
// stand in the spool. It stops growing at a limit; what it has no number for is
// written out.
type dictionary struct {
	mu      sync.Mutex
	ids     map[string]uint32
	strings []string // strings[0] is ""
}

const (
	dictionaryMax  = 1 << 17
	dictionaryLong = 128 // longer strings are not worth a number
)

func newDictionary() *dictionary {
	return &dictionary{ids: map[string]uint32{"": 0}, strings: []string{""}}
}

// id numbers a string; ok is false when there is no number left.
func (d *dictionary) id(s string) (id uint32, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok = d.ids[s]; ok {
		return id, true
	}
	if len(d.strings) == dictionaryMax {
		return 0, false
	}
	id = uint32(len(d.strings))
	s = strings.Clone(s)
	d.strings = append(d.strings, s)
	d.ids[s] = id
	return id, true
}

// known returns the strings numbered so far.
func (d *dictionary) known() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.strings
}

// lexicon is one goroutine's view of the dictionary.
type lexicon struct {
	shared *dictionary
	known  []string
	local  map[string]uint32
	recent [512]struct {
		s  string
		id uint32
	}
}

func newLexicon(d *dictionary) *lexicon {
	return &lexicon{shared: d, known: d.known(), local: map[string]uint32{}}
}

// append writes a string: 1 + its number, or 0 and the string itself.
func (x *lexicon) append(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, 1)
	}
	if len(s) <= dictionaryLong {
		n := len(s)
		r := &x.recent[(uint(n)*61^uint(s[0])*29^uint(s[n/2])*13^uint(s[n-1])*7^uint(s[(n-1)-(n-1)/4])<<4)%uint(len(x.recent))]
		if r.s == s {
			return binary.AppendUvarint(dst, uint64(r.id)+1)
		}
		id, ok := x.local[s]
		if !ok {
			if id, ok = x.shared.id(s); ok {
				s = strings.Clone(s)
				x.local[s] = id
			}
		}
		if ok {
			r.s, r.id = s, id
			return binary.AppendUvarint(dst, uint64(id)+1)
		}
	}
	return appendText(append(dst, 0), s)
}

// read reads what append wrote. The string never keeps the record alive.
func (x *lexicon) read(r *reader) string {
	n := r.uvarint()
	if n == 0 {
		return strings.Clone(r.text())
	}
	if n > uint64(len(x.known)) {
		x.known = x.shared.known()
	}
	return x.known[n-1]
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// reader reads the parts of a record in order. A record that it runs out of was
// not written by this program, and panics.
type reader struct {
	s  string
	at int
}

func (r *reader) byte() byte {
	c := r.s[r.at]
	r.at++
	return c
}

func (r *reader) uint32() uint32 {
	s := r.s[r.at : r.at+4]
	r.at += 4
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func (r *reader) uint64() uint64 { return uint64(r.uint32()) | uint64(r.uint32())<<32 }

func (r *reader) uvarint() uint64 {
	var n uint64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
}

// text returns a string that points into the record.
func (r *reader) text() string {
	n := int(r.uvarint())
	s := r.s[r.at : r.at+n]
	r.at += n
	return s
}
