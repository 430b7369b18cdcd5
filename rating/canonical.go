package rating

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendCanonical appends the event's canonical content and returns the
// extended slice: one JSON object with the member names of the wire format v1,
// only members that are not empty, names sorted by their bytes at every level,
// no spaces, time in milliseconds, numbers as they came, strings escaped only
// where JSON demands it. The members of Extra are merged in; where both have
// one, the event's own value wins. Equal events give equal bytes, and decoding
// the bytes gives the event back.
//
// It is both the v1 encoding and what SEMANTICS ("Identity and merging") hashes
// to choose between copies.
func (e *Event) AppendCanonical(dst []byte) []byte {
	m := newMerge(dst, e.Extra)
	m.str("account", e.Account)
	m.str("category", e.Category)
	m.str("client", e.Client.String())
	if inner, ok := m.object("error", e.Error != CarrierError{}); ok {
		if e.Error.Code != 0 {
			inner.name("code")
			inner.dst = strconv.AppendInt(inner.dst, int64(e.Error.Code), 10)
		}
		inner.str("title", e.Error.Title)
		m.dst = inner.close()
	}
	m.str("kind", e.Kind.String())
	m.str("message_id", e.MessageID)
	if inner, ok := m.object("pricing", e.Claim != Claim{}); ok {
		if e.Claim.Billable != BillableUnsaid {
			inner.name("billable")
			inner.dst = strconv.AppendBool(inner.dst, e.Claim.Billable == BillableYes)
		}
		inner.str("category", e.Claim.Category)
		inner.str("model", e.Claim.Model)
		inner.str("type", e.Claim.Type)
		m.dst = inner.close()
	}
	m.str("referral", e.Referral.String())
	m.str("sender", e.Sender)
	m.str("source", e.Source)
	m.str("template", e.Template)
	m.str("time", e.At.String())
	m.str("type", e.Type.String())
	m.str("user", e.User)
	m.str("user_country", e.UserCountry)
	return m.close()
}

// merge writes one object: the event's own members, offered in sorted order,
// woven into the rest of a canonical object that is sorted already.
type merge struct {
	dst   []byte
	rest  string // members not yet written: `"name":value,...`, without braces
	first bool
}

// newMerge opens an object on dst that will contain the members of extra.
func newMerge(dst []byte, extra string) merge {
	m := merge{dst: append(dst, '{'), first: true}
	if len(extra) > 2 {
		m.rest = extra[1 : len(extra)-1]
	}
	return m
}

// str writes a member of the event, unless it is empty.
func (m *merge) str(name, value string) {
	if value == "" {
		return
	}
	m.name(name)
	m.dst = AppendJSONString(m.dst, value)
}

// name writes the extra members that sort before name, starts the member, and
// returns the value of the extra member of the same name, which it replaces.
func (m *merge) name(name string) (replaced string) {
	m.before(name)
	replaced = m.take(name)
	m.comma()
	m.dst = append(m.dst, '"')
	m.dst = append(m.dst, name...)
	m.dst = append(m.dst, '"', ':')
	return replaced
}

// object starts a member that is an object itself, merged with the extra object
// of that name. ok is false when there is nothing of the event's own to write:
// the extra member, whatever it is, then stays as it is.
func (m *merge) object(name string, own bool) (inner merge, ok bool) {
	if !own {
		return merge{}, false
	}
	extra := m.name(name)
	if !strings.HasPrefix(extra, "{") {
		extra = ""
	}
	return newMerge(m.dst, extra), true
}

// before writes the extra members whose names sort before name. Comparing the
// escaped text is enough: the event's own names consist of letters and
// underscores, and every character that JSON escapes sorts before those.
func (m *merge) before(name string) {
	for m.rest != "" {
		key, _, all := firstMember(m.rest)
		if key >= name {
			return
		}
		m.comma()
		m.dst = append(m.dst, all...)
		m.drop(len(all))
	}
}

// take removes the next extra member if it is called name and returns its value.
func (m *merge) take(name string) string {
	if m.rest == "" {
		return ""
	}
	key, value, all := firstMember(m.rest)
	if key != name {
		return ""
	}
	m.drop(len(all))
	return value
}

func (m *merge) drop(n int) {
	if m.rest = m.rest[n:]; m.rest != "" {
		m.rest = m.rest[1:] // the comma
	}
}

func (m *merge) comma() {
	if !m.first {
		m.dst = append(m.dst, ',')
	}
	m.first = false
}

// close writes what is left of the extra members and ends the object.
func (m *merge) close() []byte {
	if m.rest != "" {
		m.comma()
		m.dst = append(m.dst, m.rest...)
	}
	return append(m.dst, '}')
}

// firstMember splits the first member off the inside of a canonical object. The
// key is its text between the quotes, escapes and all.
func firstMember(s string) (key, value, all string) {
	end := stringEnd(s, 0)
	key = s[1 : end-1]
	depth, i := 0, end+1
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = stringEnd(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				return key, s[end+1 : i], s[:i]
			}
		}
	}
	return key, s[end+1:], s
}

// stringEnd returns the position after the JSON string that begins at i.
func stringEnd(s string, i int) int {
	for i++; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// AppendJSONString appends s as a JSON string in the one canonical way: quotes,
// backslashes and control characters escaped (the short form where there is
// one), everything else as it is, invalid UTF-8 as U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
