package events

import (
	"bytes"
	"postage/rating"
)

// settleIDs fills the message id, the user and the user's country.
func (d *Decoder) settleIDs(e *rating.Event, m *hookItem, sender string) {
	if m.id.absent() {
		d.itemFault(m, "/id", MissingField, m.id.describe(), wantID)
	} else if m.id.raw != nil {
		d.itemFault(m, "/id", BadValue, m.id.describe(), wantID)
	}
	user, name := m.user(sender)
	group := m.list == statuses && string(m.recipientType.text) == "group" && m.participant.absent()
	if group && m.userID.absent() {
		d.itemFault(m, "/recipient_participant_id", NoEvent, "a status of a whole group", wantRecipient)
		return
	}
	c := d.contactOf(m, user)
	if (user.absent() || group) && c != nil {
		user = c.number
	}
	d.scratch = append(d.scratch[:0], m.id.text...)
	joined, ok := appendNumber(d.scratch, user.text)
	d.scratch = joined[:0]
	switch {
	case ok:
		s := string(joined)
		e.MessageID, e.User = s[:len(m.id.text)], s[len(m.id.text):]
	case user.absent() && !m.userID.absent():
		d.itemFault(m, name, MissingField, "only the user id "+m.userID.describe(), "a phone number")
	case user.absent():
		d.itemFault(m, name, MissingField, user.describe(), wantWAID)
	default:
		d.itemFault(m, name, BadValue, user.describe(), wantWAID)
	}
	if c != nil {
		e.UserCountry = d.country(c.country.text)
	}
}

// user gives the number of whom an item is about, and where it stands.
func (m *hookItem) user(sender string) (scalar, string) {
	switch {
	case m.echo:
		return m.to, "/to"
	case m.list == calls && len(sender) > 0 && string(m.from.text) == sender[1:]:
		return m.to, "/to" // the end of a call is told from the business's side
	case m.list != statuses:
		return m.from, "/from"
	case !m.participant.absent():
		return m.participant, "/recipient_participant_id"
	default:
		return m.recipient, "/recipient_id"
	}
}

// contactOf finds the contact that an item is about: by number, by user id, or
// the only one when it has neither; nil when there is none.
func (d *Decoder) contactOf(m *hookItem, user scalar) *contact {
	contacts := d.body.contacts
	for i := range contacts {
		c := &contacts[i]
		if len(c.number.text) > 0 && bytes.Equal(c.number.text, user.text) ||
			len(c.userID.text) > 0 && bytes.Equal(c.userID.text, m.userID.text) {
			return c
		}
	}
	if len(contacts) == 1 && contacts[0].number.absent() && (contacts[0].userID.absent() || m.userID.absent()) {
		return &contacts[0]
	}
	return nil
}
