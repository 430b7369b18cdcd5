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

	account      string
	accountTerms []*accountTerm

	user, userCountry string
	marketOn          Date
	market, country   string
	marketKnown       bool

	terms map[termKey]*term
	last  *term // the one found last, nil when its account is unknown
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
	termKey
	from, to Instant // when it is that day for both

	regime, carrier           Regime
	switched, carrierSwitched Instant // when they came into force
	costs                     bool    // the package names a cost list
	carrierDecides            bool    // authority=carrier
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
	if m.Account != p.account || p.accountTerms == nil {
		p.account, p.accountTerms = m.Account, t.accounts[m.Account]
	}
	m.account = accountTermAt(p.accountTerms, m.SentAt)
	accountZone := time.UTC
	if m.account != nil {
		accountZone = m.account.loc
	}
	f.zone = m.zone(accountZone)
	f.Verdict.Category = m.Verdict.Category
	f.carrier.Category = m.Verdict.Category

	term := p.term(m, f.zone, accountZone)
	f.Regime, f.switched, f.costs, f.carrierDecides = term.regime, term.switched, term.costs, term.carrierDecides
	f.carrier.Regime, f.carrierSwitched = term.carrier, term.carrierSwitched
	p.findMarket(f, term.sentOn)
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

// term returns what holds for a message when it was sent.
func (p *places) term(m *Message, zone, accountZone *time.Location) *term {
	if t := p.last; t != nil && t.account == m.account && t.zone == zone && t.from <= m.SentAt && m.SentAt < t.to {
		return t
	}
	day := *p.days.find(m.SentAt, zone)
	accountDay := p.days.find(m.SentAt, accountZone)
	key := termKey{m.account, zone, day.date, accountDay.date}
	t := p.terms[key]
	if t == nil || m.account == nil { // an unknown account is known by its name only
		t = &term{termKey: key, from: max(day.from, accountDay.from), to: min(day.to, accountDay.to)}
		p.fill(t, m.Account)
		p.terms[key] = t
	}
	p.last = nil
	if m.account != nil {
		p.last = t
	}
	return t
}

// fill works out what holds on the day of a term.
func (p *places) fill(t *term, account string) {
	regime, since := p.tariff.regimeOn(account, t.on)
	t.regime, t.switched = regime, since.Midnight(t.zone)
	t.carrier, t.carrierSwitched = t.regime, t.switched
	if p.tariff.overridesRegime(account) {
		regime, since := p.tariff.carrierRegimeOn(t.on)
		t.carrier, t.carrierSwitched = regime, since.Midnight(t.zone)
	}
	if t.account == nil {
		return
	}
	pack := p.tariff.packageOn(t.account.Package, t.sentOn)
	t.costs = pack != nil && pack.CostList != ""
	t.carrierDecides = p.tariff.setting(account, authoritySetting, t.sentOn) == authorityCarrier
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
	if !f.freeform && f.Category == authentication && f.Regime.needsCategory() && p.isAuthInternational(f.account, f.country, f.DeliveredAt) {
		f.Category = authenticationInternational
	}
}
