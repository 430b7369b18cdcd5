// Package rating decides what every outbound WhatsApp message costs and why.
//
// It works in two stages. A Classifier takes one conversation (sender, user)
// and says of each outbound message whether it was care or a notification,
// which regime applied and whether it is charged. A Pricer takes the classified
// messages of one group of accounts and draws down free tiers and allowances,
// walks the volume tiers and picks the price rows; statements are folds of that.
//
// Both stages work on two sides that know nothing of each other: what the account
// pays us, and what the carrier bills us.
//
// Everything here is a pure function of the events and the tariff: no input or
// output, no clock, no goroutine. Order of arrival, copies and batch sizes
// change nothing.
package rating

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Classifier judges conversations under one tariff. It keeps scratch memory
// between calls and is not safe for concurrent use.
type Classifier struct {
	tariff   *Tariff
	timeline timeline
	places   places
	talk     conversation
	facts    []facts
	live     []*facts
	received map[receivedKey]int64
	latest   Instant
}

// NewClassifier returns a classifier for a tariff.
func NewClassifier(t *Tariff) *Classifier {
	return &Classifier{tariff: t, places: newPlaces(t), received: map[receivedKey]int64{}}
}

// Latest is the latest event time of all conversations classified so far, copies
// removed: the as-of instant of an offline run (see Settle).
func (c *Classifier) Latest() Instant { return c.latest }

// deliveryLimit: what is not delivered within 30 days of sending is never billed.
const deliveryLimit = 30 * Day

// Classify appends the outbound messages of one conversation to dst, in order of
// sending, then message id. The events may come in any order and with copies;
// they must all have the same sender and user. Messages still on their way are
// pending: Settle them once the as-of instant is known. The classifier keeps
// neither message ids nor users beyond the call: they may be part of a buffer.
func (c *Classifier) Classify(dst []Message, events []Event) []Message {
	c.places.marketKnown = false
	c.timeline.read(events)
	c.latest = max(c.latest, c.timeline.latest)

	first := len(dst)
	for i := range c.timeline.slots {
		if s := &c.timeline.slots[i]; s.isMessage() {
			dst = append(dst, Message{})
			s.message(&dst[len(dst)-1], c.timeline.claims)
		}
	}
	messages := dst[first:]
	if !inOrderOfSending(messages) {
		slices.SortFunc(messages, func(a, b Message) int {
			return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), strings.Compare(a.MessageID, b.MessageID))
		})
	}

	c.facts = slices.Grow(c.facts[:0], len(messages))[:len(messages)]
	costly, alike := false, true
	for i := range messages {
		f := &c.facts[i]
		*f = facts{Message: &messages[i]}
		c.places.locate(f)
		f.look(c.timeline.inbounds)
		costly = costly || f.costs
		alike = alike && f.Regime == f.carrier.Regime && f.switched == f.carrierSwitched
	}
	c.judge()
	for i := range c.facts {
		f := &c.facts[i]
		f.Message.Verdict = f.Verdict
		if f.costs && alike {
			f.Cost = f.Verdict
		}
		f.compareClaim()
	}
	if c.adoptClaims() {
		c.judge()
		for i := range c.facts {
			f := &c.facts[i]
			f.Message.Verdict = f.Verdict
		}
	}
	for i := range c.facts {
		c.facts[i].applyAuthority()
	}
	if costly && !alike { // another regime on the carrier's side: its sessions differ
		for i := range c.facts {
			f := &c.facts[i]
			f.Verdict, f.switched = f.carrier, f.carrierSwitched
			f.opens = false
		}
		c.judge()
		for i := range c.facts {
			if f := &c.facts[i]; f.costs {
				f.Cost = f.Verdict
			}
		}
	}
	c.countReceived()
	return dst
}

// inOrderOfSending says whether messages stand in order of sending, without any
// two of one instant.
func inOrderOfSending(messages []Message) bool {
	for i := 1; i < len(messages); i++ {
		if messages[i-1].SentAt >= messages[i].SentAt {
			return false
		}
	}
	return true
}

