package traffic

import (
	"bytes"
	"postage/rating"
	"postage/schemas/events"
)

// post is the way from an event to a record: it holds what is under way, writes
// it in the format asked for when it arrives, and repeats some of it. It draws
// from its own chance, so that the format changes nothing but the records.
type post struct {
	queue  queue[item]
	dice   dice
	seq    uint64
	format Format
	copies float64
	open   map[*sender]*body // webhook bodies that wait for company; never ranged over
	events []rating.Event
	refs   []*rating.Event
	buf    []byte
	slab   []byte
}

// item is something under way: an event, a copy of a record, or a body to close.
type item struct {
	message *message // of an event
	again   *again   // a copy to deliver
	body    *body    // a body to close
	at      rating.Instant
	later   rating.Instant // of a variant: what it says too late, 0 for an original
	typ     rating.EventType
	remark  bool // of a variant: has a remark instead
}

// again is a record to deliver once more.
type again struct {
	Record
	account *account
}

// body collects events of one sender into one webhook.
type body struct {
	sender *sender
	items  []item
}

// A body waits this long for company, and takes at most so many.
const (
	bodyWait = 1500 // ms, at most
	bodyMax  = 8
	batching = .04 // share of webhook events that start a body of several
)

func newPost(cfg Config) post {
	return post{
		dice: newDice(cfg.Seed, 2), format: cfg.Format, copies: cfg.Copies,
		open: map[*sender]*body{},
		// Numbers of the simulation stay below: a body or copy leaves after an
		// event of the same millisecond.
		seq: 1 << 62,
	}
}

// deliver hands out everything that has arrived by the instant, in order. It is
// false when the receiver has had enough.
func (p *post) deliver(until rating.Instant, yield func(Record) bool) bool {
	for {
		at, ok := p.queue.next()
		if !ok || at > until {
			return true
		}
		at, it := p.queue.pop()
		switch {
		case it.again != nil:
			it.again.Arrived = at
			it.again.account.tally.Copies++
			if !p.hand(it.again.Record, it.again.account, yield) {
				return false
			}
		case it.body != nil:
			delete(p.open, it.body.sender)
			if !p.seal(at, it.body.items, yield) {
				return false
			}
		case p.format == Webhook && !it.typ.IsConsent() && p.joins(at, it):
		default:
			if !p.seal(at, []item{it}, yield) {
				return false
			}
		}
	}
}

// joins puts an event into a waiting body of its sender, or begins one.
func (p *post) joins(at rating.Instant, it item) bool {
	s := it.message.from()
	if b := p.open[s]; b != nil {
		if len(b.items) < bodyMax {
			b.items = append(b.items, it)
			return true
		}
		return false
	}
	if !p.dice.chance(batching) {
		return false
	}
	b := &body{sender: s, items: []item{it}}
	p.open[s] = b
	p.seq++
	p.queue.push(at+100+rating.Instant(p.dice.IntN(bodyWait)), p.seq, item{body: b})
	return true
}

func (m *message) from() *sender { return &m.account.senders[m.sender] }

// seal writes events as one record and hands it out.
func (p *post) seal(at rating.Instant, items []item, yield func(Record) bool) bool {
	first := items[0].message
	p.events, p.refs = p.events[:0], p.refs[:0]
	for i := range items {
		p.events = append(p.events, items[i].event(p.format))
	}
	if p.format == Webhook && !items[0].typ.IsConsent() {
		for i := range p.events {
			asCarried(&p.events[i])
			p.refs = append(p.refs, &p.events[i])
		}
		p.buf = first.from().register(events.AppendWebhook(p.buf[:0], p.refs...))
	} else {
		p.buf = events.AppendV1(p.buf[:0], &p.events[0])
	}
	key := first.from().number + "|" + first.user
	return p.hand(Record{Key: key, Value: p.keep(p.buf), Arrived: at, Account: first.account.Name}, first.account, yield)
}

// register puts the sender's registered phone_number_id into a body in the place
// of the encoder's own.
func (s *sender) register(body []byte) []byte {
	if s.phoneID == nil {
		return body
	}
	return bytes.ReplaceAll(body, s.encoded, s.phoneID)
}

// asCarried leaves out what a webhook cannot say. It names no app, so a reader
// takes every referral for one from a phone; a click at a computer, which opens
// no free entry point, therefore goes without its referral. With it the two
// formats would describe different traffic.
func asCarried(e *rating.Event) {
	if e.Client == rating.ClientWeb || e.Client == rating.ClientDesktop {
		e.Referral = rating.ReferralNone
	}
	e.Client = rating.ClientUnknown
}

// keep copies bytes into memory that nobody will write again.
func (p *post) keep(b []byte) []byte {
	if cap(p.slab)-len(p.slab) < len(b) {
		p.slab = make([]byte, 0, max(64<<10, len(b)))
	}
	n := len(p.slab)
	p.slab = append(p.slab, b...)
	return p.slab[n:len(p.slab):len(p.slab)]
}

// hand gives a record to the receiver and may send it again later, as a
// producer or a webhook does that saw no acknowledgement.
func (p *post) hand(r Record, a *account, yield func(Record) bool) bool {
	a.tally.Records++
	if p.copies > 0 && p.dice.chance(p.copies) {
		r2 := &again{r, a}
		r2.Value = bytes.Clone(r.Value) // let the rest of the slab go
		p.seq++
		p.queue.push(r.Arrived+p.retry(), p.seq, item{again: r2})
	}
	return yield(r)
}

// retry is when a record is sent again: at once, after a while, or for days.
func (p *post) retry() rating.Instant {
	d := p.dice
	switch x := d.Float64(); {
	case x < .70:
		return d.millis(1500, .9)
	case x < .94:
		return d.millis(90_000, 1.2)
	case x < .99:
		return min(d.millis(3*3.6e6, .9), rating.Day)
	default:
		return rating.Day + rating.Instant(d.Float64()*float64(6*rating.Day))
	}
}

// event is the event as its producer wrote it. A variant differs from the
// original by its time, or by a remark that nobody reads (for which a webhook
// has no place).
func (it *item) event(f Format) rating.Event {
	m := it.message
	e := rating.Event{
		Type: it.typ, At: it.at, MessageID: m.id, Sender: m.from().number, User: m.user,
		UserCountry: m.country, Source: m.source,
	}
	if m.account.naming {
		e.Account = m.account.Name
	}
	switch {
	case it.later != 0 && it.remark && f == V1:
		e.Extra = `{"attempt":2}`
	default:
		e.At += it.later
	}
	if it.typ.IsConsent() {
		return e
	}
	e.Kind, e.Category, e.Template = m.kind, m.category, m.template
	switch it.typ {
	case rating.Received:
		e.Referral, e.Client = m.referral, m.client
	case rating.Failed:
		e.Error = *m.err
	}
	if m.claimOn>>it.typ&1 != 0 {
		e.Claim = m.claim
	}
	return e
}
