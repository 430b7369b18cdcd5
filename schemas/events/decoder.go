// Package events owns the wire format of events: it turns a Kafka record (a v1
// event or a WhatsApp Cloud API webhook body) into rating.Events, and back. A
// record that no tariff could cure is refused, item by item, with a reason; it
// never guesses, never prices and never looks anything up except the sender of
// a phone_number_id.
//
// The two formats are described by event.v1.schema.json and
// webhook.schema.json, which a test holds to what the decoder does.
package events

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"postage/rating"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// MaxBytes is the size limit of a record unless a Decoder sets its own.
const MaxBytes = 1 << 20

// earliest is the first instant an event may have happened at; anything before
// predates the product it would be billed for.
const earliest rating.Instant = 1_514_764_800_000 // 2018-01-01T00:00:00Z

// latest is the last instant that the event log can hold, whatever the record's
// own timestamp claims.
const latest rating.Instant = 9_214_646_399_999 // 2261-12-31T23:59:59.999Z

// shortestItem is less than the bytes of any webhook item that is an event, so
// that a record made of anything else cannot take much memory: a body may have
// as many items as fit into the size limit at that length.
const shortestItem = 32

var errTooMany = errors.New("too many items")

// Item is one event of a record. Index is its position among all items of the
// record in document order, good or refused; 0 for a v1 event.
type Item struct {
	Index int32
	Event rating.Event
}

// Refusal is one item, or a whole record, that could not be decoded. Detail
// reads "field: found this, expected that"; the field of a webhook item is its
// path in the body.
type Refusal struct {
	Index  int32
	Reason string
	Detail string
}

// The reasons for a refusal.
const (
	NotJSON        = "not_json"        // not one JSON value in UTF-8, or nested deeper than 10,000 levels
	NoEvent        = "no_event"        // readable, but nothing that we know as an event
	MissingField   = "missing_field"   // a required member is absent, null or ""
	BadValue       = "bad_value"       // a required member cannot be read
	ImpossibleTime = "impossible_time" // before 2018, or more than 24 h after the record arrived
	TooLarge       = "too_large"       // more than MaxBytes, or more items than events would fit
)

// Decoder turns records into events. The zero value is ready to use. It keeps
// scratch space and a small cache of repeated strings between calls, so it
// serves one goroutine at a time.
type Decoder struct {
	// MaxBytes is the size limit of a record; 0 means MaxBytes.
	MaxBytes int
	// SenderOf names the sender (E.164) of a webhook's phone_number_id, as
	// registered in senders.csv. What it knows wins over the number that the
	// body displays. Optional.
	SenderOf func(phoneNumberID string) (sender string, ok bool)

	json    jx.Decoder
	names   interner
	scratch []byte
	arrived rating.Instant

	index   int32 // of the next item
	most    int   // items that the record may have
	faults  []fault
	refused []Refusal

	fields [fieldCount]scalar // of a v1 event
	single bool               // the record was taken for a v1 event
	kept   fieldSet           // of these, those that the event cannot hold
	asides []aside            // with them, what goes to Extra

	body hook
}

// nothingOfAnEvent says whether an object has none of the members that make an
// event: then it is no event, rather than one that lacks something.
func (d *Decoder) nothingOfAnEvent() bool {
	for _, f := range [...]field{fType, fTime, fMessageID, fSender, fUser} {
		if !d.fields[f].absent() {
			return false
		}
	}
	return true
}

// Decode appends the events of one record to dst and returns it, with a refusal
// for every item that is none. At least one of the two has an element: nothing
// disappears. arrived is the record's Kafka timestamp; zero (a file) means that
// an event may lie in the future.
//
// Events share no memory with value. The refusals are valid until the next call.
func (d *Decoder) Decode(dst []Item, value []byte, arrived rating.Instant) ([]Item, []Refusal) {
	dst = d.decode(dst, value, arrived)
	d.refused = d.refused[:0]
	for i := range d.faults {
		f := &d.faults[i]
		if n := len(d.refused); n > 0 && d.refused[n-1].Index == f.index {
			continue // one refusal per item: its first fault
		}
		d.refused = append(d.refused, Refusal{f.index, f.reason, f.detail()})
	}
	return dst, d.refused
}

