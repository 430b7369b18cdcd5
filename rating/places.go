package rating

import "time"

// places finds what holds for a message where and when it was sent: the sender's
// registration, the account's terms, the market, the regime. A conversation has
// one sender and one user, so the last answers are kept.
type places struct {
	tariff *Tariff
	days   days

	sender      string
	senderTerms []*senderTerm

	user, userCountry string
	marketOn          Date
	market, country   string
	marketKnown       bool

	terms   map[termKey]*term
	lastKey termKey
	last    *term
}

// termKey is a day of an account, as seen by a sender in its own timezone.
type termKey struct {
	account *accountTerm // nil for an unknown sender
	zone    *time.Location
	on      Date // local to the sender
	sentOn  Date // local to the account
}

// term is what holds on such a day on both sides.
type term struct {
	regime, carrier           Regime
	switched, carrierSwitched Instant // when they came into force
	costs                     bool    // the package names a cost list
}

func newPlaces(t *Tariff) places {
	return places{tariff: t, days: newDays(), terms: map[termKey]*term{}}
}

// Bind finds anew what links a message to the tariff, for one that was read back
// from where it was kept.
func (t *Tariff) Bind(m *Message) {
	m.sender = termAt(t.senders[m.Sender], m.SentAt)
	m.account = t.accountAt(m.Account, m.SentAt)
	zone := time.UTC
	if m.account != nil {
		zone = m.account.loc
	}
	_, m.country = t.markets.find(m.User, m.UserCountry, DateOf(m.SentAt.Time().In(zone)))
}

// locate finds account, regimes, market and month of a message. The sender's
// registration wins over the account that the event names.
func (p *places) locate(f *facts) {
	t, m := p.tariff, f.Message
	if m.Sender != p.sender || p.senderTerms == nil {
		p.sender, p.senderTerms = m.Sender, t.senders[m.Sender]
	}
	m.sender = termAt(p.senderTerms, m.SentAt)
	if m.sender != nil {
		if m.accountsDiffer || m.Account != "" && m.Account != m.sender.Account {
			m.Flags |= AccountDisagrees
		}
		m.Account = m.sender.Account
	}
	m.account = t.accountAt(m.Account, m.SentAt)
	accountZone := time.UTC
	if m.account != nil {
		accountZone = m.account.loc
	}
	f.zone = m.zone(accountZone)
	f.Verdict.Category = m.Verdict.Category
	f.carrier.Category = m.Verdict.Category

	sentOn := p.days.of(m.SentAt, accountZone)
	term := p.term(termKey{m.account, f.zone, p.days.of(m.SentAt, f.zone), sentOn}, m.Account)
	f.Regime, f.switched, f.costs = term.regime, term.switched, term.costs
	f.carrier.Regime, f.carrierSwitched = term.carrier, term.carrierSwitched
	p.findMarket(f, sentOn)
	if m.DeliveredAt != 0 {
		m.Month = p.days.month(m.DeliveredAt, accountZone)
	}
}

// zone is the timezone of the sender: its own, else its account's.
func (m *Message) zone(account *time.Location) *time.Location {
	if m.sender != nil && m.sender.Timezone != "" {
		return m.sender.loc
	}
	return account
}

func (p *places) term(key termKey, account string) *term {
	if p.last != nil && key == p.lastKey && key.account != nil {
		return p.last
	}
	t := p.terms[key]
	if t == nil || key.account == nil { // an unknown account is known by its name only
		t = &term{}
		regime, since := p.tariff.regimeOn(account, key.on)
		t.regime, t.switched = regime, since.Midnight(key.zone)
		t.carrier, t.carrierSwitched = t.regime, t.switched
		if p.tariff.overridesRegime(account) {
			regime, since := p.tariff.carrierRegimeOn(key.on)
			t.carrier, t.carrierSwitched = regime, since.Midnight(key.zone)
		}
		if key.account != nil {
			pack := p.tariff.packageOn(key.account.Package, key.sentOn)
			t.costs = pack != nil && pack.CostList != ""
		}
		p.terms[key] = t
	}
	p.lastKey, p.last = key, t
	return t
}

func (p *places) findMarket(f *facts, on Date) {
	if !p.marketKnown || f.User != p.user || f.UserCountry != p.userCountry || on != p.marketOn {
		p.user, p.userCountry, p.marketOn, p.marketKnown = f.User, f.UserCountry, on, true
		p.market, p.country = p.tariff.markets.find(f.User, f.UserCountry, on)
	}
	f.Market, f.country = p.market, p.country
}

// internationalise makes an authentication message international where that
// applies. Under NBP and CBP1 the category decides nothing and stays as it came.
func (p *places) internationalise(f *facts) {
	if !f.freeform && f.Category == authentication && f.Regime.needsCategory() && p.tariff.isAuthInternational(f.account, f.country, f.DeliveredAt) {
		f.Category = authenticationInternational
	}
}
