package rating_test

import (
	"fmt"
	"postage/rating"
)

// traffic makes the events of a random month: few senders and users, and times
// that sit on or beside every boundary that other times draw.
func (w *world) traffic() []rating.Event {
	t := &traffic{world: w, times: []rating.Instant{w.at}}
	senders := []string{senderA, senderA, senderB, senderC}
	if chance(w.r, 30) {
		senders = append(senders, senderUnknown)
	}
	users := []string{"+447700900123", "+447701900123", "+917700900123", "+628123456789", "+2010012345", "+88017001234", "+49151000000"}
	for range 2 + w.r.IntN(5) {
		sender, user := pick(w.r, senders...), pick(w.r, users...)
		for range 2 + w.r.IntN(14) {
			switch n := w.r.IntN(20); {
			case n < 6:
				t.inbound(sender, user)
			case n < 7:
				t.consent(sender, user)
			default:
				t.outbound(sender, user)
			}
		}
	}
	if chance(w.r, 40) { // much later, so that what is in flight runs out
		t.add(rating.Event{Type: rating.Received, At: w.at + pick(w.r, 29*days, 31*days, 45*days), MessageID: "late", Sender: senderC, User: users[0], Kind: rating.Freeform})
	}
	return t.events
}

type traffic struct {
	*world
	events []rating.Event
	times  []rating.Instant
	n      int
}

// moment is around the edge, or a rule's length after an earlier moment.
func (t *traffic) moment() rating.Instant {
	at := t.at + rating.Instant(t.r.IntN(int(6*days))) - 3*days
	if chance(t.r, 60) {
		at = pick(t.r, t.times...) + pick(t.r, 0, 0, hour, 2*hour, 24*hour, 24*hour, -24*hour, 72*hour, 168*hour) + pick[rating.Instant](t.r, -1, 0, 0, 1)
	}
	t.times = append(t.times, at)
	return at
}

func (t *traffic) delay() rating.Instant {
	return pick(t.r, 0, 1, 2000, 2000, 2000, hour, 5*hour, 24*hour-1, 24*hour, 30*hour, 72*hour) + pick[rating.Instant](t.r, 0, 0, 0, 1)
}

func (t *traffic) id() string {
	t.n++
	return fmt.Sprintf("m%02d", (t.n*7)%100)
}

// add appends an event and sometimes a copy that differs.
func (t *traffic) add(e rating.Event) {
	t.events = append(t.events, e)
	for chance(t.r, 12) {
		c := e
		if !e.Type.IsConsent() {
			c.At += pick[rating.Instant](t.r, 0, 0, 0, 1, -1, 1000)
		}
		switch t.r.IntN(9) {
		case 0:
			c.Kind = rating.KindUnknown
		case 1:
			c.Category = ""
		case 2:
			c.Category = pick(t.r, "marketing", "utility")
		case 3:
			c.Template = "other"
		case 4:
			c.Kind = pick(t.r, rating.Template, rating.Freeform)
		case 5:
			c.Extra = `{"note":"copy"}`
		case 6:
			c.Category, c.Template = "unknown", "unknown"
		}
		t.events = append(t.events, c)
	}
}

func (t *traffic) inbound(sender, user string) {
	e := rating.Event{
		Type: rating.Received, At: t.moment(), MessageID: t.id(), Sender: sender, User: user,
		Kind: pick(t.r, rating.Freeform, rating.Freeform, rating.Call, rating.Reaction, rating.KindUnknown),
	}
	if chance(t.r, 40) {
		e.Referral = pick(t.r, rating.ReferralAd, rating.ReferralPageCTA)
		e.Client = pick(t.r, rating.ClientUnknown, rating.ClientAndroid, rating.ClientIOS, rating.ClientWeb, rating.ClientDesktop)
	}
	t.add(e)
}

func (t *traffic) consent(sender, user string) {
	t.add(rating.Event{Type: pick(t.r, rating.ConsentGranted, rating.ConsentRevoked), At: t.moment(), Sender: sender, User: user, Source: "web_form"})
}

func (t *traffic) outbound(sender, user string) {
	e := rating.Event{Type: rating.Sent, At: t.moment(), MessageID: t.id(), Sender: sender, User: user}
	switch n := t.r.IntN(20); {
	case n < 9:
		e.Kind, e.Template = rating.Template, "t"
		e.Category = pick(t.r, "marketing", "utility", "utility", "authentication", "authentication")
		if t.edge.Year < 2023 && !(narrow["notification types after NBP"] && len(t.rows.Regimes) > 0) {
			e.Category = pick(t.r, "ALERT_UPDATE", "SHIPPING_UPDATE", e.Category)
		}
	case n < 15:
		e.Kind = rating.Freeform
	case n < 16:
		e.Kind = pick(t.r, rating.Echo, rating.Reaction)
	default:
		e.Category = pick(t.r, "", "marketing", "utility", "service", "user_initiated", "business_initiated")
	}
	if chance(t.r, 20) {
		e.UserCountry = pick(t.r, "GB", "IN", "EG", "DE")
	}
	if chance(t.r, 15) || sender == senderUnknown && chance(t.r, 50) {
		e.Account = pick(t.r, "acme", "beta", "nobody")
	}
	t.statuses(e)
}

// statuses adds what became of a message; now and then one status is missing,
// twice there, out of order, or tells what the others do not.
func (t *traffic) statuses(e rating.Event) {
	bare := e
	if chance(t.r, 60) {
		bare.Kind, bare.Category, bare.Template = rating.KindUnknown, "", ""
	}
	with := func(kind rating.EventType, at rating.Instant) {
		s := bare
		s.Type, s.At = kind, at
		t.times = append(t.times, at)
		t.add(s)
	}
	delivered := e.At + t.delay()
	if at := pick(t.r, t.times...); at >= e.At && chance(t.r, 30) {
		delivered = at // in the very millisecond of something else, perhaps of another sender's
	}
	switch n := t.r.IntN(24); {
	case n < 13:
		t.add(e)
		with(rating.Delivered, delivered)
	case n < 14:
		t.add(e)
	case n < 15:
		t.add(e)
		with(rating.Failed, e.At+t.delay())
	case n < 17: // read, with or without delivered
		t.add(e)
		with(rating.Read, delivered+t.delay())
		if chance(t.r, 50) {
			with(rating.Delivered, delivered)
		}
	case n < 19: // failed before or after a delivery
		t.add(e)
		with(rating.Failed, e.At+t.delay())
		with(rating.Delivered, delivered)
	case n < 20: // no sent
		bare = e
		with(rating.Delivered, delivered)
		if chance(t.r, 50) {
			with(rating.Read, delivered+pick[rating.Instant](t.r, -1, 0, 1))
		}
	case n < 21: // only failed
		bare = e
		with(rating.Failed, delivered)
	case n < 23: // around the 30 days
		t.add(e)
		with(rating.Delivered, e.At+30*days+pick[rating.Instant](t.r, -1, 0, 1))
	default: // a clock that runs ahead
		t.add(e)
		with(rating.Delivered, e.At-pick[rating.Instant](t.r, 1, 2000))
	}
}
