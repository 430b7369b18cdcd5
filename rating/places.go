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

// Binder links messages to a tariff that were read back from where they were kept.
// It is not safe for concurrent use.
type Binder struct{ places places }

// NewBinder returns a binder for a tariff.
func NewBinder(t *Tariff) *Binder { return &Binder{newPlaces(t)} }

// Bind finds anew what links a message to the tariff.
func (b *Binder) Bind(m *Message) {
	p := &b.places
	zone := p.findAccount(m)
	_, m.country = p.tariff.markets.find(m.User, m.UserCountry, p.days.of(m.SentAt, zone))
}

// locate finds account, regimes, market and month of a message. The sender's
// registration wins over the account that the event names.
func (p *places) locate(f *facts) {
	m := f.Message
	named := m.Account
	accountZone := p.findAccount(m)
	if m.sender != nil && (m.accountsDiffer || named != "" && named != m.Account) {
		m.Flags |= AccountDisagrees
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

// findAccount finds the sender's registration and the terms of its account in
// force when a message was sent, and returns the account's timezone.
func (p *places) findAccount(m *Message) *time.Location {
	if m.Sender != p.sender || p.senderTerms == nil {
		p.sender, p.senderTerms = m.Sender, p.tariff.senders[m.Sender]
	}
	if m.sender = termAt(p.senderTerms, m.SentAt); m.sender != nil {
		m.Account = m.sender.Account
	}
	if m.Account != p.account || p.accountTerms == nil {
		p.account, p.accountTerms = m.Account, p.tariff.accounts[m.Account]
	}
	if m.account = accountTermAt(p.accountTerms, m.SentAt); m.account == nil {
		return time.UTC
	}
	return m.account.loc
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
