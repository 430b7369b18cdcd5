package events

import (
	"fmt"
	"hash/fnv"
	"postage/rating"
	"strconv"
	"strings"
)

// AppendWebhook appends one Cloud API webhook body with the events, in their
// order. Decoding gives back type, time (a webhook has whole seconds), message
// id, sender, user, user country, claim, error, referral, and kind and category
// as far as the table in SEMANTICS ("Webhook bodies to events") derives them.
// Account, template, client and Extra have no place in a webhook.
//
// A body has one entry, with one change for each run of events that share
// sender, list and user country. Consents have no webhook form: AppendWebhook
// panics on one.
func AppendWebhook(dst []byte, evs ...*rating.Event) []byte {
	w := writer{dst: dst}
	w.raw(`{"object":"whatsapp_business_account","entry":[`)
	for start := 0; start < len(evs); {
		first := evs[start]
		end := start + 1
		for end < len(evs) && listFor(evs[end]) == listFor(first) && evs[end].Sender == first.Sender && evs[end].UserCountry == first.UserCountry {
			end++
		}
		if start == 0 {
			w.raw(`{"id":"2`, digits(first.Sender), `","changes":[`)
		} else {
			w.raw(`,`)
		}
		w.change(listFor(first), evs[start:end])
		start = end
	}
	if len(evs) > 0 {
		w.raw(`]}`)
	}
	w.raw(`]}`)
	return w.dst
}

// writer appends JSON; what goes through raw needs no escaping.
type writer struct{ dst []byte }

func (w *writer) raw(parts ...string) {
	for _, p := range parts {
		w.dst = append(w.dst, p...)
	}
}

func (w *writer) str(s string) { w.dst = rating.AppendJSONString(w.dst, s) }

// member writes `,"name":"value"` unless value is empty.
func (w *writer) member(name, value string) {
	if value != "" {
		w.raw(`,"`, name, `":`)
		w.str(value)
	}
}

// listFor says which list of a value an event belongs to.
func listFor(e *rating.Event) list {
	switch {
	case e.Type.IsConsent():
		panic("events: a consent has no webhook form: " + string(AppendV1(nil, e)))
	case e.Type == rating.Received && e.Kind == rating.Call:
		return calls
	case e.Type == rating.Received:
		return messages
	case e.Type == rating.Sent && e.Kind == rating.Echo:
		return echoes
	default:
		return statuses
	}
}

func (w *writer) change(l list, evs []*rating.Event) {
	sender := digits(evs[0].Sender)
	w.raw(`{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"`, sender, `","phone_number_id":"1`, sender, `"}`)
	if l == messages || l == calls || evs[0].UserCountry != "" {
		w.contacts(evs)
	}
	w.raw(`,"`, listNames[l], `":[`)
	for i, e := range evs {
		if i > 0 {
			w.raw(`,`)
		}
		w.raw(`{"id":`)
		w.str(e.MessageID)
		w.raw(`,"timestamp":"`, strconv.FormatInt(int64(e.At)/1000, 10), `"`)
		switch l {
		case statuses:
			w.status(e)
		case messages:
			w.message(e)
		case echoes:
			w.raw(`,"from":"`, sender, `","to":"`, digits(e.User), `","type":"text","text":{"body":"Thank you, see you on Thursday."}`)
		case calls:
			w.raw(`,"from":"`, digits(e.User), `","to":"`, sender, `","event":"connect","direction":"USER_INITIATED"`)
		}
		w.raw(`}`)
	}
	w.raw(`]},"field":"`, listFields[l], `"}`)
}

var listFields = [...]string{"", "messages", "messages", "smb_message_echoes", "calls"}

// contacts writes the users of a change, each once.
func (w *writer) contacts(evs []*rating.Event) {
	w.raw(`,"contacts":[`)
	for i, e := range evs {
		if seen(evs[:i], e.User) {
			continue
		}
		if i > 0 {
			w.raw(`,`)
		}
		w.raw(`{"profile":{"name":"Customer"`)
		w.member("country_code", e.UserCountry)
		w.raw(`},"wa_id":"`, digits(e.User), `"}`)
	}
	w.raw(`]`)
}

func seen(evs []*rating.Event, user string) bool {
	for _, e := range evs {
		if e.User == user {
			return true
		}
	}
	return false
}

func (w *writer) message(e *rating.Event) {
	w.raw(`,"from":"`, digits(e.User), `"`)
	if e.Kind == rating.Reaction {
		w.raw(`,"type":"reaction","reaction":{"message_id":`)
		w.str(e.MessageID)
		w.raw(`,"emoji":"👍"}`)
	} else {
		w.raw(`,"type":"text","text":{"body":"Hello, where is my parcel?"}`)
	}
	if e.Referral != rating.ReferralNone {
		w.raw(`,"referral":{"source_url":"https://fb.me/3cr4Wqqkv","source_id":"120226305854810726","source_type":"`, e.Referral.String(), `","headline":"Chat with us"}`)
	}
}

func (w *writer) status(e *rating.Event) {
	w.raw(`,"status":"`, strings.TrimPrefix(e.Type.String(), "message."), `","recipient_id":"`, digits(e.User), `"`)
	c := e.Claim
	if c.Model == "CBP" {
		w.conversation(e)
	}
	if c != (rating.Claim{}) {
		w.raw(`,"pricing":{"billable":`)
		switch c.Billable {
		case rating.BillableYes:
			w.raw(`true`)
		case rating.BillableNo:
			w.raw(`false`)
		case rating.BillableUnsaid:
			w.raw(`null`)
		}
		w.member("pricing_model", c.Model)
		w.member("type", c.Type)
		w.member("category", c.Category)
		w.raw(`}`)
	}
	if e.Error != (rating.CarrierError{}) {
		w.raw(`,"errors":[{"code":`, strconv.Itoa(int(e.Error.Code)))
		w.member("title", e.Error.Title)
		w.member("message", e.Error.Title)
		w.raw(`}]`)
	}
}

// conversation writes the session of a conversation-based claim; its
// expiration is rounded up to the minute, as the carrier's is.
func (w *writer) conversation(e *rating.Event) {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s|%s|%s|%d", e.Sender, e.User, e.Claim.Category, e.At/rating.Day)
	w.raw(`,"conversation":{"id":"`, fmt.Sprintf("%x", h.Sum(nil)), `"`)
	if e.Type == rating.Sent {
		expires := (int64(e.At+rating.Day)/1000 + 59) / 60 * 60
		w.raw(`,"expiration_timestamp":"`, strconv.FormatInt(expires, 10), `"`)
	}
	w.raw(`,"origin":{"type":`)
	w.str(strings.ReplaceAll(e.Claim.Category, "-", "_"))
	w.raw(`}}`)
}

// digits is a number as webhooks write it, without the +.
func digits(number string) string { return strings.TrimPrefix(number, "+") }
