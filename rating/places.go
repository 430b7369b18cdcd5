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

	regimes map[regimeKey]regimeTerm
	costs   map[costKey]bool
}

type (
	regimeKey struct {
		account string
		on      Date
	}
	regimeTerm struct {
		regime Regime
		since  Date
	}
	costKey struct {
		pack string
		on   Date
	}
)

func newPlaces(t *Tariff) places {
	return places{tariff: t, days: newDays(), regimes: map[regimeKey]regimeTerm{}, costs: map[costKey]bool{}}
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

	local := p.days.of(m.SentAt, f.zone)
	term := p.regime(m.Account, local)
	f.Regime, f.switched = term.regime, term.since.Midnight(f.zone)
	f.carrier.Regime, f.carrierSwitched = f.Regime, f.switched
	sentOn := p.days.of(m.SentAt, accountZone)
	if m.account != nil {
		f.costs = p.hasCost(m.account.Package, sentOn)
	}
	if t.overridesRegime(m.Account) {
		regime, since := t.carrierRegimeOn(local)
		f.carrier.Regime, f.carrierSwitched = regime, since.Midnight(f.zone)
	}
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

func (p *places) regime(account string, on Date) regimeTerm {
	key := regimeKey{account, on}
	term, known := p.regimes[key]
	if !known {
		term.regime, term.since = p.tariff.regimeOn(account, on)
		p.regimes[key] = term
	}
	return term
}

func (p *places) hasCost(pack string, on Date) bool {
	key := costKey{pack, on}
	has, known := p.costs[key]
	if !known {
		row := p.tariff.packageOn(pack, on)
		has = row != nil && row.CostList != ""
		p.costs[key] = has
	}
	return has
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
