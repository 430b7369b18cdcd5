package rating

import (
	"cmp"
	"slices"
	"strings"
)

// Pricer prices classified messages on both sides. For the account it draws down
// free tiers, then allowances, then walks the volume tiers of its package; for the
// carrier, free tiers and the tiers of the cost list. It is not safe for
// concurrent use.
type Pricer struct {
	tariff *Tariff
	days   days
	sell   *ledger
	cost   *ledger

	rates        map[tieredRate]*Rate
	order, spare []sortKey // scratch of Price

	seasonOn  Date // a date asked for last, and its season
	seasonNow int32
}

// ledger holds the counters of one side, and the lanes that remember what
// messages alike need.
type ledger struct {
	freeTiers  map[freeTierKey]*counter
	allowances map[allowanceKey]*counter
	volumes    map[volumeKey]*counter
	lanes      map[laneKey]*lane

	// What was asked for lately, found without hashing all of a key.
	recentTier struct {
		key freeTierKey
		*counter
	}
	recentLanes [1024]struct {
		key laneKey
		*lane
	}
}

type (
	freeTierKey struct {
		regime Regime
		waba   bool   // the holder is a WABA, which may be called like an account
		holder string // WABA, account or sender
		month  Month  // of the delivery in the sender's timezone
	}
	allowanceKey struct {
		account string
		month   Month
	}
	volumeKey struct {
		pool             string
		month            Month // the account's billing month; the sender's on the carrier's side
		market, category string
	}
	// laneKey is all that decides package, rate and counter of a message.
	laneKey struct {
		account                   *accountTerm
		market, country, category string
		notice                    bool  // a notification of the founding rule
		season, month             int32 // numbers of the season of sending and of the month
	}
	// tieredRate is one price row as one package pays it in one currency and
	// month. Without a package it is a cost, in the currency of its list.
	tieredRate struct {
		row      *PriceRow
		pack     *PackageRow
		currency string
		month    Month
	}
)

// lane is what messages alike share: the rate in force and the counter they
// advance.
type lane struct {
	pack   *PackageRow
	set    *rateSet
	volume *counter
	terms  tieredRate
	rates  []*Rate // by tier, nil where a currency rate is missing
}

// counter counts units used up, from what was brought along.
type counter struct{ count, opening int64 }

func newCounter(opening int64) *counter { return &counter{opening, opening} }

// NewPricer returns a pricer for a tariff, its counters at their openings.
func NewPricer(t *Tariff) *Pricer {
	return &Pricer{
		tariff: t, days: newDays(), sell: newLedger(), cost: newLedger(), rates: map[tieredRate]*Rate{},
	}
}

// Reset puts all counters back to their openings.
func (p *Pricer) Reset() {
	for _, l := range [...]*ledger{p.sell, p.cost} {
		for _, c := range l.freeTiers {
			c.count = c.opening
		}
		for _, c := range l.allowances {
			c.count = c.opening
		}
		for _, c := range l.volumes {
			c.count = c.opening
		}
	}
}

func newLedger() *ledger {
	return &ledger{freeTiers: map[freeTierKey]*counter{}, allowances: map[allowanceKey]*counter{}, volumes: map[volumeKey]*counter{}, lanes: map[laneKey]*lane{}}
}

// Free conversations or messages per month (domain page, section B).
const freeTierUnits = 1000

// Chargeable says whether a classified message concerns a Pricer.
func (m *Message) Chargeable() bool { return m.Outcome == Charged || m.Cost.Outcome == Charged }

