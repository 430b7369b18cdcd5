package events

import (
	"github.com/go-faster/jx"
)

// read reads one element of a list.
func (m *hookItem) read(j *jx.Decoder) (err error) {
	if j.Next() != jx.Object {
		m.bad, err = j.Raw()
		return err
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		key := it.Key()
		if s := m.member(key); s != nil {
			*s, err = readScalar(j)
			continue
		}
		switch string(key) {
		case "pricing":
			err = m.readPricing(j, true)
		case "conversation":
			err = m.readConversation(j)
		case "referral":
			m.source = scalar{}
			err = readObject(j, m.referral)
		case "errors":
			err = m.readErrors(j)
		default:
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// member says where a member of an item goes; nil when we do not use it.
func (m *hookItem) member(key []byte) *scalar {
	switch string(key) {
	case "id":
		return &m.id
	case "status":
		return &m.status
	case "timestamp":
		return &m.timestamp
	case "from":
		return &m.from
	case "to":
		return &m.to
	case "recipient_id":
		return &m.recipient
	case "recipient_type":
		return &m.recipientType
	case "recipient_participant_id", "participant_recipient_id": // the carrier's pages spell it either way
		return &m.participant
	case "from_user_id", "to_user_id", "recipient_user_id", "recipient_participant_user_id":
		return &m.userID
	case "type":
		return &m.kind
	case "direction":
		return &m.direction
	default:
		return nil
	}
}

// readPricing reads the carrier's claim. own is false for one inside a
// conversation, where the carrier's pages show that of a group's status: it only
// stands in for a missing one of the status itself.
func (m *hookItem) readPricing(j *jx.Decoder, own bool) error {
	isObject := j.Next() == jx.Object
	if m.priced && !own || !m.priced && own && !isObject {
		return j.Skip()
	}
	m.billable, m.model, m.offer, m.category = scalar{}, scalar{}, scalar{}, scalar{}
	m.priced, m.asides = own && isObject, nil
	if !isObject {
		return j.Skip()
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		key := it.Key()
		if s := m.pricing(key); s != nil {
			*s, err = readScalar(j)
			continue
		}
		if nestedField(fPricing, key) != fUnknown { // `model`: in a v1 event it would be another one
			err = j.Skip()
			continue
		}
		var raw []byte // `subtype`, say
		raw, err = j.Raw()
		m.asides = append(m.asides, aside{parent: fPricing, key: key, value: scalar{raw: raw}})
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

// readConversation reads what a conversation says of the price.
func (m *hookItem) readConversation(j *jx.Decoder) error {
	if j.Next() != jx.Object {
		return j.Skip()
	}
	it, err := j.ObjIter()
	for err == nil && it.Next() {
		if string(it.Key()) == "pricing" {
			err = m.readPricing(j, false)
		} else {
			err = j.Skip()
		}
	}
	if err == nil {
		err = it.Err()
	}
	return err
}

func (m *hookItem) pricing(key []byte) *scalar {
	switch string(key) {
	case "billable":
		return &m.billable
	case "pricing_model":
		return &m.model
	case "type":
		return &m.offer
	case "category":
		return &m.category
	default:
		return nil
	}
}

func (m *hookItem) referral(key []byte) *scalar {
	if string(key) == "source_type" {
		return &m.source
	}
	return nil
}

// readErrors reads the first error; `message` stands in for a missing title.
func (m *hookItem) readErrors(j *jx.Decoder) error {
	m.errorCode, m.errorTitle = scalar{}, scalar{}
	if j.Next() != jx.Array {
		return j.Skip()
	}
	var message scalar
	it, err := j.ArrIter()
	for i := 0; err == nil && it.Next(); i++ {
		if i > 0 {
			err = j.Skip()
			continue
		}
		err = readObject(j, func(key []byte) *scalar {
			switch string(key) {
			case "code":
				return &m.errorCode
			case "title":
				return &m.errorTitle
			case "message":
				return &message
			default:
				return nil
			}
		})
	}
	if err == nil {
		err = it.Err()
	}
	if len(m.errorTitle.text) == 0 {
		m.errorTitle.text = message.text
	}
	return err
}
