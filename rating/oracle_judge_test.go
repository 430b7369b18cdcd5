package rating_test

import (
	"postage/rating"
	"sort"
)

const (
	hour = rating.Instant(3_600_000)
	days = 24 * hour
)

// verdict is what the oracle and rating must agree on.
type verdict struct {
	account  string
	sent     rating.Instant
	delivery rating.Instant
	window   rating.Instant
	regime   rating.Regime
	class    rating.Class
	outcome  rating.Outcome
	reason   rating.Reason
	flags    rating.Flags
	category string
	market   string
	month    rating.Month
	tier     int
	row      string
	unit     string
	currency string
}

// judged is an outbound message and what is being decided about it.
type judged struct {
	*outbound
	verdict
	terms    *rating.AccountRow
	waba     string
	timezone string // of the sender
	country  string
	since    rating.Date // when its regime began
	inside   bool        // of the care window
	freeform bool
	live     bool // delivered in time and known: takes part in entry points and conversations
}

func cbp(r rating.Regime) bool {
	return r == rating.CBP1 || r == rating.CBP2 || r == rating.CBP3
}

// deciding is the instant at which entry points look at the message.
func (j *judged) deciding() rating.Instant {
	if cbp(j.regime) {
		return j.deliveredAt
	}
	return j.sentAt
}

func (j *judged) decide(o rating.Outcome, r rating.Reason) { j.outcome, j.reason = o, r }

// consult is the oracle: every outbound message and its verdict on the account's
// side.
func consult(rows *rating.TariffRows, events []rating.Event) map[messageKey]*judged {
	return books{rows, false}.consult(events)
}

func (b books) consult(events []rating.Event) map[messageKey]*judged {
	facts := merge(events)
	var asOf rating.Instant
	inbound := map[[2]string][]fact{}
	for k, f := range facts {
		asOf = max(asOf, f.At)
		if k.kind == rating.Received {
			c := [2]string{k.sender, k.user}
			inbound[c] = append(inbound[c], f)
		}
	}
	all := map[messageKey]*judged{}
	conversations := map[[2]string][]*judged{}
	for _, o := range outbounds(facts) {
		c := [2]string{o.sender, o.user}
		j := b.begin(o, inbound[c])
		b.screen(j, asOf)
		all[o.messageKey] = j
		conversations[c] = append(conversations[c], j)
	}
	for c, messages := range conversations {
		b.converse(messages, inbound[c])
	}
	b.price(all)
	return all
}

// begin fills what belongs to the message alone.
func (b books) begin(o *outbound, inbound []fact) *judged {
	j := &judged{outbound: o, timezone: "UTC"}
	if len(o.accounts) > 0 {
		j.account = o.accounts[0]
	}
	if s := b.sender(o.sender, o.sentAt); s != nil {
		j.account, j.waba, j.timezone = s.Account, s.WABA, s.Timezone
		for _, named := range o.accounts {
			if named != s.Account {
				j.flags |= rating.AccountDisagrees
			}
		}
	} else {
		j.timezone = ""
	}
	if j.terms = b.account(j.account, o.sentAt); j.terms != nil && j.timezone == "" {
		j.timezone = j.terms.Timezone
	}
	if j.timezone == "" {
		j.timezone = "UTC"
	}
	if o.differs {
		j.flags |= rating.DuplicateDiffers
	}
	j.sent, j.delivery = o.sentAt, o.deliveredAt
	s := b.regime(j.account, localDate(o.sentAt, j.timezone))
	j.regime, j.since = s.regime, s.from
	j.country = countryOf(o.country, o.user)
	for _, f := range inbound {
		if f.At <= o.sentAt && o.sentAt < f.At+24*hour {
			j.inside = true
			j.window = max(j.window, f.At)
		}
	}
	home := "UTC" // of an unknown account
	if j.terms != nil {
		home = j.terms.Timezone
	}
	j.market = b.market(o.country, o.user, localDate(o.sentAt, home))
	if o.delivered {
		j.month = localMonth(o.deliveredAt, home)
	}
	return j
}

