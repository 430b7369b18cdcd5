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
	sell   ledger
	cost   ledger

	rates map[tieredRate]*Rate
	found map[lookupKey]*rateSet // findRate, remembered
	packs map[packKey]*PackageRow
}

// ledger holds the counters of one side.
type ledger struct {
	freeTiers  map[freeTierKey]int64
	allowances map[allowanceKey]int64
	volumes    map[volumeKey]*volume
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
	packKey struct {
		name string
		on   Date
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

// volume is one volume counter.
type volume struct{ count int64 }

// NewPricer returns a pricer for a tariff, its counters at their openings.
func NewPricer(t *Tariff) *Pricer {
	return &Pricer{
		tariff: t, days: newDays(), sell: newLedger(), cost: newLedger(),
		rates: map[tieredRate]*Rate{}, found: map[lookupKey]*rateSet{}, packs: map[packKey]*PackageRow{},
	}
}

// Reset puts all counters back to their openings.
func (p *Pricer) Reset() {
	for _, l := range [...]*ledger{&p.sell, &p.cost} {
		clear(l.freeTiers)
		clear(l.allowances)
		clear(l.volumes)
	}
}

func newLedger() ledger {
	return ledger{map[freeTierKey]int64{}, map[allowanceKey]int64{}, map[volumeKey]*volume{}}
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
	slices.SortFunc(messages, CanonicalOrder)
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
	pack := p.pack(m)
	set := p.rateSet(m, &m.Verdict, pack.PriceList)
	p.assign(&m.Verdict, set, p.sell.volume(p, p.volumeKey(m)).count, p.terms(m, pack))
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
	pack := p.pack(m)
	if pack != nil && p.drawAllowance(m, pack) {
		v.Outcome, v.Reason = Free, Allowance
		return true
	}
	switch {
	case m.Market == "":
		v.Outcome, v.Reason = Unrated, UnknownMarket
		return true
	case pack == nil:
		v.Outcome, v.Reason = Unrated, NoPackage
		return true
	}
	set := p.rateSet(m, v, pack.PriceList)
	volume := p.sell.volume(p, p.volumeKey(m))
	terms := p.terms(m, pack)
	if !p.rateable(set, volume.count+1, terms) {
		v.Outcome, v.Reason = Unrated, NoPrice
		return true
	}
	volume.count++
	if pack.TierMode == AllUnits {
		v.Position = volume.count
		return false
	}
	p.assign(v, set, volume.count, terms)
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
	set := p.rateSet(m, v, p.pack(m).CostList)
	key := p.volumeKeyOf(m, v)
	key.month = p.days.month(m.DeliveredAt, m.zone(m.account.loc))
	volume := p.cost.volume(p, key)
	if !p.rateable(set, volume.count+1, tieredRate{}) {
		v.Outcome, v.Reason = Unrated, NoPrice
		return
	}
	volume.count++
	p.assign(v, set, volume.count, tieredRate{})
}

// The tier modes of a package.
const (
	Graduated = "graduated" // each unit at the rate of its own band
	AllUnits  = "all_units" // all units at the rate of the band the total reached
)

// pack is the package in force when the message was sent, or nil.
func (p *Pricer) pack(m *Message) *PackageRow {
	key := packKey{m.account.Package, p.days.of(m.SentAt, m.account.loc)}
	row, known := p.packs[key]
	if !known {
		row = p.tariff.packageOn(key.name, key.on)
		p.packs[key] = row
	}
	return row
}

// rateSet finds the rate of a message in a price list, or nil.
func (p *Pricer) rateSet(m *Message, v *Verdict, list string) *rateSet {
	key := lookupKey{
		list: list, origin: m.account.Country, country: m.country, market: m.Market,
		category: v.Category, group: m.billedCategory(v), on: p.days.of(m.SentAt, m.account.loc),
	}
	set, known := p.found[key]
	if !known {
		set = p.tariff.findRate(key)
		p.found[key] = set
	}
	return set
}

// terms are how an account pays: its package, currency and month.
func (p *Pricer) terms(m *Message, pack *PackageRow) tieredRate {
	return tieredRate{pack: pack, currency: m.account.Currency, month: m.Month}
}

// rateable says whether the n-th unit has a price.
func (p *Pricer) rateable(set *rateSet, n int64, terms tieredRate) bool {
	if set == nil {
		return false
	}
	tier := set.tierOf(n)
	return tier >= 0 && p.rate(set, tier, terms) != nil
}

// assign points a verdict at the row of the tier that holds the n-th unit.
func (p *Pricer) assign(v *Verdict, set *rateSet, n int64, terms tieredRate) {
	tier := set.tierOf(n)
	v.Tier = tier + 1
	v.Rate = p.rate(set, tier, terms)
	if v.Position == 0 {
		v.Position = n
	}
}

// rate returns a price row as it is paid, or nil when a currency rate is missing.
func (p *Pricer) rate(set *rateSet, tier int, terms tieredRate) *Rate {
	terms.row = set.tiers[tier]
	r, known := p.rates[terms]
	if !known {
		r = p.tariff.newRate(terms, tier+1)
		p.rates[terms] = r
	}
	return r
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
