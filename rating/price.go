package rating

import (
	"cmp"
	"strings"
)

// Pricer prices classified messages on both sides. For the account it draws down
// free tiers, then allowances, then walks the volume tiers of its package; for the
// carrier, free tiers and the tiers of the cost list. It is not safe for
// concurrent use.
type Pricer struct {
	tariff *Tariff
	days   days
	sell   ledger
	cost   ledger

	rates map[tieredRate]*Rate
	order []sortKey // scratch of Price
}

// ledger holds the counters of one side, and the lanes that remember what
// messages alike need.
type ledger struct {
	freeTiers  map[freeTierKey]int64
	allowances map[allowanceKey]int64
	volumes    map[volumeKey]*volume
	lanes      map[laneKey]*lane
}

type (
	freeTierKey struct {
		regime Regime
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
		notice                    bool // a notification of the founding rule
		on                        Date // of sending, local to the account
		month                     Month
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
	volume *volume
	terms  tieredRate
	rates  []*Rate // by tier, nil where a currency rate is missing
}

// volume is one volume counter.
type volume struct{ count int64 }

// NewPricer returns a pricer for a tariff, its counters at their openings.
func NewPricer(t *Tariff) *Pricer {
	return &Pricer{
		tariff: t, days: newDays(), sell: newLedger(), cost: newLedger(), rates: map[tieredRate]*Rate{},
	}
}

// Reset puts all counters back to their openings.
func (p *Pricer) Reset() {
	for _, l := range [...]*ledger{&p.sell, &p.cost} {
		clear(l.freeTiers)
		clear(l.allowances)
		for key, v := range l.volumes {
			v.count = p.tariff.openingVolume(key)
		}
	}
}

func newLedger() ledger {
	return ledger{map[freeTierKey]int64{}, map[allowanceKey]int64{}, map[volumeKey]*volume{}, map[laneKey]*lane{}}
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
	p.order = sortCanonical(messages, p.order)
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
	p.assign(&m.Verdict, l, l.volume.count)
}

// priceSell prices the account's side.
func (p *Pricer) priceSell(m *Message) (done bool) {
	v := &m.Verdict
	if m.Flags&freeTierUsed == 0 {
		if reason := p.drawFreeTier(&p.sell, m, v); reason != 0 {
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
	case !l.rateable(l.volume.count + 1):
		v.Outcome, v.Reason = Unrated, NoPrice
		return true
	}
	l.volume.count++
	if l.pack.TierMode == AllUnits {
		v.Position = l.volume.count
		return false
	}
	p.assign(v, l, l.volume.count)
	return true
}

// priceCost prices the carrier's side: its own free tiers and counters, no
// allowance, no markup, the currency of the list.
func (p *Pricer) priceCost(m *Message) {
	v := &m.Cost
	if reason := p.drawFreeTier(&p.cost, m, v); reason != 0 {
		v.Outcome, v.Reason = Free, reason
		return
	}
	if m.Market == "" {
		v.Outcome, v.Reason = Unrated, UnknownMarket
		return
	}
	l := p.costLane(m)
	if !l.rateable(l.volume.count + 1) {
		v.Outcome, v.Reason = Unrated, NoPrice
		return
	}
	l.volume.count++
	p.assign(v, l, l.volume.count)
}

// The tier modes of a package.
const (
	Graduated = "graduated" // each unit at the rate of its own band
	AllUnits  = "all_units" // all units at the rate of the band the total reached
)

func (m *Message) laneKey(v *Verdict, on Date, month Month) laneKey {
	return laneKey{m.account, m.Market, m.country, v.Category, v.Regime == NBP && m.Class == Notification, on, month}
}

// sellLane finds the account's lane of a message.
func (p *Pricer) sellLane(m *Message) *lane {
	on := p.days.of(m.SentAt, m.account.loc)
	key := m.laneKey(&m.Verdict, on, m.Month)
	l := p.sell.lanes[key]
	if l != nil {
		return l
	}
	l = &lane{pack: p.tariff.packageOn(m.account.Package, on)}
	if l.pack != nil {
		l.set = p.rateSet(m, &m.Verdict, l.pack.PriceList, on)
		l.terms = tieredRate{pack: l.pack, currency: m.account.Currency, month: m.Month}
	}
	p.fill(l, &p.sell, m, &m.Verdict, m.Month)
	p.sell.lanes[key] = l
	return l
}

// costLane finds the carrier's lane of a message. Its counters run by the
// sender's month.
func (p *Pricer) costLane(m *Message) *lane {
	on := p.days.of(m.SentAt, m.account.loc)
	month := p.days.month(m.DeliveredAt, m.zone(m.account.loc))
	key := m.laneKey(&m.Cost, on, month)
	l := p.cost.lanes[key]
	if l != nil {
		return l
	}
	l = &lane{pack: p.tariff.packageOn(m.account.Package, on)}
	l.set = p.rateSet(m, &m.Cost, l.pack.CostList, on)
	p.fill(l, &p.cost, m, &m.Cost, month)
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

// rateable says whether the n-th unit has a price.
func (l *lane) rateable(n int64) bool {
	if l.set == nil {
		return false
	}
	tier := l.set.tierOf(n)
	return tier >= 0 && l.rates[tier] != nil
}

// assign points a verdict at the row of the tier that holds the n-th unit.
func (p *Pricer) assign(v *Verdict, l *lane, n int64) {
	tier := l.set.tierOf(n)
	v.Tier, v.Rate = tier+1, l.rates[tier]
	if v.Position == 0 {
		v.Position = n
	}
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
