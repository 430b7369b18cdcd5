package rating

import (
	"fmt"
	"strings"
	"time"
)

// Explain says in plain words how a message came to its price: which events
// opened which window, which rule applied, which row gave the price and where in
// its tier it stood. priced is the message as a Pricer left it; events are those
// of its conversation, in any order, copies included.
func (t *Tariff) Explain(priced *Message, events []Event) []string {
	x := &explanation{tariff: t, message: priced}
	c := NewClassifier(t)
	x.others = c.Classify(nil, events)
	for i := range x.others {
		if x.others[i].MessageID == priced.MessageID {
			x.bound = &x.others[i]
		}
	}
	x.received(events)
	x.facts()
	if x.bound == nil || x.bound.account == nil {
		x.say("%s", priced.Reason.Sentence())
		return x.lines
	}
	x.regime()
	x.window()
	x.doors()
	x.say("So it is %s, %s: %s", priced.Outcome, priced.Reason, priced.Reason.Sentence())
	x.price("Price", &priced.Verdict)
	if priced.Cost.Outcome != 0 {
		x.say("To us the carrier's side is %s, %s: %s", priced.Cost.Outcome, priced.Cost.Reason, priced.Cost.Reason.Sentence())
		x.price("Cost", &priced.Cost)
	}
	return x.lines
}

// explanation is one being written.
type explanation struct {
	tariff   *Tariff
	message  *Message
	bound    *Message // the same, with its links into the tariff
	others   []Message
	inbounds []*Event
	lines    []string
}

func (x *explanation) say(format string, args ...any) {
	x.lines = append(x.lines, fmt.Sprintf(format, args...))
}

// received collects the customer's own events, in no order.
func (x *explanation) received(events []Event) {
	for i := range events {
		if events[i].Type == Received {
			x.inbounds = append(x.inbounds, &events[i])
		}
	}
}

func (x *explanation) facts() {
	m := x.message
	kind := m.Kind.String()
	if m.Kind == KindUnknown {
		kind = "message of unknown kind, taken as a " + m.Class.String()
	}
	words := strings.TrimSpace(kind + " " + m.Category)
	x.say("Message %s from %s to %s: %s, sent %s.", m.MessageID, m.Sender, m.User, words, m.SentAt)
	switch {
	case m.DeliveredAt != 0:
		x.say("Delivered %s, so it belongs to the billing month %s.", m.DeliveredAt, m.Month)
	case m.Failed:
		x.say("It failed (%d %s) and was never delivered.", m.Error.Code, m.Error.Title)
	default:
		x.say("No delivery is known.")
	}
}

func (x *explanation) regime() {
	m := x.bound
	if m.sender != nil {
		x.say("%s registers the sender to account %s; its terms are %s (country %s, timezone %s, package %s).",
			m.sender.Row, m.Account, m.account.Row, m.account.Country, m.account.Timezone, m.account.Package)
	} else {
		x.say("The event names account %s; its terms are %s (country %s, timezone %s, package %s).",
			m.Account, m.account.Row, m.account.Country, m.account.Timezone, m.account.Package)
	}
	local := DateOf(m.SentAt.Time().In(m.zone(m.account.loc)))
	_, since := x.tariff.regimeOn(m.Account, local)
	where := "the carrier's schedule"
	for _, rows := range [...][]RegimeRow{x.tariff.regimes["*"], x.tariff.regimes[m.Account]} {
		for i := range rows {
			if rows[i].ValidFrom == since && rows[i].Regime == m.Regime {
				where = rows[i].Row.String()
			}
		}
	}
	x.say("Sent on %s there, under regime %s, in force since %s by %s.", local, m.Regime, since, where)
	if m.Market != "" {
		x.say("The user's number belongs to market %s.", m.Market)
	}
}

// window names the customer's message that decides whether the care window was
// open when the message was sent.
func (x *explanation) window() {
	var last *Event
	for _, e := range x.inbounds {
		if e.At <= x.message.SentAt && (last == nil || e.At > last.At || e.At == last.At && e.MessageID < last.MessageID) {
			last = e
		}
	}
	switch {
	case last == nil:
		x.say("The log has no message of the customer before it: the care window was closed.")
	case x.message.SentAt < last.At+CareWindow:
		x.say("The customer's %s of %s opened the care window until %s: it was sent inside.", last.MessageID, last.At, last.At+CareWindow)
	default:
		x.say("The customer's last message before it, %s of %s, opened the window until %s: it was sent %s after that.",
			last.MessageID, last.At, last.At+CareWindow, time.Duration(x.message.SentAt-last.At-CareWindow)*time.Millisecond)
	}
	if x.message.Flags&WindowEvidenceMissing != 0 {
		x.say("It is free-form and was delivered all the same, so the carrier knew a window that the log lacks; it counts as inside and as an alarm.")
	}
}

// doors names the message that opened the session or entry point it fell into.
func (x *explanation) doors() {
	m := x.message
	var opener *Message
	for i := range x.others {
		o := &x.others[i]
		var covers bool
		switch m.Reason {
		case InOpenConversation:
			opens := o.Reason == OpensConversation || o.Reason == FreeServiceConversation
			covers = opens && o.DeliveredAt <= m.DeliveredAt && m.DeliveredAt < o.DeliveredAt+sessionLength
		case InFreeEntryPoint:
			covers = o.Reason == OpensFreeEntryPoint && o.SentAt <= m.SentAt
		default:
		}
		if covers && o.MessageID != m.MessageID && (opener == nil || o.DeliveredAt > opener.DeliveredAt || o.Category == m.Category && opener.Category != m.Category) {
			opener = o
		}
	}
	if opener != nil {
		x.say("%s, delivered %s, opened what covers it (%s).", opener.MessageID, opener.DeliveredAt, opener.Category)
	}
}

// price names the row, the tier and how the unit price comes about.
func (x *explanation) price(what string, v *Verdict) {
	r := v.Rate
	if r == nil {
		return
	}
	x.say("%s row %s: list %s, valid from %s, origin %s, market %s, category %s, from unit %d: %s %s.",
		what, r.PriceRow, r.PriceList, r.ValidFrom, r.Origin, r.Market, r.Category, r.FromVolume, formatScale(r.ListPrice, -r.ListPrice.Exponent()), r.ListCurrency)
	x.say("It is unit %d of its counter, so tier %d.", v.Position, v.Tier)
	if !r.UnitPrice.Equal(r.ListPrice) || r.Currency != r.ListCurrency {
		pack := x.tariff.packageOn(x.bound.account.Package, DateOf(x.bound.SentAt.Time().In(x.bound.account.loc)))
		x.say("With the markup of %s (%s %% and %s per unit)%s it costs %s %s.", pack.Row, pack.MarkupPercent, pack.MarkupFixed,
			x.exchange(r), r.FormatUnitPrice(), r.Currency)
		return
	}
	x.say("It costs %s %s.", r.FormatUnitPrice(), r.Currency)
}

func (x *explanation) exchange(r *Rate) string {
	if r.Currency == r.ListCurrency {
		return ""
	}
	rates := x.tariff.fx[[2]string{r.ListCurrency, r.Currency}]
	for i := range rates {
		f := rates[len(rates)-1-i]
		if !x.message.Month.Last().Before(f.On) {
			return fmt.Sprintf(" and the rate of %s, %s %s for one %s (%s)", f.On, f.Rate, f.To, f.From, f.Row)
		}
	}
	return ""
}
