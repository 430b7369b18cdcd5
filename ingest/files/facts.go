package files

import (
	"postage/rating"
)

// Most of what an event or a message says, many others say too. Such facts are
// kept in a dictionary and written as one number.
type (
	// who is the business side of a conversation.
	who struct{ sender, account string }
	// what are the facts of an event apart from its ids, time, error and extra.
	what struct {
		country, category, template, source string
		claim                               rating.Claim
	}
	// judgement are those of a message, apart from its times and prices too.
	judgement struct {
		country, template, market, category, costCategory string
		claim                                             rating.Claim
	}
)

// factsOf is a pointer to facts; each visits all strings.
type factsOf[T any] interface {
	*T
	each(visit func(*string))
}

func (w *who) each(visit func(*string)) {
	visit(&w.sender)
	visit(&w.account)
}

func (w *what) each(visit func(*string)) {
	visit(&w.country)
	visit(&w.category)
	visit(&w.template)
	visit(&w.source)
	eachOfClaim(&w.claim, visit)
}

func (j *judgement) each(visit func(*string)) {
	visit(&j.country)
	visit(&j.template)
	visit(&j.market)
	visit(&j.category)
	visit(&j.costCategory)
	eachOfClaim(&j.claim, visit)
}

func eachOfClaim(c *rating.Claim, visit func(*string)) {
	visit(&c.Model)
	visit(&c.Type)
	visit(&c.Category)
}

// appendWho writes who is on the business side. Of two senders at one place the
// second has the next.
func appendWho(dst []byte, x *lexicon[who, *who], hash uint64, sender, account string) []byte {
	slot := uint(hash) + uint(len(account))
	r := x.at(slot)
	if r.next != 0 && !r.facts.is(sender, account) {
		r = x.at(slot + 1)
	}
	if r.next != 0 && r.facts.is(sender, account) {
		return r.append(dst)
	}
	return x.append(dst, r, who{sender, account})
}

func (w *who) is(sender, account string) bool { return w.sender == sender && w.account == account }

// appendWhat writes the facts of an event.
func appendWhat(dst []byte, x *lexicon[what, *what], e *rating.Event) []byte {
	c := &e.Claim
	r := x.at(letters(e.Template) + 3*letters(e.UserCountry) + 5*letters(e.Category) + 7*uint(len(c.Type)) + 11*uint(len(c.Category)) + 23*uint(c.Billable))
	if f := &r.facts; r.next != 0 && f.template == e.Template && f.category == e.Category && f.country == e.UserCountry && f.source == e.Source && sameClaim(&f.claim, c) {
		return r.append(dst)
	}
	return x.append(dst, r, what{e.UserCountry, e.Category, e.Template, e.Source, *c})
}

// appendJudgement writes the facts of a message.
func appendJudgement(dst []byte, x *lexicon[judgement, *judgement], m *rating.Message) []byte {
	c := &m.Claim
	r := x.at(letters(m.Template) + 3*letters(m.Market) + 5*letters(m.Verdict.Category) + 7*uint(len(c.Type)) + 11*uint(len(m.Cost.Category)) + 23*uint(c.Billable) + 13*letters(m.UserCountry))
	if f := &r.facts; r.next != 0 && f.template == m.Template && f.market == m.Market && f.country == m.UserCountry && f.category == m.Verdict.Category && f.costCategory == m.Cost.Category && sameClaim(&f.claim, c) {
		return r.append(dst)
	}
	return x.append(dst, r, judgement{m.UserCountry, m.Template, m.Market, m.Verdict.Category, m.Cost.Category, *c})
}

func sameClaim(a, b *rating.Claim) bool {
	return a.Billable == b.Billable && a.Type == b.Type && a.Category == b.Category && a.Model == b.Model
}

// letters is a quick hash. It tells names that stand side by side in a tariff
// mostly apart.
func letters(s string) uint {
	n := len(s)
	if n == 0 {
		return 0
	}
	return uint(n)*31 + uint(s[0])*7 + uint(s[n/2])*37 + uint(s[n-1])*101 + uint(s[n-1-(n-1)/4])*13 + uint(s[max(n-2, 0)])*257
}