// screen settles everything that needs no other message of ours.
func (b books) screen(j *judged, asOf rating.Instant) {
	j.freeform = j.kind != rating.Template && (j.kind != rating.KindUnknown || j.inside)
	j.class, j.verdict.category = rating.Notification, j.outbound.category
	if j.freeform {
		j.class, j.verdict.category = rating.Care, "service"
	}
	if j.kind == rating.Echo || j.kind == rating.Reaction { // the page names no category; they keep their own
		j.verdict.category = j.outbound.category
	}
	sent := j.sentAt
	switch {
	case j.kind == rating.Echo:
		j.decide(rating.Free, rating.BusinessAppMessage)
	case j.kind == rating.Reaction:
		j.decide(rating.Free, rating.ReactionNotBilled)
	case j.terms == nil:
		j.decide(rating.Unrated, rating.UnknownSender)
	case j.freeform && !j.inside && !j.delivered:
		j.decide(rating.Rejected, rating.OutsideCareWindow)
	case !j.delivered && (j.failed || asOf-sent > 30*days):
		j.decide(rating.Free, rating.NotDelivered)
	case !j.delivered:
		j.decide(rating.Pending, rating.InFlight)
	default:
		if j.freeform && !j.inside {
			j.inside = true
			j.flags |= rating.WindowEvidenceMissing
		}
		// Before categories had prices nothing hangs on them.
		priced := j.regime != rating.NBP && j.regime != rating.CBP1
		if j.verdict.category == "authentication" && priced && b.international(j.terms, j.country, j.deliveredAt) {
			j.verdict.category = "authentication_international"
		}
		switch {
		case j.deliveredAt-sent > 30*days:
			j.decide(rating.Free, rating.DeliveredAfter30Days)
		case !j.freeform && j.outbound.category == "" && (j.kind == rating.KindUnknown || priced):
			j.decide(rating.Unrated, rating.UnknownCategory)
		default:
			j.live = true
		}
	}
}

// converse applies the regimes to the live messages of one conversation.
func (b books) converse(messages []*judged, inbound []fact) {
	var live []*judged
	for _, j := range messages {
		if j.live {
			live = append(live, j)
		}
	}
	sort.Slice(live, func(i, k int) bool {
		a, b := live[i], live[k]
		if a.deliveredAt != b.deliveredAt {
			return a.deliveredAt < b.deliveredAt
		}
		return a.id < b.id
	})
	points, openers := entryPoints(live, inbound)
	var closing []rating.Instant // starts of entry points under CBP
	for j := range openers {
		if cbp(j.regime) {
			closing = append(closing, j.deliveredAt)
		}
	}
	var open []span // conversation sessions, in order of opening
	begin := func(j *judged, category string) {
		s := span{category, j.deliveredAt, j.deliveredAt + 24*hour, j.regime}
		for _, c := range closing {
			if s.has(c) {
				s.to = c
			}
		}
		open = append(open, s)
		j.verdict.category = category
		j.decide(rating.Charged, rating.OpensConversation)
		if j.regime == rating.CBP3 && category == "service" {
			j.decide(rating.Free, rating.FreeServiceConversation)
		}
	}
	for _, j := range live {
		if j.regime != rating.NBP && enters(j, points, openers) {
			continue
		}
		covered := func(category string) bool {
			for _, s := range open {
				if s.has(j.deliveredAt) && (category == "" || s.category == category && s.regime != rating.CBP1) {
					if j.regime == rating.CBP1 { // later each keeps its own
						j.verdict.category = s.category
					}
					j.decide(rating.Free, rating.InOpenConversation)
					return true
				}
			}
			return false
		}
		switch {
		case j.regime == rating.NBP && j.freeform:
			j.decide(rating.Free, rating.FreeformInCareWindow)
		case j.regime == rating.NBP && j.inside:
			j.decide(rating.Free, rating.TemplateInCareWindow)
		case j.regime == rating.NBP:
			j.decide(rating.Charged, rating.TemplateOutsideCareWindow)

		case j.regime == rating.CBP1 && covered(""):
		case j.regime == rating.CBP1 && j.inside:
			begin(j, "user_initiated")
		case j.regime == rating.CBP1:
			begin(j, "business_initiated")

		case cbp(j.regime) && j.freeform && covered(""):
		case cbp(j.regime) && j.freeform:
			begin(j, "service")
		case cbp(j.regime) && covered(j.verdict.category):
		case cbp(j.regime):
			begin(j, j.verdict.category)

		case j.regime == rating.PMP1 && j.freeform:
			j.decide(rating.Free, rating.FreeCustomerService)
		case j.regime == rating.PMP1:
			j.decide(rating.Charged, rating.TemplateRegular)
			if j.verdict.category == "utility" {
				for _, s := range open {
					if s.category == "utility" && s.has(j.deliveredAt) && localDate(s.from, j.timezone).Before(j.since) {
						j.decide(rating.Free, rating.InOpenConversation)
					}
				}
				if j.inside {
					j.decide(rating.Free, rating.FreeCustomerService)
				}
			}

		case j.freeform: // PMP2
			j.decide(rating.Charged, rating.ServiceRegular)
		default:
			j.decide(rating.Charged, rating.TemplateRegular)
		}
	}
}
