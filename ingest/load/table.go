package load

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"postage/rating"
	"postage/schemas/events"
	"slices"
	"strconv"
	"strings"
)

// column is one column of a table: a member of a v1 event, or one of its
// `pricing` or `error`.
type column struct {
	name   string // as the file has it
	parent string // "pricing", "error" or ""
	member string
	want   kind
}

// kind is what the cells of a column must be. The decoder sees to all else.
type kind uint8

const (
	anything kind = iota
	boolean
	integer
)

// nested are the members that may be named with an underscore as well.
var nested = map[string][]string{
	"pricing": {"billable", "model", "type", "category"},
	"error":   {"code", "title"},
}

// required are the columns without which no row can be an event; message_id is
// missing where all are consents.
var required = []string{"type", "time", "sender", "user"}

func parseColumn(name string) column {
	c := column{name: name, member: name}
	if parent, member, ok := strings.Cut(name, "."); ok && nested[parent] != nil && member != "" {
		c.parent, c.member = parent, member
	} else if parent, member, ok := strings.Cut(name, "_"); ok && slices.Contains(nested[parent], member) {
		c.parent, c.member = parent, member
	}
	switch {
	case c.parent == "pricing" && c.member == "billable":
		c.want = boolean
	case c.parent == "error" && c.member == "code":
		c.want = integer
	}
	return c
}

// table turns rows into v1 events as JSON, so that they take the path of any
// other record.
type table struct {
	columns []column
	order   []int // of the columns in a record: members of one parent together
}

// cell is one value: text, or JSON of another type. Neither means absent.
type cell struct{ text, raw []byte }

func (c cell) absent() bool { return len(c.text) == 0 && c.raw == nil }

func newTable(names []string) (*table, error) {
	t := &table{}
	seen := map[[2]string]string{}
	var errs []error
	for i, name := range names {
		c := parseColumn(name)
		key := [2]string{c.parent, c.member}
		switch before, twice := seen[key]; {
		case name == "":
			errs = append(errs, fmt.Errorf("column %d has no name", i+1))
		case twice:
			errs = append(errs, fmt.Errorf("columns %s and %s are the same member: leave one out", before, name))
		}
		seen[key] = name
		t.columns = append(t.columns, c)
		t.order = append(t.order, i)
	}
	for _, name := range required {
		if _, ok := seen[[2]string{"", name}]; !ok {
			errs = append(errs, fmt.Errorf("no column %s: columns are named as the members of a v1 event (type, time, message_id, sender, user, ..., pricing.billable, error.code)", name))
		}
	}
	slices.SortStableFunc(t.order, func(a, b int) int { return cmp.Compare(t.columns[a].parent, t.columns[b].parent) })
	return t, errors.Join(errs...)
}

// appendRecord appends a row as a v1 event. A cell that is not of its column's
// kind is a fault; it stands in the record as it came.
func (t *table) appendRecord(dst []byte, cells []cell) (record []byte, fault *events.Refusal) {
	dst = append(dst, '{')
	open, first := "", true
	for _, i := range t.order {
		c, v := &t.columns[i], cells[i]
		if v.absent() {
			continue
		}
		if c.parent != open {
			if open != "" {
				dst = append(dst, '}')
			}
			dst = append(separate(dst, first), '"')
			dst = append(append(dst, c.parent...), '"', ':', '{')
			open, first = c.parent, true
		}
		v, ok := c.convert(v)
		if !ok && fault == nil {
			fault = &events.Refusal{Reason: events.BadValue, Detail: c.name + ": found " + v.describe() + ", expected " + wanted[c.want]}
		}
		dst = append(rating.AppendJSONString(separate(dst, first), c.member), ':')
		if v.raw != nil {
			dst = append(dst, v.raw...)
		} else {
			dst = rating.AppendJSONString(dst, string(v.text))
		}
		first = false
	}
	if open != "" {
		dst = append(dst, '}')
	}
	return append(dst, '}'), fault
}

func separate(dst []byte, first bool) []byte {
	if first {
		return dst
	}
	return append(dst, ',')
}

var wanted = map[kind]string{boolean: "true or false", integer: "an integer of 32 bits"}

// convert makes of a cell what its column wants, and says whether that was
// possible.
func (c *column) convert(v cell) (cell, bool) {
	s := v.text
	if v.raw != nil {
		s = v.raw
	}
	switch c.want {
	case anything:
	case boolean:
		for _, word := range [...]string{"true", "false"} {
			if len(s) <= len("false") && strings.EqualFold(string(s), word) {
				return cell{raw: []byte(word)}, true
			}
		}
		return v, false
	case integer:
		f, err := strconv.ParseFloat(string(s), 64) // 131049.0 is what some programs make of an integer
		code := int32(f)
		if err != nil || float64(code) != f {
			return v, false
		}
		return cell{raw: strconv.AppendInt(nil, int64(code), 10)}, true
	}
	return v, true
}

func (c cell) describe() string {
	const most = 80
	s := c.text
	if c.raw != nil {
		s = c.raw
	}
	if len(s) > most {
		s = append(bytes.ToValidUTF8(s[:most:most], nil), "..."...)
	}
	return `"` + string(s) + `"`
}
