package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fault is one thing wrong with one item. The texts are made only when
// something is wrong.
type fault struct {
	index           int32
	reason          string
	pointer         string // JSON pointer into the record, "" for the record itself
	found, expected string
}

// fault notes what is wrong with the item being decoded.
func (d *Decoder) fault(f fault) {
	f.index = d.index
	d.faults = append(d.faults, f)
}

func (f *fault) detail() string {
	s := "found " + f.found + ", expected " + f.expected
	if f.pointer != "" {
		s = strings.TrimPrefix(f.pointer, "/") + ": " + s
	}
	return s
}

var errTrailing = errors.New("something after the end of the JSON value")

// syntaxFault says where a record stops being JSON.
func syntaxFault(value []byte, err error) string {
	var at *json.SyntaxError
	if std := json.Unmarshal(value, new(json.RawMessage)); errors.As(std, &at) {
		return fmt.Sprintf("%s at byte %d", at, at.Offset)
	}
	return err.Error()
}

// quote shows a string as found, in full unless it is long, and safe for a
// terminal.
func quote(b []byte) string { return strconv.Quote(clip(b)) }

func clip(b []byte) string {
	const most = 80
	if len(b) <= most {
		return string(b)
	}
	return strings.ToValidUTF8(string(b[:most]), "") + "..."
}

// lose notes a fault of something that counts as an item of its own.
func (d *Decoder) lose(f fault) {
	d.fault(f)
	d.index++
}

// itemFault notes a fault of an item; member is the rest of the pointer.
func (d *Decoder) itemFault(m *hookItem, member, reason, found, expected string) {
	d.fault(fault{reason: reason, pointer: d.itemPointer(m, member), found: found, expected: expected})
}

func (d *Decoder) itemPointer(m *hookItem, member string) string {
	p := listNames[m.list]
	if m.standby {
		p = "standby/" + p
	}
	p = d.changePointer("/value/" + p)
	if m.at >= 0 {
		p += "/" + strconv.Itoa(m.at)
	}
	return p + member
}

// entryPointer is the JSON pointer of something in the entry being read.
func (d *Decoder) entryPointer(rest string) string {
	return "/entry/" + strconv.Itoa(d.body.entry) + rest
}

// changePointer is the JSON pointer of something in the change being read.
func (d *Decoder) changePointer(rest string) string {
	return d.entryPointer("/changes/" + strconv.Itoa(d.body.change) + rest)
}
