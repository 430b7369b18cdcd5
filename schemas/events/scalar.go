package events

import (
	"github.com/go-faster/jx"
)

// scalar is a member as found: the content of a string, or the bytes of a value
// of any other type. An absent member, null and "" leave both empty.
type scalar struct {
	text []byte
	raw  []byte
}

// readScalar reads the next value. The bytes belong to the record, or are fresh
// when the string had escapes.
func readScalar(j *jx.Decoder) (s scalar, err error) {
	switch j.Next() {
	case jx.String:
		s.text, err = j.StrBytes()
	case jx.Null:
		err = j.Null()
	default:
		s.raw, err = j.Raw()
	}
	return s, err
}

// absent says whether there is nothing: no member, null or "".
func (s scalar) absent() bool { return len(s.text) == 0 && s.raw == nil }

// describe says what was found, for people.
func (s scalar) describe() string {
	switch {
	case len(s.text) > 0:
		return quote(s.text)
	case s.raw != nil:
		return describe(s.raw)
	default:
		return "nothing"
	}
}

// describe says what a JSON value is, for people.
func describe(raw []byte) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "the string " + clip(raw)
	case 't', 'f', 'n':
		return clip(raw)
	default:
		return "the number " + clip(raw)
	}
}

// interner gives back the same string for the same bytes as long as they come
// often. It is a fixed table, so that no input makes it grow.
type interner struct {
	seen [1024]string
}

const internMax = 64 // longer strings are not worth keeping

func (n *interner) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internMax {
		return string(b)
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &n.seen[(h^h>>16)%uint32(len(n.seen))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
