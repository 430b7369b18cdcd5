package live

import (
	"encoding/binary"
	"postage/rating"
)

// A story at rest is one string of bytes:
//
//	key         14 bytes
//	activation  uvarint
//	cut, fold   uvarint each
//	messages    uvarint, then for each:
//	  hash      8 bytes of the id's
//	  head      one byte: which events there are, whether the id is whole, whether some were merged
//	  id        uvarint and the id where the head says so
//	  print     8 bytes, unless it is an inbound only
//	  merged    one byte where the head says so: which of the events
//	  events    for each: uvarint shape * 2 + (has extra), zigzag time since the event before,
//	            8 bytes of the extra's hash where it has one
//	folded      what is folded up, see fold.go
//
// What an event says besides its time repeats endlessly: it is a shape, kept once.

// head bits. An event type has the bit of its place in types.
const (
	headWhole  = 1 << 5
	headMerged = 1 << 6
	headPrint  = 1 << 7
)

var types = [...]rating.EventType{rating.Received, rating.Sent, rating.Delivered, rating.Read, rating.Failed}

// shape is all that an event says except whom and what message it is about, and when.
type shape struct {
	kind                                             rating.Kind
	referral                                         rating.Referral
	client                                           rating.Client
	account, userCountry, category, template, source string
	claim                                            rating.Claim
	err                                              rating.CarrierError
}

func shapeOf(e *rating.Event) shape {
	return shape{e.Kind, e.Referral, e.Client, e.Account, e.UserCountry, e.Category, e.Template, e.Source, e.Claim, e.Error}
}

func (s *shape) fill(e *rating.Event) {
	e.Kind, e.Referral, e.Client = s.kind, s.referral, s.client
	e.Account, e.UserCountry, e.Category, e.Template, e.Source = s.account, s.userCountry, s.category, s.template, s.source
	e.Claim, e.Error = s.claim, s.err
}

// shapes is the dictionary of shapes. When it is full, a new shape is written out.
type shapes struct {
	known []shape
	codes map[shape]uint32

	hashes, rest, folded []byte // scratch of foldUp
}

const (
	shapesMax    = 1 << 16
	shapeTextMax = 256 // bytes of text in a shape that is worth keeping
	spelledOut   = 0   // the code of a shape that follows in full
)

func newShapes() *shapes { return &shapes{known: make([]shape, 1), codes: map[shape]uint32{}} }

func (d *shapes) code(s *shape) uint32 {
	if code, ok := d.codes[*s]; ok {
		return code
	}
	text := len(s.account) + len(s.userCountry) + len(s.category) + len(s.template) + len(s.source) +
		len(s.claim.Model) + len(s.claim.Type) + len(s.claim.Category) + len(s.err.Title)
	if len(d.known) == shapesMax || text > shapeTextMax {
		return spelledOut
	}
	d.known = append(d.known, *s)
	code := uint32(len(d.known) - 1)
	d.codes[*s] = code
	return code
}

