package rating

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// conversation is what the rules ask about one (sender, user) timeline while
// its delivered messages are judged in order of delivery.
type conversation struct {
	entryPoints []entryPoint // by start; ends rise with starts
	sessions    []session    // open conversation sessions of the CBP regimes
}

// --- Free entry points -----------------------------------------------------

// entryPoint is an open door of free messages, [start, end).
type entryPoint struct{ start, end Instant }

// entryPointClick is how long after the click the first reply may come.
const entryPointClick = 24 * Hour

// opensEntryPoint says whether an inbound is a click that a reply can turn into
// a free entry point: from an advertisement or page button, on a phone (or an
// app we were not told).
func opensEntryPoint(e *Event) bool {
	return e.Referral != ReferralNone && (e.Client == ClientAndroid || e.Client == ClientIOS || e.Client == ClientUnknown)
}

// entryPointLength is how long an entry point lasts that starts on a date.
func entryPointLength(on Date) Instant {
	switch {
	case on.Before(Date{2023, time.March, 1}):
		return 24 * Hour
	case on.Before(Date{2026, time.September, 28}):
		return 72 * Hour
	default:
		return 168 * Hour
	}
}

// findEntryPoints opens a free entry point for every click that was answered
// within 24 hours: at the earliest-sent of the delivered replies (under CBP at
// the earliest-delivered). There are none under NBP.
func (c *conversation) findEntryPoints(inbounds []inbound, live []*facts, days *days) {
	c.entryPoints = c.entryPoints[:0]
	for _, in := range inbounds {
		if !in.click {
			continue
		}
		var first *facts
		for _, f := range live {
			if f.Regime == NBP || f.SentAt < in.at || f.SentAt >= in.at+entryPointClick {
				continue
			}
			if first == nil || cmp.Or(cmp.Compare(f.lookupAt(), first.lookupAt()), strings.Compare(f.MessageID, first.MessageID)) < 0 {
				first = f
			}
		}
		if first != nil && !first.opens {
			first.opens = true
			start := first.lookupAt()
			length := entryPointLength(days.of(start, first.zone))
			c.entryPoints = append(c.entryPoints, entryPoint{start, start + length})
		}
	}
	slices.SortFunc(c.entryPoints, func(a, b entryPoint) int { return cmp.Compare(a.start, b.start) })
}

// lookupAt is the instant by which a message looks for open doors: when it was
// delivered under the conversation regimes, when it was sent under the others.
func (f *facts) lookupAt() Instant {
	if f.Regime.byConversation() {
		return f.DeliveredAt
	}
	return f.SentAt
}

// inEntryPoint says whether a free entry point is open at an instant.
func (c *conversation) inEntryPoint(at Instant) bool {
	for _, e := range slices.Backward(c.entryPoints) {
		if e.start <= at {
			return at < e.end // the latest to start is the last to end
		}
	}
	return false
}

// --- Conversation sessions (CBP) -------------------------------------------

// sessionLength is fixed from the delivery that opened it; it does not slide.
const sessionLength = 24 * Hour

// session is one open conversation session, [start, start + 24 h).
type session struct {
	category string
	regime   Regime
	start    Instant
}

func (s session) openAt(at Instant) bool { return s.start <= at && at < s.start+sessionLength }

// openSession finds an open session that fits, the earliest opened first.
func (c *conversation) openSession(at Instant, fits func(session) bool) (session, bool) {
	c.sessions = slices.DeleteFunc(c.sessions, func(s session) bool { return at >= s.start+sessionLength })
	for _, s := range c.sessions {
		if s.openAt(at) && fits(s) {
			return s, true
		}
	}
	return session{}, false
}

func (c *conversation) open(category string, f *facts) {
	c.sessions = append(c.sessions, session{category, f.Regime, f.DeliveredAt})
}
