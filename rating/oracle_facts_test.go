package rating_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"postage/rating"
	"sort"
)

// The oracle is a second, naive reading of the rules, written from the page of
// semantics alone. It uses the types of rating and none of its functions, takes
// the whole input at once and is quadratic wherever that is clearer. Where it
// and rating differ, one of them has misread the page.

// ids of a message and of an event, as the page defines them.
type (
	messageKey struct{ sender, user, id string }
	eventKey   struct {
		messageKey
		kind rating.EventType
		at   rating.Instant // of a consent, which has no message
	}
)

func keyOf(e rating.Event) eventKey {
	k := eventKey{messageKey{e.Sender, e.User, e.MessageID}, e.Type, 0}
	if e.Type.IsConsent() {
		k.id, k.at = "", e.At
	}
	return k
}

// fact is an event after its copies have been merged.
type fact struct {
	rating.Event
	differs bool
}

// canonical is JSON with sorted keys and no spaces.
func canonical(e rating.Event) []byte {
	m := map[string]any{}
	put := func(into map[string]any, k, v string) {
		if v != "" {
			into[k] = v
		}
	}
	put(m, "type", e.Type.String())
	put(m, "kind", e.Kind.String())
	put(m, "referral", e.Referral.String())
	put(m, "client", e.Client.String())
	put(m, "time", e.At.String())
	put(m, "message_id", e.MessageID)
	put(m, "sender", e.Sender)
	put(m, "user", e.User)
	put(m, "account", e.Account)
	put(m, "user_country", e.UserCountry)
	put(m, "category", e.Category)
	put(m, "template", e.Template)
	put(m, "source", e.Source)
	if e.Claim != (rating.Claim{}) {
		p := map[string]any{}
		if e.Claim.Billable != rating.BillableUnsaid {
			p["billable"] = e.Claim.Billable == rating.BillableYes
		}
		put(p, "model", e.Claim.Model)
		put(p, "type", e.Claim.Type)
		put(p, "category", e.Claim.Category)
		m["pricing"] = p
	}
	if e.Error != (rating.CarrierError{}) {
		p := map[string]any{}
		if e.Error.Code != 0 {
			p["code"] = e.Error.Code
		}
		put(p, "title", e.Error.Title)
		m["error"] = p
	}
	if e.Extra != "" {
		var extra map[string]any
		if json.Unmarshal([]byte(e.Extra), &extra) == nil {
			maps.Copy(m, extra)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// merge makes one fact of each event: the earliest copy, then the one with the
// smallest hash, its gaps filled from the others in that same order.
func merge(events []rating.Event) map[eventKey]fact {
	copies := map[eventKey][]rating.Event{}
	for _, e := range events {
		copies[keyOf(e)] = append(copies[keyOf(e)], e)
	}
	facts := map[eventKey]fact{}
	for k, list := range copies {
		sort.SliceStable(list, func(i, j int) bool {
			a, b := list[i], list[j]
			if a.At != b.At {
				return a.At < b.At
			}
			x, y := sha256.Sum256(canonical(a)), sha256.Sum256(canonical(b))
			return bytes.Compare(x[:], y[:]) < 0
		})
		f := fact{Event: list[0]}
		for _, e := range list[1:] {
			if !bytes.Equal(canonical(e), canonical(list[0])) {
				f.differs = true
			}
			if f.Kind == rating.KindUnknown {
				f.Kind = e.Kind
			}
			f.Category = filled(f.Category, e.Category)
			f.Template = filled(f.Template, e.Template)
		}
		facts[k] = f
	}
	return facts
}

// filled is a, or b where a says nothing; the word unknown says nothing.
func filled(a, b string) string {
	if a != "" && a != "unknown" {
		return a
	}
	if b == "unknown" {
		return ""
	}
	return b
}

// outbound is one message our side sent, as its facts tell it.
type outbound struct {
	messageKey
	kind        rating.Kind
	category    string
	template    string
	country     string   // the event's user_country
	accounts    []string // every account an event named
	sentAt      rating.Instant
	deliveredAt rating.Instant
	delivered   bool
	failed      bool
	differs     bool
}

// outbounds assembles messages from facts, in no order.
func outbounds(facts map[eventKey]fact) []*outbound {
	byKey := map[messageKey]map[rating.EventType]fact{}
	for k, f := range facts {
		switch k.kind {
		case rating.Sent, rating.Delivered, rating.Read, rating.Failed:
			if byKey[k.messageKey] == nil {
				byKey[k.messageKey] = map[rating.EventType]fact{}
			}
			byKey[k.messageKey][k.kind] = f
		}
	}
	var all []*outbound
	for k, have := range byKey {
		o := &outbound{messageKey: k}
		for _, t := range []rating.EventType{rating.Sent, rating.Delivered, rating.Read, rating.Failed} {
			f, ok := have[t]
			if !ok {
				continue
			}
			if o.kind == rating.KindUnknown {
				o.kind = f.Kind
			}
			o.category = filled(o.category, f.Category)
			o.template = filled(o.template, f.Template)
			if o.country == "" {
				o.country = f.UserCountry
			}
			if f.Account != "" {
				o.accounts = append(o.accounts, f.Account)
			}
			o.differs = o.differs || f.differs
		}
		sent, hasSent := have[rating.Sent]
		delivered, hasDelivered := have[rating.Delivered]
		read, hasRead := have[rating.Read]
		failed, hasFailed := have[rating.Failed]
		switch {
		case hasSent:
			o.sentAt = sent.At
		case hasDelivered && hasRead:
			o.sentAt = min(delivered.At, read.At)
		case hasDelivered:
			o.sentAt = delivered.At
		case hasRead:
			o.sentAt = read.At
		default:
			o.sentAt = failed.At
		}
		switch {
		case hasDelivered:
			o.delivered, o.deliveredAt = true, delivered.At
		case hasRead:
			o.delivered, o.deliveredAt = true, read.At
		}
		o.failed = hasFailed
		all = append(all, o)
	}
	return all
}