// decode does the work of Decode and leaves every fault in d.faults, ordered by
// index.
func (d *Decoder) decode(dst []Item, value []byte, arrived rating.Instant) []Item {
	d.arrived, d.index, d.faults, d.single = arrived, 0, d.faults[:0], false
	start := d.mark(dst)
	limit := d.MaxBytes
	if limit == 0 {
		limit = MaxBytes
	}
	d.most = limit / shortestItem
	switch {
	case len(value) > limit:
		d.fault(fault{reason: TooLarge, found: fmt.Sprintf("%d bytes", len(value)), expected: fmt.Sprintf("at most %d", limit)})
		return dst
	case len(bytes.TrimLeft(value, " \t\r\n")) == 0:
		d.fault(fault{reason: NotJSON, found: "an empty record", expected: "one JSON object"})
		return dst
	case !utf8.Valid(value):
		d.fault(fault{reason: NotJSON, found: "bytes that are not UTF-8", expected: "one JSON object in UTF-8"})
		return dst
	}

	j := &d.json
	j.ResetBytes(value)
	isObject := j.Next() == jx.Object
	var err error
	if isObject {
		dst, err = d.members(dst, j)
	} else {
		err = j.Skip()
	}
	if err == nil {
		err = atEnd(j)
	}
	isWebhook := isObject && string(d.fields[fObject].text) == "whatsapp_business_account"
	switch {
	case errors.Is(err, errTooMany):
		dst = d.rewind(dst, start)
		d.fault(fault{reason: TooLarge, pointer: "/entry", found: fmt.Sprintf("more than %d items", d.most), expected: "fewer: that many events do not fit into the size limit"})
	case err != nil:
		dst = d.rewind(dst, start)
		d.fault(fault{reason: NotJSON, found: syntaxFault(value, err), expected: "one JSON object"})
	case !isObject:
		d.fault(fault{reason: NoEvent, found: describe(bytes.TrimSpace(value)), expected: "one JSON object"})
	case isWebhook:
		if d.index == 0 {
			d.fault(fault{reason: NoEvent, pointer: "/entry", found: d.fields[fEntry].describe(), expected: "an array with an entry"})
		}
	case d.fields[fType].absent() && !d.fields[fObject].absent():
		dst = d.rewind(dst, start)
		d.fault(fault{reason: NoEvent, pointer: "/object", found: d.fields[fObject].describe(), expected: "whatsapp_business_account, or a v1 event"})
	default:
		dst = d.rewind(dst, start)
		if d.fields[fEntry].raw != nil {
			d.fields[fEntry].raw = lastMember(value, "entry")
		}
		dst = d.event(dst)
	}
	return dst
}

// members reads the members of a record. It does not know yet what the record
// is: `entry` is decoded as a webhook's, everything else as of a v1 event.
func (d *Decoder) members(dst []Item, j *jx.Decoder) ([]Item, error) {
	d.fields, d.kept, d.asides = [fieldCount]scalar{}, 0, d.asides[:0]
	start := d.mark(dst)
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		key := it.Key()
		switch f := topField(key); f {
		case fUnknown:
			err = d.unknown(j, fUnknown, key)
		case fPricing:
			err = d.nested(j, f, fBillable, fClaimCategory)
		case fError:
			err = d.nested(j, f, fErrorCode, fErrorTitle)
		case fEntry:
			dst = d.rewind(dst, start)
			if j.Next() == jx.Array {
				d.fields[f] = scalar{raw: anArray}
				dst, err = d.entries(dst, j)
			} else {
				d.fields[f], err = readScalar(j)
			}
		default:
			d.fields[f], err = readScalar(j)
		}
	}
	if err == nil {
		err = it.Err()
	}
	return dst, err
}

// nested reads `pricing` or `error`, whose members are the fields first to
// last, or what stands there instead of an object.
func (d *Decoder) nested(j *jx.Decoder, parent, first, last field) (err error) {
	clear(d.fields[first : last+1])
	if len(d.asides) > 0 {
		d.dropAsides(parent)
	}
	d.fields[parent] = scalar{}
	if j.Next() != jx.Object {
		d.fields[parent], err = readScalar(j)
		return err
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		key := it.Key()
		if f := nestedField(parent, key); f != fUnknown {
			d.fields[f], err = readScalar(j)
		} else {
			err = d.unknown(j, parent, key)
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// unknown sets a member aside.
func (d *Decoder) unknown(j *jx.Decoder, parent field, key []byte) error {
	raw, err := j.Raw()
	d.asides = append(d.asides, aside{parent: parent, key: key, value: scalar{raw: raw}})
	return err
}

// atEnd says whether only white space is left.
func atEnd(j *jx.Decoder) error {
	if err := j.Skip(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// mark is a point that decoding can go back to: a member that comes a second
// time replaces the first.
type mark struct {
	items, faults int
	index         int32
}

func (d *Decoder) mark(dst []Item) mark { return mark{len(dst), len(d.faults), d.index} }

func (d *Decoder) rewind(dst []Item, m mark) []Item {
	d.faults, d.index = d.faults[:m.faults], m.index
	return dst[:m.items]
}

// anArray stands for an `entry` that was decoded in passing.
var anArray = []byte("[]")

// lastMember finds the value of a member of a record that was read before.
func lastMember(record []byte, name string) (raw []byte) {
	j := jx.DecodeBytes(record)
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		if string(it.Key()) == name {
			raw, err = j.Raw()
		} else {
			err = j.Skip()
		}
	}
	return raw
}
