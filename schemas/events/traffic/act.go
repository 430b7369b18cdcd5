package traffic

import "postage/rating"

// action is one thing to do at its time: the simulation's agenda holds these.
type action struct {
	template *template
	user     uint32
	account  int32
	op       op
	pick     uint8 // a choice made by the story
}

type op uint8

const (
	opTemplate op = iota // the firm sends a template
	opSay                // the firm writes free-form
	opEcho               // someone types in the business app
	opReactOut           // the firm reacts to a message
	opWrite              // the user writes
	opReact              // the user reacts
	opCall               // the user calls
	opArrive             // the user writes after a click on an advertisement
	opGrant              // the user consents
	opRevoke
)

// message is what the records of one message share; it is not changed once the
// first of them is posted.
type message struct {
	id       string
	user     string // with +
	country  string // of the user, where the firm's systems say it
	account  *account
	sender   int
	kind     rating.Kind
	category string
	template string
	source   string // of a consent
	referral rating.Referral
	client   rating.Client
	claim    rating.Claim
	claimOn  uint16 // bits by event type: which statuses carry the claim
	err      *rating.CarrierError
}

var sources = [...]string{"link", "sms", "email", "web_form", "qr", "inbound"}

// act does one thing.
func (g *Generator) act(at rating.Instant, do action) {
	a := g.accounts[do.account]
	number, d := a.person(do.user)
	m := &message{account: a, sender: a.senderOf(do.user), user: "+" + number}
	if a.country {
		m.country = d.country
	}
	switch do.op {
	case opGrant:
		m.source = sources[do.pick]
		g.consent(m, rating.ConsentGranted, at)
		return
	case opRevoke:
		g.consent(m, rating.ConsentRevoked, at)
		return
	case opWrite, opReact, opCall, opArrive:
		m.id = g.ids.next(number, true)
		g.receive(m, &a.talks[do.user], at, do)
		return
	}
	m.id = g.ids.next(number, false)
	a.tally.Outbound++
	talk := &a.talks[do.user]
	switch do.op {
	case opEcho, opReactOut:
		m.kind = rating.Echo
		if do.op == opReactOut {
			m.kind = rating.Reaction
		}
		g.post(m, rating.Sent, at)
	case opSay:
		m.kind, m.category = rating.Freeform, service
		if !talk.open(at) {
			g.refuse(m, at)
			return
		}
		g.send(m, talk, at)
	default:
		m.kind, m.template, m.category = rating.Template, do.template.name, do.template.category
		if a.Regime(at) == rating.NBP {
			m.category = do.template.notification
		}
		g.send(m, talk, at)
	}
}

// receive is an inbound: it opens the care window.
func (g *Generator) receive(m *message, t *talk, at rating.Instant, do action) {
	t.inbound = uint32(at / second)
	m.kind = rating.Freeform
	switch do.op {
	case opReact:
		m.kind = rating.Reaction
	case opCall:
		m.kind = rating.Call
	case opArrive:
		m.referral, m.client = rating.ReferralAd, clientOf(do.pick)
		if do.pick%8 == 0 {
			m.referral = rating.ReferralPageCTA
		}
		if m.client != rating.ClientWeb && m.client != rating.ClientDesktop {
			t.click = t.inbound
		}
	}
	m.account.tally.Inbound++
	g.post(m, rating.Received, at)
}

func clientOf(pick uint8) rating.Client {
	switch {
	case pick < 55:
		return rating.ClientAndroid
	case pick < 85:
		return rating.ClientIOS
	case pick < 93:
		return rating.ClientUnknown
	case pick < 97:
		return rating.ClientWeb
	default:
		return rating.ClientDesktop
	}
}

func (g *Generator) consent(m *message, t rating.EventType, at rating.Instant) {
	m.account.tally.Consents++
	g.post(m, t, at)
}

// open says whether the care window is open.
func (t *talk) open(at rating.Instant) bool {
	return t.inbound != 0 && at < rating.Instant(t.inbound)*second+rating.Day
}

// post lets one event of a message arrive, some time after it happened, and now
// and then once more with other content.
func (g *Generator) post(m *message, t rating.EventType, at rating.Instant) {
	m.account.tally.Events++
	it := item{message: m, at: at, typ: t}
	g.seq++
	arrived := at + g.lag()
	g.out.queue.push(arrived, g.seq, it)
	if !g.dice.chance(.002) || t.IsConsent() { // a consent at another time is another consent
		return
	}
	m.account.tally.Variants++
	it.later, it.remark = rating.Instant(g.dice.between(1, 4))*second, g.dice.chance(.5)
	g.seq++
	g.out.queue.push(max(arrived, at+it.later)+g.lag(), g.seq, it)
}

// lag is how long a record takes to arrive.
func (g *Generator) lag() rating.Instant {
	d := g.dice
	switch p := d.Float64(); {
	case p < .965:
		return d.millis(350, .7)
	case p < .995:
		return d.millis(25_000, 1.1)
	case p < .9993:
		return min(d.millis(2.5*3.6e6, .8), rating.Day)
	default:
		return rating.Day + rating.Instant(d.Float64()*float64(6*rating.Day))
	}
}
