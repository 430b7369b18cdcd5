package events

import (
	"bytes"
	"postage/rating"
)

// What the members of a webhook item should be.
const (
	wantUnix      = "Unix seconds"
	wantWAID      = "7 to 15 digits"
	wantDisplay   = "the sender's number, or a phone_number_id listed in senders.csv"
	wantStatus    = "sent, delivered, read or failed"
	wantList      = "statuses, messages, message_echoes or calls"
	wantUserCall  = "a call of the user"
	wantRecipient = "a recipient_participant_id: a group is not a user"
)

// settle appends the events of the change that was read.
func (d *Decoder) settle(dst []Item) []Item {
	h := &d.body
	if len(h.items) == 0 {
		found := "none"
		if !h.field.absent() {
			found = "field " + h.field.describe()
		}
		d.lose(fault{reason: NoEvent, pointer: d.changePointer("/value"), found: found, expected: wantList})
		return dst
	}
	sender, problem := d.sender()
	for i := range h.items {
		m := &h.items[i]
		m.echo = m.list == echoes || m.list == messages && string(h.field.text) == "smb_message_echoes"
		m.byHand = m.echo && !m.standby && string(h.field.text) != "message_echoes"
		dst = d.settleItem(dst, m, sender, problem)
	}
	return dst
}

// sender names the business number of the value, or says what is wrong with it.
func (d *Decoder) sender() (sender string, problem fault) {
	h := &d.body
	if d.SenderOf != nil && !h.phoneID.absent() {
		id := h.phoneID.text
		if h.phoneID.raw != nil {
			id = h.phoneID.raw // seen as a number
		}
		if s, ok := d.SenderOf(d.names.of(id)); ok {
			return s, fault{}
		}
	}
	number, ok := appendNumber(d.scratch[:0], h.display.text)
	d.scratch = number[:0]
	if ok {
		return d.names.of(number), fault{}
	}
	problem = fault{reason: BadValue, found: h.display.describe(), expected: wantDisplay}
	if h.display.absent() {
		problem.reason = MissingField
	}
	problem.pointer = d.changePointer("/value/metadata/display_phone_number")
	return "", problem
}

// settleItem appends the event of one item, unless it has a fault.
func (d *Decoder) settleItem(dst []Item, m *hookItem, sender string, problem fault) []Item {
	before := len(d.faults)
	dst = append(dst, Item{Index: d.index})
	e := &dst[len(dst)-1].Event
	switch {
	case m.bad != nil && m.at < 0:
		d.itemFault(m, "", BadValue, describe(m.bad), "an array")
	case m.bad != nil:
		d.itemFault(m, "", BadValue, describe(m.bad), "an object")
	case d.settleType(e, m):
		if sender == "" {
			d.fault(problem)
		}
		e.Sender = sender
		d.settleTime(e, m)
		d.settleIDs(e, m, sender)
	}
	d.index++
	if len(d.faults) > before {
		return dst[:len(dst)-1]
	}
	return dst
}

// settleType fills what an item says about its message, apart from ids and time.
// It returns false, after noting why, for an item that is no event of ours.
func (d *Decoder) settleType(e *rating.Event, m *hookItem) bool {
	switch {
	case m.list == statuses:
		return d.settleStatus(e, m)
	case m.echo:
		e.Type = rating.Sent
		if m.byHand {
			e.Kind = rating.Echo
		}
	case m.list == messages:
		e.Type, e.Kind = rating.Received, rating.Freeform
		switch string(m.kind.text) {
		case "reaction":
			e.Kind = rating.Reaction
		case "call":
			e.Kind = rating.Call
		}
		switch source := m.source.text; string(source) {
		case "":
		case "ad":
			e.Referral = rating.ReferralAd
		case "page_cta":
			e.Referral = rating.ReferralPageCTA
		default: // a post, say: no free entry point
			e.Extra = string(append(rating.AppendJSONString([]byte(`{"referral":`), string(source)), '}'))
		}
	case m.list == calls:
		if string(m.direction.text) == "BUSINESS_INITIATED" {
			d.itemFault(m, "/direction", NoEvent, m.direction.describe(), wantUserCall)
			return false
		}
		e.Type, e.Kind = rating.Received, rating.Call
	}
	return true
}

func (d *Decoder) settleStatus(e *rating.Event, m *hookItem) bool {
	switch string(m.status.text) {
	case "sent":
		e.Type = rating.Sent
	case "delivered":
		e.Type = rating.Delivered
	case "read":
		e.Type = rating.Read
	case "failed":
		e.Type = rating.Failed
	default:
		reason := NoEvent // played, deleted, the states of a call, ...
		if m.status.raw != nil {
			reason = BadValue
		} else if m.status.absent() {
			reason = MissingField
		}
		d.itemFault(m, "/status", reason, m.status.describe(), wantStatus)
		return false
	}
	e.Claim = rating.Claim{
		Model:    d.names.of(m.model.text),
		Type:     d.names.of(m.offer.text),
		Category: d.names.of(m.category.text),
	}
	switch string(m.billable.raw) {
	case "true":
		e.Claim.Billable = rating.BillableYes
	case "false":
		e.Claim.Billable = rating.BillableNo
	}
	if len(m.asides) > 0 {
		asides, kept := d.asides, d.kept // of the record, which may turn out to be a v1 event
		d.asides, d.kept = m.asides, 0
		e.Extra = d.extra()
		d.asides, d.kept = asides, kept
	}
	e.Kind, e.Category = d.sort(&e.Claim)
	if code, ok := parseCode(m.errorCode.raw); ok {
		e.Error.Code = code
	}
	e.Error.Title = d.names.of(m.errorTitle.text)
	return true
}

// sort says what kind and category of message a claim is about: the table of
// SEMANTICS, "Webhook bodies to events".
func (d *Decoder) sort(c *rating.Claim) (rating.Kind, string) {
	if c.Model == "NBP" {
		if c.Billable == rating.BillableYes {
			return rating.Template, "notification"
		}
		return rating.KindUnknown, "notification"
	}
	category := c.Category
	for i := range len(category) {
		if category[i] == '-' {
			d.scratch = append(d.scratch[:0], category...)
			category = d.names.of(bytes.ReplaceAll(d.scratch, []byte("-"), []byte("_")))
			break
		}
	}
	switch category {
	case "marketing", "utility", "authentication", "authentication_international", "marketing_lite", "business_initiated":
		return rating.Template, category
	case "service":
		return rating.Freeform, category
	}
	if c.Type == "free_customer_service" {
		return rating.Freeform, "service"
	}
	return rating.KindUnknown, category
}

func (d *Decoder) settleTime(e *rating.Event, m *hookItem) {
	s := &m.timestamp
	text := s.text
	if s.raw != nil {
		text = s.raw // a number
	}
	at, ok := parseUnix(text)
	switch {
	case ok:
		e.At = at
		if f := d.checkTime(at); f.reason != "" {
			f.pointer = d.itemPointer(m, "/timestamp")
			d.fault(f)
		}
	case s.absent():
		d.itemFault(m, "/timestamp", MissingField, s.describe(), wantUnix)
	default:
		d.itemFault(m, "/timestamp", BadValue, s.describe(), wantUnix)
	}
}
