// Package rating decides what every outbound WhatsApp message costs and why.
//
// It works in two stages. A Classifier takes one conversation (sender, user)
// and says of each outbound message whether it was care or a notification,
// which regime applied and whether it is charged. A Pricer takes the classified
// messages of one group of accounts and draws down free tiers and allowances,
// walks the volume tiers and picks the price rows; statements are folds of that.
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
	talk     conversation
	facts    []facts
	live     []*facts
	latest   Instant
}

// NewClassifier returns a classifier for a tariff.
func NewClassifier(t *Tariff) *Classifier { return &Classifier{tariff: t} }

// Latest is the latest event time of all conversations classified so far, copies
// removed: the as-of instant of an offline run (see Settle).
func (c *Classifier) Latest() Instant { return c.latest }

// deliveryLimit: what is not delivered within 30 days of sending is never billed.
const deliveryLimit = 30 * Day

// Classify appends the outbound messages of one conversation to dst, in order of
// sending, then message id. The events may come in any order and with copies;
// they must all have the same sender and user. Messages still on their way are
// pending: Settle them once the as-of instant is known.
func (c *Classifier) Classify(dst []Message, events []Event) []Message {
	c.timeline.read(events)
	c.latest = max(c.latest, c.timeline.latest)

	first := len(dst)
	for i := range c.timeline.slots {
		var m Message
		if c.timeline.slots[i].message(&m) {
			dst = append(dst, m)
		}
	}
	messages := dst[first:]
	slices.SortFunc(messages, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), strings.Compare(a.MessageID, b.MessageID))
	})

	c.facts, c.live = slices.Grow(c.facts[:0], len(messages)), c.live[:0]
	for i := range messages {
		c.facts = append(c.facts, facts{Message: &messages[i]})
		f := &c.facts[i]
		if !c.settledAlike(f) {
			c.live = append(c.live, f)
		}
	}
	slices.SortFunc(c.live, func(a, b *facts) int {
		return cmp.Or(cmp.Compare(a.DeliveredAt, b.DeliveredAt), strings.Compare(a.MessageID, b.MessageID))
	})
	c.talk.sessions = c.talk.sessions[:0]
	c.talk.findEntryPoints(c.timeline.inbounds, c.live)
	for _, f := range c.live {
		rulesOf[f.Regime].judge(&c.talk, f)
	}
	for i := range messages {
		messages[i].compareClaim()
	}
	return dst
}

// settledAlike looks up what holds for the message and settles what is the same
// under every regime. It returns false for a delivered message that the rules
// of its regime must judge.
func (c *Classifier) settledAlike(f *facts) bool {
	c.locate(f)

	var window Instant
	window, f.inWindow = openWindow(c.timeline.inbounds, f.SentAt)
	delivered := f.DeliveredAt != 0

	f.freeform = f.Kind == Freeform || f.Kind == Call || f.Kind == KindUnknown && f.inWindow
	f.Class = Notification
	if f.freeform || f.Kind == Echo || f.Kind == Reaction {
		f.Class = Care
	}
	if f.inWindow {
		f.Window = window
	}

	switch {
	case f.Kind == Echo:
		f.free(BusinessAppMessage)
		return true
	case f.Kind == Reaction:
		f.free(ReactionNotBilled)
		return true
	}
	if f.freeform {
		f.Category = service
	}
	if f.account == nil {
		f.Outcome, f.Reason = Unrated, UnknownSender
		return true
	}
	if delivered {
		f.categorise(c.tariff)
	}
	switch {
	case f.freeform && !f.inWindow && !delivered:
		f.Outcome, f.Reason = Rejected, OutsideCareWindow
		return true
	case !delivered && f.Failed:
		f.free(NotDelivered)
		return true
	case !delivered:
		f.Outcome, f.Reason = Pending, InFlight
		return true
	}
	if f.freeform && !f.inWindow { // the carrier knew a window that our log lacks
		f.inWindow = true
		f.Flags |= WindowEvidenceMissing
	}
	switch {
	case f.DeliveredAt > f.SentAt+deliveryLimit:
		f.free(DeliveredAfter30Days)
		return true
	case !f.freeform && f.Category == "" && (f.Kind == KindUnknown || f.Regime.needsCategory()):
		f.Outcome, f.Reason = Unrated, UnknownCategory
		return true
	}
	return false
}

// locate finds account, regime, market and month of a message. The sender's
// registration wins over the account that the event names.
func (c *Classifier) locate(f *facts) {
	t := c.tariff
	named := f.Account
	f.sender = t.senderAt(f.Sender, f.SentAt)
	if f.sender != nil {
		f.Account = f.sender.Account
		if named != "" && named != f.Account {
			f.Flags |= AccountDisagrees
		}
	}
	f.account = t.accountAt(f.Account, f.SentAt)
	f.zone = time.UTC
	accountZone := time.UTC
	if f.account != nil {
		f.zone, accountZone = f.account.loc, f.account.loc
	}
	if f.sender != nil && f.sender.Timezone != "" {
		f.zone = f.sender.loc
	}

	sentOn := DateOf(f.SentAt.Time().In(f.zone))
	var since Date
	f.Regime, since = t.regimeOn(f.Account, sentOn)
	f.switched = since.Midnight(f.zone)
	f.Market, f.country = t.markets.find(f.User, f.UserCountry, DateOf(f.SentAt.Time().In(accountZone)))
	if f.DeliveredAt != 0 {
		y, m, _ := f.DeliveredAt.Time().In(accountZone).Date()
		f.Month = Month{y, m}
	}
}

// categorise makes an authentication message international where that applies.
// Under NBP and CBP1 the category decides nothing and stays as it came.
func (f *facts) categorise(t *Tariff) {
	if !f.freeform && f.Category == authentication && f.Regime.needsCategory() && t.isAuthInternational(f.account, f.country, f.DeliveredAt) {
		f.Category = authenticationInternational
	}
}

// Settle turns a pending message into one not delivered when more than 30 days
// have passed between its sending and the as-of instant.
func (m *Message) Settle(asOf Instant) {
	if m.Outcome == Pending && asOf-m.SentAt > deliveryLimit {
		m.Outcome, m.Reason = Free, NotDelivered
	}
}

// compareClaim flags a message of which the carrier says something else than our
// rules: billed or not, or another category. Where free tiers decide whether it
// is billed, either answer of the carrier agrees.
func (m *Message) compareClaim() {
	if m.Claim == (Claim{}) || m.DeliveredAt == 0 || (m.Outcome != Charged && m.Outcome != Free) {
		return
	}
	switch m.Reason {
	case ServiceRegular, FreeServiceConversation, InOpenConversation, OpensConversation:
	default:
		if m.Claim.Billable != BillableUnsaid && (m.Claim.Billable == BillableYes) != (m.Outcome == Charged) {
			m.Flags |= CarrierDisagrees
		}
	}
	claimed := strings.ReplaceAll(m.Claim.Category, "-", "_")
	if claimed != "" && m.Regime.needsCategory() && claimed != referralConversion && m.Category != claimed {
		m.Flags |= CarrierDisagrees
	}
}
