package traffic

import "postage/rating"

// activity is a sort of episode. An episode is a small story between a firm and
// one user, written at its start with all its times.
type activity uint8

const (
	orders activity = iota
	notices
	campaigns
	codes
	care
	clicks
	calls
	borders
	consents
)

// plan writes the episodes of an account that begin in the slice.
func (g *Generator) plan(a *account, at rating.Instant) {
	for i := range a.streams {
		s := &a.streams[i]
		if s.doing == consents {
			for range s.owed(at) {
				st := g.story(a, at)
				st.consent()
			}
			continue
		}
		for due := s.due(at); s.planned < due; {
			st := g.story(a, at)
			st.left = s.budget - s.planned
			tell[s.doing](st)
			s.planned += st.used
		}
	}
}

// tell writes a story by activity; each sends at least one message.
var tell = [...]func(*story){
	orders:    (*story).order,
	notices:   (*story).notice,
	campaigns: (*story).campaign,
	codes:     (*story).code,
	care:      (*story).care,
	clicks:    (*story).click,
	calls:     (*story).call,
	borders:   (*story).border,
}

// order: confirmed, under way, and a question now and then.
func (s *story) order() {
	d := s.g.dice
	s.template(s.a.trade.confirm)
	s.wait(d.seconds(50_000, .6, rating.Hour, 4*rating.Day))
	s.byDay()
	s.template(s.a.trade.progress)
	switch {
	case d.chance(.03):
		s.wait(d.seconds(300, 1, 5*second, rating.Day))
		s.react()
	case d.chance(.07):
		s.wait(d.seconds(1200, 1.4, 10*second, 20*rating.Hour))
		s.write()
		s.chat(d.between(1, 2))
	case d.chance(.5):
		s.wait(d.seconds(40_000, .5, rating.Hour, 3*rating.Day))
		s.byDay()
		s.template(s.a.trade.progress)
	}
}

// notice: one template, seldom answered.
func (s *story) notice() {
	d := s.g.dice
	s.template(s.a.trade.confirm)
	switch {
	case d.chance(.02):
		s.wait(d.seconds(200, 1.2, 5*second, rating.Day))
		s.react()
	case d.chance(.06):
		s.wait(d.seconds(1500, 1.3, 10*second, 20*rating.Hour))
		s.write()
		s.chat(1)
	}
}

// campaign: a blast; some answer, some have had enough.
func (s *story) campaign() {
	d := s.g.dice
	s.template(s.a.trade.campaign)
	switch {
	case d.chance(.006):
		s.wait(d.seconds(120, 1, 5*second, rating.Day))
		s.write()
		s.do(action{op: opRevoke})
	case d.chance(.05):
		s.wait(d.seconds(1800, 1.3, 10*second, 20*rating.Hour))
		s.write()
		s.chat(d.between(1, 3))
	}
}

// code: a one-time code, again if it does not come soon enough.
func (s *story) code() {
	d := s.g.dice
	s.template(s.a.trade.code)
	for range 3 {
		if !d.chance(.14) {
			break
		}
		s.wait(d.seconds(45, .5, 15*second, 5*minute))
		s.template(s.a.trade.code)
	}
}

// care: the user asks, the firm answers.
func (s *story) care() {
	d := s.g.dice
	s.write()
	if d.chance(.05) {
		s.do(action{op: opGrant, pick: 5}) // "inbound"
	}
	turns := 1
	for turns < 7 && d.chance(.55) {
		turns++
	}
	s.chat(turns)
}

// click: the user comes through an advertisement. Later templates fall inside
// the free entry point although the care window has closed, or just after it.
func (s *story) click() {
	d := s.g.dice
	s.arrive()
	if d.chance(.08) {
		s.wait(d.seconds(3600, 1.2, minute, 20*rating.Hour))
		s.arrive()
	}
	s.wait(d.seconds(700, 1.8, 5*second, 40*rating.Hour))
	if d.chance(.3) {
		s.template(s.a.trade.campaign)
	} else {
		s.say()
	}
	if d.chance(.4) {
		s.wait(d.seconds(240, 1.2, 3*second, 10*rating.Hour))
		s.write()
		s.chat(d.between(1, 2))
	}
	switch {
	case d.chance(.30):
		s.wait(rating.Instant(d.between(26, 70)) * rating.Hour)
		s.byDay()
		s.template(s.a.trade.campaign)
	case d.chance(.15):
		s.wait(rating.Instant(d.between(74, 190)) * rating.Hour)
		s.byDay()
		s.template(s.a.trade.confirm)
	}
}

// call: a call opens the window too.
func (s *story) call() {
	d := s.g.dice
	s.inbound = s.at
	s.do(action{op: opCall})
	s.wait(d.seconds(240, 1, 5*second, 20*rating.Hour))
	if d.chance(.5) {
		s.say()
	} else {
		s.template(s.a.trade.confirm)
	}
}

// border: a template in the last or first second of the month.
func (s *story) border() {
	at := s.a.from
	if s.at > at+rating.Day {
		at = s.a.to
	}
	s.at = at + rating.Instant(s.g.dice.between(-1, 1))*second
	s.template(s.a.trade.confirm)
}

// consent: granted through some channel, or revoked.
func (s *story) consent() {
	if s.g.dice.chance(.15) {
		s.do(action{op: opRevoke})
		return
	}
	s.do(action{op: opGrant, pick: uint8(s.g.dice.IntN(5))})
}

// chat answers a user who has just written, turn by turn.
func (s *story) chat(turns int) {
	d := s.g.dice
	for turn := range turns {
		if turn > 0 {
			s.wait(d.seconds(200, 1.2, 3*second, 30*rating.Hour))
			if d.chance(.05) {
				s.react()
			} else {
				s.write()
			}
		}
		if d.chance(.03) { // nobody was in
			s.wait(d.seconds(60_000, .4, 3*rating.Hour, 3*rating.Day))
		} else {
			s.wait(d.seconds(150, 1, 2*second, 3*rating.Hour))
		}
		switch {
		case d.chance(.05):
			s.out(action{op: opEcho})
		case d.chance(.03):
			s.out(action{op: opReactOut})
			s.wait(second)
			s.say()
		default:
			s.say()
		}
		if d.chance(.2) {
			s.wait(rating.Instant(d.between(8, 40)) * second)
			s.say()
		}
	}
	switch {
	case d.chance(.04):
		s.edge()
	case d.chance(.08):
		s.wait(d.seconds(900, .8, minute, 20*rating.Hour))
		s.template(s.a.trade.survey)
	}
}

// edge follows up where the care window ends: a second before, at and after.
func (s *story) edge() {
	d := s.g.dice
	after := [...]rating.Instant{
		rating.Day - second, rating.Day - second, rating.Day, rating.Day + second,
		rating.Day + rating.Instant(d.between(3, 20*3600))*second,
	}
	at := s.inbound + after[d.IntN(len(after))]
	s.wait(max(at-s.at, second))
	if d.chance(.5) {
		s.say()
		if s.at >= s.inbound+rating.Day && d.chance(.5) { // refused; they use a template then
			s.wait(rating.Instant(d.between(20, 900)) * second)
			s.template(s.a.trade.survey)
		}
		return
	}
	s.template(s.a.trade.survey)
}
