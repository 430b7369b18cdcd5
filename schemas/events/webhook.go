package events

import (
	"github.com/go-faster/jx"
)

// hook is what is known of the change being read: one `value` of a webhook body.
// Its items wait until the whole value was read, because `metadata` and
// `contacts`, which apply to all of them, may come after them.
type hook struct {
	entry, change int
	field         scalar // what the change is about
	display       scalar // metadata.display_phone_number
	phoneID       scalar // metadata.phone_number_id
	contacts      []contact
	items         []hookItem
	room          int // for so many items
}

// contact is one of the users that a value is about.
type contact struct {
	number  scalar // wa_id; may be empty
	userID  scalar // business-scoped
	country scalar // profile.country_code
}

// list is one of the arrays of a value that hold items.
type list uint8

const (
	noList list = iota
	statuses
	messages
	echoes
	calls
)

var listNames = [...]string{"", "statuses", "messages", "message_echoes", "calls"}

func listOf(key []byte) list {
	switch string(key) {
	case "statuses":
		return statuses
	case "messages":
		return messages
	case "message_echoes":
		return echoes
	case "calls":
		return calls
	default:
		return noList
	}
}

// hookItem is one element of a list, with the members that we use.
type hookItem struct {
	list    list
	standby bool   // of a list in `standby`: what an app sees that does not own the conversation
	echo    bool   // a message of the business; like the next one settled when the field of the change is known
	byHand  bool   // such a one that was typed in the business app, not sent by the carrier's agent or another app
	at      int    // position in the list, -1 for the list itself
	bad     []byte // what stands there instead of an object

	id, status, timestamp scalar
	from, to              scalar // of messages, echoes and calls
	recipient             scalar // of statuses; a group when participant is there
	recipientType         scalar
	participant           scalar
	userID                scalar // business-scoped id of whom it is about
	kind                  scalar // `type` of a message
	direction             scalar // of a call
	source                scalar // referral.source_type
	priced                bool   // the pricing is the item's own, not its conversation's
	billable              scalar // the rest is of pricing
	model, offer          scalar // pricing_model and type
	category              scalar
	asides                []aside // of pricing, what we do not know
	errorCode, errorTitle scalar  // of errors[0]
}

// entries decodes `entry`. An element that holds no item at all counts as one,
// refused, so that nothing disappears.
func (d *Decoder) entries(dst []Item, j *jx.Decoder) ([]Item, error) {
	return d.each(dst, j, &d.body.entry, d.entryPointer, d.entry)
}