// judge decides the verdicts of one side.
func (c *Classifier) judge() {
	c.live = c.live[:0]
	for i := range c.facts {
		if f := &c.facts[i]; !f.settledAlike(&c.places) {
			c.live = append(c.live, f)
		}
	}
	if !inOrderOfDelivery(c.live) {
		slices.SortFunc(c.live, func(a, b *facts) int {
			return cmp.Or(cmp.Compare(a.DeliveredAt, b.DeliveredAt), strings.Compare(a.MessageID, b.MessageID))
		})
	}
	c.talk.sessions = c.talk.sessions[:0]
	c.talk.findEntryPoints(c.timeline.inbounds, c.live, &c.places.days)
	for _, f := range c.live {
		rulesOf[f.Regime].judge(&c.talk, f)
	}
}

// inOrderOfDelivery says whether messages stand in order of delivery, without any
// two of one instant.
func inOrderOfDelivery(live []*facts) bool {
	for i := 1; i < len(live); i++ {
		if live[i-1].DeliveredAt >= live[i].DeliveredAt {
			return false
		}
	}
	return true
}

// facts is one outbound message under judgement on one side. Its Verdict is the
// one being made; it is copied to the message when the side is done.
type facts struct {
	*Message
	Verdict

	freeform bool           // treated as free-form; otherwise as a template
	inWindow bool           // sent inside a care window, or taken to be (flagged)
	zone     *time.Location // the sender's
	switched Instant        // when the regime came into force
	opens    bool           // this reply opens a free entry point

	carrierDecides  bool    // the account has authority=carrier
	costs           bool    // the account's package names a cost list
	carrier         Verdict // the starting point of the carrier's side: regime and category
	carrierSwitched Instant
}

// look finds the care window a message was sent in, and what it counts as.
func (f *facts) look(inbounds []inbound) {
	f.Window, f.inWindow = openWindow(inbounds, f.SentAt)
	f.freeform = f.Kind == Freeform || f.Kind == Call || f.Kind == KindUnknown && f.inWindow
	f.Class = Notification
	if f.freeform || f.Kind == Echo || f.Kind == Reaction {
		f.Class = Care
	}
	if f.freeform {
		f.Category, f.carrier.Category = service, service
	}
	if f.freeform && !f.inWindow && f.DeliveredAt != 0 && f.account != nil {
		// The carrier knew a window that our log lacks.
		f.inWindow = true
		f.Flags |= WindowEvidenceMissing
	}
}

// settledAlike settles what is the same under every regime. It returns false for
// a delivered message that the rules of its regime must judge.
func (f *facts) settledAlike(p *places) bool {
	delivered := f.DeliveredAt != 0
	switch {
	case f.Kind == Echo:
		f.free(BusinessAppMessage)
	case f.Kind == Reaction:
		f.free(ReactionNotBilled)
	case f.account == nil:
		f.Outcome, f.Reason = Unrated, UnknownSender
	case f.freeform && !f.inWindow: // and not delivered, or look would have taken it as inside
		f.Outcome, f.Reason = Rejected, OutsideCareWindow
	case !delivered && f.Failed:
		f.free(NotDelivered)
	case !delivered:
		f.Outcome, f.Reason = Pending, InFlight
	default:
		p.internationalise(f)
		switch {
		case f.DeliveredAt > f.SentAt+deliveryLimit:
			f.free(DeliveredAfter30Days)
		case !f.freeform && f.Category == "" && (f.Kind == KindUnknown || f.Regime.needsCategory()):
			f.Outcome, f.Reason = Unrated, UnknownCategory
		default:
			return false
		}
	}
	return true
}

// Settle turns a pending message into one not delivered when more than 30 days
// have passed between its sending and the as-of instant.
func (m *Message) Settle(asOf Instant) {
	for _, v := range [...]*Verdict{&m.Verdict, &m.Cost} {
		if v.Outcome == Pending && asOf-m.SentAt > deliveryLimit {
			v.Outcome, v.Reason = Free, NotDelivered
		}
	}
}
