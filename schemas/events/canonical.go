package events

import (
	"bytes"
	"postage/rating"
	"slices"

	"github.com/go-faster/jx"
)

// appendCanonical writes a value as rating.Event.AppendCanonical would: member
// names sorted, no spaces, one way to write a string, numbers as they came.
func (s scalar) appendCanonical(dst []byte) []byte {
	switch {
	case s.raw == nil:
		return rating.AppendJSONString(dst, string(s.text))
	case s.raw[0] != '{' && s.raw[0] != '[' && bytes.IndexByte(s.raw, '\\') < 0:
		return append(dst, s.raw...) // numbers, true, strings without escapes: one form only
	}
	n, err := parseNode(jx.DecodeBytes(s.raw))
	if err != nil {
		panic("events: a value that was read once is not JSON: " + err.Error())
	}
	return n.append(dst)
}

// node is a JSON value on its way to its canonical form.
type node struct {
	key  []byte // of a member of an object
	kind byte   // '{', '[' or 0
	raw  []byte // the canonical bytes of anything else
	kids []node
}

// parseNode reads a value; the reader limits the depth. Members are sorted by
// name, the last one of a name wins.
func parseNode(j *jx.Decoder) (n node, err error) {
	switch j.Next() {
	case jx.Object:
		n.kind = '{'
		var it jx.ObjIter
		for it, err = j.ObjIter(); err == nil && it.Next(); {
			var kid node
			key := it.Key()
			kid, err = parseNode(j)
			kid.key = key
			n.kids = append(n.kids, kid)
		}
		if err == nil {
			err = it.Err()
		}
		n.sortMembers()
	case jx.Array:
		n.kind = '['
		var it jx.ArrIter
		for it, err = j.ArrIter(); err == nil && it.Next(); {
			var kid node
			kid, err = parseNode(j)
			n.kids = append(n.kids, kid)
		}
		if err == nil {
			err = it.Err()
		}
	default:
		if n.raw, err = j.Raw(); err == nil && bytes.IndexByte(n.raw, '\\') >= 0 {
			var text string
			text, err = jx.DecodeBytes(n.raw).Str()
			n.raw = rating.AppendJSONString(nil, text)
		}
	}
	return n, err
}

func (n *node) sortMembers() {
	slices.SortStableFunc(n.kids, func(a, b node) int { return bytes.Compare(a.key, b.key) })
	last := n.kids[:0]
	for i, kid := range n.kids {
		if i+1 == len(n.kids) || !bytes.Equal(kid.key, n.kids[i+1].key) {
			last = append(last, kid)
		}
	}
	n.kids = last
}

// append writes the value in canonical form.
func (n *node) append(dst []byte) []byte {
	if n.kind == 0 {
		return append(dst, n.raw...)
	}
	dst = append(dst, n.kind)
	for i := range n.kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if n.kind == '{' {
			dst = append(rating.AppendJSONString(dst, string(n.kids[i].key)), ':')
		}
		dst = n.kids[i].append(dst)
	}
	return append(dst, n.kind+2) // '{' and '}', '[' and ']' are two apart
}
