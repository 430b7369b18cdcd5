package files

import (
	"encoding/binary"
	"strings"
	"sync"
	"unsafe"
)

// dictionary numbers facts. It lives as long as the run, so the numbers may stand
// in the spool. It stops growing at a limit; what has no number is written out.
type dictionary[T comparable] struct {
	mu    sync.RWMutex
	ids   map[T]uint32
	facts []T
}

const (
	dictionaryMax  = 1 << 16
	dictionaryLong = 256 // facts with more text are not worth a number

	recentFacts = 1 << 11 // how many a lexicon has at hand
)

func newDictionary[T comparable]() *dictionary[T] { return &dictionary[T]{ids: map[T]uint32{}} }

// id numbers facts from 0; ok is false when there is no number left.
func (d *dictionary[T]) id(facts T) (id uint32, ok bool) {
	d.mu.RLock()
	id, ok = d.ids[facts]
	full := len(d.facts) == dictionaryMax
	d.mu.RUnlock()
	if ok || full {
		return id, ok
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok = d.ids[facts]; ok || len(d.facts) == dictionaryMax {
		return id, ok
	}
	id = uint32(len(d.facts))
	d.facts = append(d.facts, facts)
	d.ids[facts] = id
	return id, true
}

// known returns all facts numbered so far.
func (d *dictionary[T]) known() []T {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.facts
}

// lexicon is one goroutine's view of a dictionary. To write facts, look at the
// recent ones first, then look them up:
//
//	r := x.at(slot)
//	if the facts are r.facts { dst = r.append(dst) } else { dst = x.append(dst, r, facts) }
type lexicon[T comparable, P factsOf[T]] struct {
	shared  *dictionary[T]
	known   []T
	recent  []numbered[T]
	spelled T
	// notRecent is told of all facts written that were not recent: of each at least once.
	notRecent func(T)
}

// numbered are facts with 1 + their number; 0 while there are none.
type numbered[T comparable] struct {
	facts T
	next  uint32
}

func newLexicon[T comparable, P factsOf[T]](d *dictionary[T]) *lexicon[T, P] {
	return &lexicon[T, P]{shared: d, known: d.known(), recent: make([]numbered[T], recentFacts)}
}

// at returns the place among the recent facts for a quick hash.
func (x *lexicon[T, P]) at(slot uint) *numbered[T] { return &x.recent[slot%recentFacts] }

// append writes the number of the facts.
func (r *numbered[T]) append(dst []byte) []byte {
	return binary.AppendUvarint(dst, uint64(r.next))
}

// append writes facts that are not the recent ones at their place: 1 + their
// number, or 0 and all strings. The strings must not be part of anything large.
func (x *lexicon[T, P]) append(dst []byte, recent *numbered[T], facts T) []byte {
	if x.notRecent != nil {
		x.notRecent(facts)
	}
	size := 0
	P(&facts).each(func(s *string) { size += len(*s) })
	if size <= dictionaryLong {
		if id, ok := x.shared.id(facts); ok {
			recent.facts, recent.next = facts, id+1
			return recent.append(dst)
		}
	}
	dst = append(dst, 0)
	P(&facts).each(func(s *string) { dst = appendText(dst, *s) })
	return dst
}

// read reads what append wrote. The facts are valid until the next call; their
// strings never keep the record alive.
func (x *lexicon[T, P]) read(r *reader) P {
	n := r.uvarint()
	if n == 0 {
		r.at = x.spell(r.s, r.at)
		return &x.spelled
	}
	if n > uint64(len(x.known)) {
		x.known = x.shared.known()
	}
	return &x.known[n-1]
}

// spell reads facts without a number, and returns where they end.
func (x *lexicon[T, P]) spell(s string, at int) int {
	var none T
	x.spelled = none
	r := reader{s, at}
	P(&x.spelled).each(func(s *string) { *s = strings.Clone(r.text()) })
	return r.at
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// view shows bytes as a string without copying them, for as long as nobody writes
// to what the string shows.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

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
	if c := r.s[r.at]; c < 0x80 {
		r.at++
		return uint64(c)
	}
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