// entry decodes one entry: one business account, with its changes.
func (d *Decoder) entry(dst []Item, j *jx.Decoder) ([]Item, error) {
	start := d.mark(dst)
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		if string(it.Key()) != "changes" {
			err = j.Skip()
			continue
		}
		dst = d.rewind(dst, start)
		if j.Next() == jx.Array {
			dst, err = d.each(dst, j, &d.body.change, d.changePointer, d.change)
		} else {
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	if err == nil && d.index == start.index {
		d.lose(fault{reason: NoEvent, pointer: d.entryPointer("/changes"), found: "nothing", expected: "an array of changes"})
	}
	return dst, err
}

// change decodes one change: one value and what it is about.
func (d *Decoder) change(dst []Item, j *jx.Decoder) ([]Item, error) {
	h := &d.body
	h.reset()
	h.field = scalar{}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		switch string(it.Key()) {
		case "field":
			h.field, err = readScalar(j)
		case "value":
			h.reset()
			h.room = d.most - int(d.index)
			if j.Next() == jx.Object {
				err = h.value(j)
			} else {
				err = j.Skip()
			}
		default:
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	if err == nil {
		dst = d.settle(dst)
	}
	return dst, err
}

// each decodes the objects of an array, keeping the position of the current one
// in at; anything else in the array is an item refused.
func (d *Decoder) each(dst []Item, j *jx.Decoder, at *int, pointer func(string) string, element func([]Item, *jx.Decoder) ([]Item, error)) ([]Item, error) {
	it, err := j.ArrIter()
	for i := 0; err == nil && it.Next(); i++ {
		if int(d.index) >= d.most {
			return dst, errTooMany
		}
		*at = i
		if j.Next() == jx.Object {
			dst, err = element(dst, j)
			continue
		}
		var raw []byte
		if raw, err = j.Raw(); err == nil {
			d.lose(fault{reason: BadValue, pointer: pointer(""), found: describe(raw), expected: "an object"})
		}
	}
	if err == nil {
		err = it.Err()
	}
	return dst, err
}

func (h *hook) reset() {
	h.display, h.phoneID = scalar{}, scalar{}
	h.contacts, h.items = h.contacts[:0], h.items[:0]
}

// value reads what we use of a value.
func (h *hook) value(j *jx.Decoder) error {
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		key := it.Key()
		if l := listOf(key); l != noList {
			err = h.list(j, l, false)
			continue
		}
		switch string(key) {
		case "standby":
			err = h.standby(j)
		case "metadata":
			h.display, h.phoneID = scalar{}, scalar{}
			err = readObject(j, func(key []byte) *scalar {
				switch string(key) {
				case "display_phone_number":
					return &h.display
				case "phone_number_id":
					return &h.phoneID
				}
				return nil
			})
		case "contacts":
			err = h.readContacts(j)
		default:
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// standby reads the lists of the carrier's word to an app that does not own the
// conversation at the time: the messages are the business's and its users' all
// the same.
func (h *hook) standby(j *jx.Decoder) error {
	h.drop(func(m *hookItem) bool { return m.standby })
	if j.Next() != jx.Object {
		return j.Skip()
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		if l := listOf(it.Key()); l != noList {
			err = h.list(j, l, true)
		} else {
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// drop forgets items, of something that comes a second time.
func (h *hook) drop(replaced func(*hookItem) bool) {
	kept := h.items[:0]
	for i := range h.items {
		if !replaced(&h.items[i]) {
			kept = append(kept, h.items[i])
		}
	}
	h.items = kept
}

// list reads the items of one list. A list that comes a second time replaces the
// first.
func (h *hook) list(j *jx.Decoder, l list, standby bool) error {
	h.drop(func(m *hookItem) bool { return m.list == l && m.standby == standby })
	switch j.Next() {
	case jx.Null:
		return j.Null()
	case jx.Array:
	default:
		raw, err := j.Raw()
		h.items = append(h.items, hookItem{list: l, standby: standby, at: -1, bad: raw})
		return err
	}
	it, err := j.ArrIter()
	for i := 0; err == nil && it.Next(); i++ {
		if len(h.items) >= h.room {
			return errTooMany
		}
		h.items = append(h.items, hookItem{list: l, standby: standby, at: i})
		err = h.items[len(h.items)-1].read(j)
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

func (h *hook) readContacts(j *jx.Decoder) error {
	h.contacts = h.contacts[:0]
	if j.Next() != jx.Array {
		return j.Skip()
	}
	it, err := j.ArrIter()
	for err == nil && it.Next() {
		h.contacts = append(h.contacts, contact{})
		err = h.contacts[len(h.contacts)-1].read(j)
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

func (c *contact) read(j *jx.Decoder) error {
	if j.Next() != jx.Object {
		return j.Skip()
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		switch string(it.Key()) {
		case "wa_id":
			c.number, err = readScalar(j)
		case "user_id":
			c.userID, err = readScalar(j)
		case "profile":
			c.country = scalar{}
			err = readObject(j, func(key []byte) *scalar {
				if string(key) == "country_code" {
					return &c.country
				}
				return nil
			})
		default:
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// readObject reads the members of an object that want names; anything but an
// object is passed over.
func readObject(j *jx.Decoder, want func(key []byte) *scalar) error {
	if j.Next() != jx.Object {
		return j.Skip()
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		if s := want(it.Key()); s != nil {
			*s, err = readScalar(j)
		} else {
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}