func (s *shape) append(b []byte) []byte {
	b = append(b, byte(s.kind), byte(s.referral), byte(s.client), byte(s.claim.Billable))
	b = binary.AppendVarint(b, int64(s.err.Code))
	for _, text := range [...]string{s.account, s.userCountry, s.category, s.template, s.source, s.claim.Model, s.claim.Type, s.claim.Category, s.err.Title} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

func (s *shape) read(r *reader) {
	s.kind, s.referral, s.client, s.claim.Billable = rating.Kind(r.byte()), rating.Referral(r.byte()), rating.Client(r.byte()), rating.Billable(r.byte())
	s.err.Code = int32(r.varint())
	for _, text := range [...]*string{&s.account, &s.userCountry, &s.category, &s.template, &s.source, &s.claim.Model, &s.claim.Type, &s.claim.Category, &s.err.Title} {
		*text = string(r.take(int(r.uvarint())))
	}
}

// encode appends a story to dst.
func (d *shapes) encode(dst []byte, key packed, s *story) []byte {
	dst = appendKey(dst, key)
	dst = binary.AppendUvarint(dst, uint64(s.activation))
	dst = binary.AppendUvarint(dst, uint64(s.cut))
	dst = binary.AppendUvarint(dst, uint64(s.fold))
	dst = binary.AppendUvarint(dst, uint64(len(s.messages)))
	var last rating.Instant
	for i := range s.messages {
		t := &s.messages[i]
		dst = binary.LittleEndian.AppendUint64(dst, t.hash)
		dst = d.encodeMessage(dst, s, t, &last)
	}
	return append(dst, s.folded...)
}

// encodeMessage appends a message without its hash. last is the time of the event before.
func (d *shapes) encodeMessage(dst []byte, s *story, t *told, last *rating.Instant) []byte {
	var head, merged byte
	for bit, typ := range types {
		if at := t.by[typ]; at > 0 {
			head |= 1 << bit
			if s.merged[at-1] {
				head |= headMerged
				merged |= 1 << bit
			}
		}
	}
	if t.tied {
		head |= headWhole
	}
	if t.print != 0 {
		head |= headPrint
	}
	dst = append(dst, head)
	if t.tied {
		dst = binary.AppendUvarint(dst, uint64(len(t.id)))
		dst = append(dst, t.id...)
	}
	if t.print != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, t.print)
	}
	if merged != 0 {
		dst = append(dst, merged)
	}
	for _, typ := range types {
		at := t.by[typ]
		if at == 0 {
			continue
		}
		e, extra := &s.events[at-1], s.extras[at-1]
		code := s.codes[at-1]
		var sh shape
		if code == spelledOut { // or not known
			sh = shapeOf(e)
			code = d.code(&sh)
		}
		more := uint64(0)
		if extra != 0 {
			more = 1
		}
		dst = binary.AppendUvarint(dst, uint64(code)<<1|more)
		if code == spelledOut {
			dst = sh.append(dst)
		}
		dst = binary.AppendVarint(dst, int64(e.At-*last))
		*last = e.At
		if extra != 0 {
			dst = binary.LittleEndian.AppendUint64(dst, extra)
		}
	}
	return dst
}

// decode reads a story of a conversation whose names are given; what is folded up stays so, and
// stays in the record. It trusts its input.
func (d *shapes) decode(s *story, record []byte, key Key) {
	s.reset()
	r := reader{record[keyBytes:]}
	s.activation = uint32(r.uvarint())
	s.cut = rating.Instant(r.uvarint())
	s.fold = rating.Instant(r.uvarint())
	n := int(r.uvarint())
	names := makeNames(n)
	var last rating.Instant
	for range n {
		d.decodeMessage(s, r.uint64(), &r, key, &names, &last)
	}
	s.folded = r.b
}

// decodeMessage reads a message behind its hash into the story.
func (d *shapes) decodeMessage(s *story, hash uint64, r *reader, key Key, names *names, last *rating.Instant) {
	t := told{hash: hash}
	head := r.byte()
	if head&headWhole != 0 {
		t.id, t.whole, t.tied = string(r.take(int(r.uvarint()))), true, true
	} else {
		t.id = names.name(hash)
	}
	if head&headPrint != 0 {
		t.print = r.uint64()
	}
	var merged byte
	if head&headMerged != 0 {
		merged = r.byte()
	}
	k := s.message(t)
	for bit, typ := range types {
		if head&(1<<bit) == 0 {
			continue
		}
		e := rating.Event{Type: typ, Sender: key.Sender, User: key.User}
		code := r.uvarint()
		if code>>1 == spelledOut {
			var sh shape
			sh.read(r)
			sh.fill(&e)
		} else {
			d.known[code>>1].fill(&e)
		}
		*last += rating.Instant(r.varint())
		e.At = *last
		var extra uint64
		if code&1 != 0 {
			extra = r.uint64()
		}
		s.event(k, e, extra, uint32(code>>1), merged&(1<<bit) != 0)
	}
}

// names makes names of hashes for messages whose ids are not kept: a zero byte, which no
// message id begins with, and the hash.
type names struct{ text []byte }

const nameBytes = 9

func makeNames(n int) names { return names{make([]byte, 0, n*nameBytes)} }

func (n *names) name(hash uint64) string {
	from := len(n.text)
	n.text = append(n.text, 0)
	n.text = binary.LittleEndian.AppendUint64(n.text, hash)
	return string(n.text[from:])
}

// unnamed is the hash that such a name was made of.
func unnamed(id string) (hash uint64, ok bool) {
	if len(id) != nameBytes || id[0] != 0 {
		return 0, false
	}
	return binary.LittleEndian.Uint64([]byte(id[1:])), true
}

// reader reads a record.
type reader struct{ b []byte }

func (r *reader) byte() byte {
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) take(n int) []byte {
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}
