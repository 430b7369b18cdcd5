package traffic

import "postage/rating"

// story writes one episode. It may send at most left messages.
type story struct {
	g       *Generator
	a       *account
	user    uint32
	at      rating.Instant // now, in the story
	inbound rating.Instant // when the user last wrote, 0 for never
	left    int            // outbound messages it may still send
	used    int
}

// story begins one at a random second of the slice, with a user picked by chance.
func (g *Generator) story(a *account, slot rating.Instant) *story {
	at := slot + rating.Instant(g.dice.IntN(int(slice/second)))*second
	return &story{g: g, a: a, user: a.anyone(g.dice), at: at}
}

func (s *story) wait(t rating.Instant) { s.at += t }

// byDay waits until the firm works: what it sends by itself it does not send at
// night. The morning's work takes until noon.
func (s *story) byDay() {
	h := s.at.Time().In(s.a.Timezone).Hour()
	if h >= 7 && h < 21 {
		return
	}
	s.wait(rating.Instant((24+7-h)%24)*rating.Hour + rating.Instant(s.g.dice.IntN(5*3600))*second)
}

// write is a message of the user, react a reaction, arrive one that came
// through an advertisement.
func (s *story) write() { s.inbound = s.at; s.do(action{op: opWrite}) }
func (s *story) react() { s.inbound = s.at; s.do(action{op: opReact}) }
func (s *story) arrive() {
	s.inbound = s.at
	s.do(action{op: opArrive, pick: uint8(s.g.dice.IntN(100))})
}

// say is a free-form message of the firm.
func (s *story) say() { s.out(action{op: opSay}) }

func (s *story) template(from []template) {
	s.out(action{op: opTemplate, template: &from[s.g.dice.IntN(len(from))]})
}

// out sends unless the budget is used up.
func (s *story) out(a action) {
	if s.left == 0 {
		return
	}
	s.left--
	s.used++
	s.do(a)
}

func (s *story) do(a action) {
	a.account, a.user = int32(s.a.index), s.user
	s.g.seq++
	s.g.agenda.push(s.at, s.g.seq, a)
}