// CanonicalOrder is the order in which counters are drawn down:
// (delivered_at, message_id, sender, user).
func CanonicalOrder(a, b *Message) int {
	if a.DeliveredAt != b.DeliveredAt {
		return cmp.Compare(a.DeliveredAt, b.DeliveredAt)
	}
	return cmp.Or(strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
}

// Price prices messages in place. They must be all chargeable messages of a group
// of accounts (Tariff.Group) from the first day of the month before the earliest
// month wanted, because free tiers count by the sender's month and invoices by
// the account's. Any order will do.
func (p *Pricer) Price(messages []*Message) {
	p.order, p.spare = sortCanonical(messages, p.order, p.spare)
	var waiting []*Message
	for _, m := range messages {
		if m.Chargeable() && !p.Next(m) {
			waiting = append(waiting, m)
		}
	}
	for _, m := range waiting {
		p.Last(m)
	}
}

// Next prices one chargeable message. Those of a group must come in the
// canonical order; groups do not disturb one another. done is false for a package
// that prices all units by the tier reached: call Last for the message once the
// whole group has been through Next.
func (p *Pricer) Next(m *Message) (done bool) {
	if m.Cost.Outcome == Charged {
		p.priceCost(m)
	}
	if m.Outcome == Charged {
		return p.priceSell(m)
	}
	return true
}

// Last prices a message that Next left open.
func (p *Pricer) Last(m *Message) {
	l := p.sellLane(m)
	m.Rate, m.Tier = l.rate(l.volume.count)
}

// priceSell prices the account's side.
func (p *Pricer) priceSell(m *Message) (done bool) {
	v := &m.Verdict
	if m.Flags&freeTierUsed == 0 {
		if reason := p.drawFreeTier(p.sell, m, v); reason != 0 {
			v.Outcome, v.Reason = Free, reason
			return true
		}
	}
	l := p.sellLane(m)
	if l.pack != nil && p.drawAllowance(m, l.pack) {
		v.Outcome, v.Reason = Free, Allowance
		return true
	}
	switch {
	case m.Market == "":
		v.Outcome, v.Reason = Unrated, UnknownMarket
		return true
	case l.pack == nil:
		v.Outcome, v.Reason = Unrated, NoPackage
		return true
	}
	rate, tier := l.rate(l.volume.count + 1)
	if rate == nil {
		v.Outcome, v.Reason = Unrated, NoPrice
		return true
	}
	l.volume.count++
	v.Position = l.volume.count
	if l.pack.TierMode == AllUnits {
		return false
	}
	v.Rate, v.Tier = rate, tier
	return true
}

// priceCost prices the carrier's side: its own free tiers and counters, no
// allowance, no markup, the currency of the list.
func (p *Pricer) priceCost(m *Message) {
	v := &m.Cost
	if reason := p.drawFreeTier(p.cost, m, v); reason != 0 {
		v.Outcome, v.Reason = Free, reason
		return
	}
	if m.Market == "" {
		v.Outcome, v.Reason = Unrated, UnknownMarket
		return
	}
	l := p.costLane(m)
	rate, tier := l.rate(l.volume.count + 1)
	if rate == nil {
		v.Outcome, v.Reason = Unrated, NoPrice
		return
	}
	l.volume.count++
	v.Position, v.Rate, v.Tier = l.volume.count, rate, tier
}

// The tier modes of a package.
const (
	Graduated = "graduated" // each unit at the rate of its own band
	AllUnits  = "all_units" // all units at the rate of the band the total reached
)

// PricesAllUnits says whether some package prices all units by the tier reached, so that
// Next may leave messages open.
func (t *Tariff) PricesAllUnits() bool {
	for i := range t.Rows.Packages {
		if t.Rows.Packages[i].TierMode == AllUnits {
			return true
		}
	}
	return false
}

func (p *Pricer) laneKey(m *Message, v *Verdict, on Date, month Month) laneKey {
	return laneKey{m.account, m.Market, m.country, v.Category, v.Regime == NBP && m.Class == Notification, p.season(on), int32(month.number())}
}

// season numbers the stretches of days in which neither packages nor prices
// change.
func (p *Pricer) season(on Date) int32 {
	if on != p.seasonOn {
		n, _ := slices.BinarySearchFunc(p.tariff.seasons, on, func(start, on Date) int {
			if on.Before(start) {
				return 1
			}
			return -1
		})
		p.seasonOn, p.seasonNow = on, int32(n)
	}
	return p.seasonNow
}

// lane finds a lane that was made before, or nil.
func (l *ledger) lane(key *laneKey) *lane {
	recent := &l.recentLanes[key.quick()%uint(len(l.recentLanes))]
	if recent.lane != nil && recent.key == *key {
		return recent.lane
	}
	found := l.lanes[*key]
	if found != nil {
		recent.key, recent.lane = *key, found
	}
	return found
}

// quick is a hash that tells keys of one account and month mostly apart.
func (k *laneKey) quick() uint {
	h := uint(k.season) + uint(k.month)<<3
	for _, s := range [...]string{k.market, k.category, k.country, k.account.Account} {
		if n := len(s); n > 0 {
			h = h*31 + uint(s[0]) + uint(s[n/2])<<2 + uint(s[max(n-2, 0)])*11 + uint(s[n-1])<<5 + uint(n)
		}
	}
	return h ^ h>>10
}

// sellLane finds the account's lane of a message.
func (p *Pricer) sellLane(m *Message) *lane {
	on := p.days.of(m.SentAt, m.account.loc)
	key := p.laneKey(m, &m.Verdict, on, m.Month)
	l := p.sell.lane(&key)
	if l != nil {
		return l
	}
	l = &lane{pack: p.tariff.packageOn(m.account.Package, on)}
	if l.pack != nil {
		l.set = p.rateSet(m, &m.Verdict, l.pack.PriceList, on)
		l.terms = tieredRate{pack: l.pack, currency: m.account.Currency, month: m.Month}
	}
	p.fill(l, p.sell, m, &m.Verdict, m.Month)
	p.sell.lanes[key] = l
	return l
}

// costLane finds the carrier's lane of a message. Its counters run by the
// sender's month.
func (p *Pricer) costLane(m *Message) *lane {
	on := p.days.of(m.SentAt, m.account.loc)
	month := p.days.month(m.DeliveredAt, m.zone(m.account.loc))
	key := p.laneKey(m, &m.Cost, on, month)
	l := p.cost.lane(&key)
	if l != nil {
		return l
	}
	l = &lane{pack: p.tariff.packageOn(m.account.Package, on)}
	l.set = p.rateSet(m, &m.Cost, l.pack.CostList, on)
	p.fill(l, p.cost, m, &m.Cost, month)
	p.cost.lanes[key] = l
	return l
}

// fill gives a lane its counter and its rates.
func (p *Pricer) fill(l *lane, side *ledger, m *Message, v *Verdict, month Month) {
	l.volume = side.volume(p, volumeKey{cmp.Or(m.account.Pool, m.Account), month, m.Market, counterCategory(m.billedCategory(v))})
	if l.set == nil {
		return
	}
	for tier, row := range l.set.tiers {
		terms := l.terms
		terms.row = row
		r, known := p.rates[terms]
		if !known {
			r = p.tariff.newRate(terms, tier+1)
			p.rates[terms] = r
		}
		l.rates = append(l.rates, r)
	}
}

// rateSet finds the rate of a message in a price list, or nil.
func (p *Pricer) rateSet(m *Message, v *Verdict, list string, on Date) *rateSet {
	return p.tariff.findRate(lookupKey{
		list: list, origin: m.account.Country, country: m.country, market: m.Market,
		category: v.Category, group: m.billedCategory(v), on: on,
	})
}

// rate returns the rate of the n-th unit and its tier, counted from 1; nil when
// it has no price.
func (l *lane) rate(n int64) (*Rate, int) {
	if l.set == nil {
		return nil, 0
	}
	tier := l.set.tierOf(n)
	if tier < 0 {
		return nil, 0
	}
	return l.rates[tier], tier + 1
}

// newRate works out the effective unit price: markup, then currency.
func (t *Tariff) newRate(terms tieredRate, tier int) *Rate {
	row := terms.row
	r := &Rate{
		PriceRow: row.String(), PriceList: row.PriceList, ValidFrom: row.ValidFrom,
		Origin: row.Origin, Market: row.Market, Category: row.Category, FromVolume: row.FromVolume, Tier: tier,
		ListPrice: row.UnitPrice, ListCurrency: row.Currency, UnitPrice: row.UnitPrice, Currency: row.Currency,
	}
	if terms.pack == nil {
		return r
	}
	price, ok := t.convert(effectivePrice(row.UnitPrice, terms.pack), row.Currency, terms.currency, terms.month)
	if !ok {
		return nil
	}
	r.UnitPrice, r.Currency = price, terms.currency
	return r
}
