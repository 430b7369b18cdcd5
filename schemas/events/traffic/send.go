package traffic

import "postage/rating"

// Why messages fail. Errors are the carrier's.
var (
	errWindow        = &rating.CarrierError{Code: 131047, Title: "Re-engagement message"}
	errUndeliverable = &rating.CarrierError{Code: 131026, Title: "Message undeliverable"}
	errEcosystem     = &rating.CarrierError{Code: 131049, Title: "This message was not delivered to maintain healthy ecosystem engagement."}
	errExperiment    = &rating.CarrierError{Code: 130472, Title: "User's number is part of an experiment"}
)

// refuse: free-form outside the window never goes out.
func (g *Generator) refuse(m *message, at rating.Instant) {
	m.err = errWindow
	m.account.tally.Rejected++
	if g.dice.chance(.2) {
		// The claim of an answer: the carrier has not looked at the window yet.
		m.claim, m.claimOn = g.claim(m, &talk{inbound: uint32(at / second)}, at, false), 1<<rating.Sent
		g.post(m, rating.Sent, at)
	}
	g.post(m, rating.Failed, at+g.dice.seconds(1, .8, 0, minute))
}

// fate is what becomes of a message, settled when it is sent.
type fate struct {
	sent      bool           // a sent status exists
	delivered rating.Instant // reached the phone; 0 never
	unseen    bool           // ... but no delivered status says so, only read
	read      rating.Instant
	failed    rating.Instant
}

// send lets a message out and posts its statuses.
func (g *Generator) send(m *message, t *talk, at rating.Instant) {
	f := g.fate(m, at)
	entry := g.entryPoint(m, t, at, f.delivered)
	m.claim = g.claim(m, t, at, entry)
	if m.kind == rating.Freeform && f.delivered != 0 && !entry {
		m.account.senders[m.sender].service[m.account.period(at)]++
	}
	// The claim is on sent and on exactly one of delivered and read.
	m.claimOn = 1 << rating.Sent
	if f.unseen || f.read != 0 && g.dice.chance(.1) {
		m.claimOn |= 1 << rating.Read
	} else {
		m.claimOn |= 1 << rating.Delivered
	}
	if f.sent {
		g.post(m, rating.Sent, at)
	}
	if f.failed != 0 {
		g.post(m, rating.Failed, f.failed)
	}
	if f.delivered != 0 && !f.unseen {
		g.post(m, rating.Delivered, f.delivered)
	}
	if f.read != 0 {
		g.post(m, rating.Read, f.read)
	}
}

func (g *Generator) fate(m *message, at rating.Instant) (f fate) {
	d := g.dice
	f.sent = !d.chance(.007)
	if err := g.failure(m); err != nil {
		m.err = err
		f.sent = d.chance(.5)
		f.failed = at + d.seconds(3, 1.2, 0, rating.Hour)
		if !d.chance(.02) {
			return f
		}
		// A second phone of the user took it after all.
		f.delivered = f.failed + d.seconds(300, 1.3, second, rating.Day)
	} else if d.chance(.012) { // the phone is off, for good
		f.sent = true
		return f
	} else {
		f.delivered = at + g.transit(m.account, at)
	}
	f.unseen = d.chance(.01)
	if f.unseen || d.chance(.7) {
		f.read = f.delivered + d.seconds(480, 1.9, 0, 6*rating.Day)
	}
	return f
}

// failure decides whether the message fails, about 3 % do.
func (g *Generator) failure(m *message) *rating.CarrierError {
	d := g.dice
	switch p := d.Float64(); {
	case m.category == marketing && p < .03:
		return errEcosystem
	case m.category == marketing && p < .036:
		return errExperiment
	case m.kind == rating.Template && p < .03, p < .012:
		return errUndeliverable
	}
	return nil
}

// transit is the time from sending to delivery: seconds, sometimes hours or
// days, very seldom more than the 30 days within which a message is billed.
func (g *Generator) transit(a *account, at rating.Instant) rating.Instant {
	d := g.dice
	if at < a.from+rating.Day && d.chance(.01) {
		long := 30*rating.Day + rating.Instant(d.between(-5, 20*3600))*second
		if at+long < a.to {
			return long
		}
	}
	if d.chance(.02) {
		return d.seconds(6*3600, 1.1, rating.Hour, 5*rating.Day)
	}
	return d.seconds(2.5, 1, 0, rating.Hour)
}

// entryPoint says whether the carrier counts the message to a free entry point,
// and opens one: by the first delivered reply within a day of the click.
func (g *Generator) entryPoint(m *message, t *talk, at, delivered rating.Instant) bool {
	r := m.account.Regime(at)
	if clicked := rating.Instant(t.click) * second; clicked != 0 && delivered != 0 {
		t.click = 0
		start := at
		if byConversation(r) {
			start = delivered
		}
		if length := entryPointLength(r, start, m.account.Timezone); length > 0 && at < clicked+rating.Day {
			t.entry = uint32((start + length) / second)
			return true
		}
	}
	return delivered != 0 && at < rating.Instant(t.entry)*second && r != rating.NBP
}

// period says where an instant lies: 0 before the month, 1 in it, 2 after it.
func (a *account) period(at rating.Instant) int {
	switch {
	case at < a.from:
		return 0
	case at < a.to:
		return 1
	}
	return 2
}

func byConversation(r rating.Regime) bool { return rating.CBP1 <= r && r <= rating.CBP3 }
