package rating

import (
	"cmp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Pricer prices the classified messages of one group of accounts (Tariff.Group).
// It draws down free tiers, then allowances, then walks the volume tiers. It is
// not safe for concurrent use.
type Pricer struct {
	tariff *Tariff
	rates  map[tieredRate]*Rate
	lookup map[lookupKey]*rateSet // findRate, remembered

	freeTiers  map[freeTierKey]int64
	allowances map[allowanceKey]int64
	volumes    map[volumeKey]*volume
}

// NewPricer returns a pricer for a tariff.
func NewPricer(t *Tariff) *Pricer {
	return &Pricer{tariff: t, rates: map[tieredRate]*Rate{}, lookup: map[lookupKey]*rateSet{}}
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
		month            Month
		market, category string
	}
	// tieredRate is one price row as one package pays it in one currency and month.
	tieredRate struct {
		row      *PriceRow
		pack     *PackageRow
		currency string
		month    Month
	}
)

// volume is one volume counter and, for packages that price all units by the
// tier reached, the messages waiting for the month's total.
type volume struct {
	count   int64
	waiting []pricedMessage
}

type pricedMessage struct {
	*Message
	set  *rateSet
	pack *PackageRow
}

// Free conversations or messages per month (domain page, section B).
const freeTierUnits = 1000

// Price prices messages in place. They must be all chargeable messages of the
// group from the first day of the month before the earliest month wanted (free
// tiers count by the sender's month, invoices by the account's); any order will
// do: counters run in the canonical order (delivered_at, message_id, sender,
// user).
func (p *Pricer) Price(messages []*Message) {
	p.freeTiers = map[freeTierKey]int64{}
	p.allowances = map[allowanceKey]int64{}
	p.volumes = map[volumeKey]*volume{}

	slices.SortFunc(messages, canonicalOrder)
	for _, m := range messages {
		if m.Outcome == Charged {
			p.price(m)
		}
	}
	for _, v := range p.volumes {
		for _, w := range v.waiting {
			p.assign(w.Message, w.set, w.pack, v.count)
		}
	}
}

func canonicalOrder(a, b *Message) int {
	if a.DeliveredAt != b.DeliveredAt {
		return cmp.Compare(a.DeliveredAt, b.DeliveredAt)
	}
	return cmp.Or(strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
}

func (p *Pricer) price(m *Message) {
	if reason := p.drawFreeTier(m); reason != 0 {
		m.Outcome, m.Reason = Free, reason
		return
	}
	t, a := p.tariff, m.account
	sentOn := DateOf(m.SentAt.Time().In(a.loc))
	pack := t.packageOn(a.Package, sentOn)
	if pack != nil && p.drawAllowance(m, pack) {
		m.Outcome, m.Reason = Free, Allowance
		return
	}
	switch {
	case m.Market == "":
		m.Outcome, m.Reason = Unrated, UnknownMarket
		return
	case pack == nil:
		m.Outcome, m.Reason = Unrated, NoPackage
		return
	}
	_, country := t.markets.find(m.User, m.UserCountry, sentOn)
	key := lookupKey{pack.PriceList, a.Country, country, m.Market, m.Category, m.BilledCategory(), sentOn}
	set, known := p.lookup[key]
	if !known {
		set = t.findRate(key)
		p.lookup[key] = set
	}
	v := p.volume(m)
	if set == nil || set.tierOf(v.count+1) < 0 || p.rate(set.tiers[0], pack, a.Currency, m.Month) == nil {
		m.Outcome, m.Reason = Unrated, NoPrice
		return
	}
	v.count++
	if pack.TierMode == AllUnits {
		v.waiting = append(v.waiting, pricedMessage{m, set, pack})
		return
	}
	p.assign(m, set, pack, v.count)
}

// The tier modes of a package.
const (
	Graduated = "graduated" // each unit at the rate of its own band
	AllUnits  = "all_units" // all units at the rate of the band the total reached
)

// assign points a message at the row of the tier that holds the n-th unit.
func (p *Pricer) assign(m *Message, set *rateSet, pack *PackageRow, n int64) {
	tier := set.tierOf(n)
	m.Tier = tier + 1
	m.Rate = p.rate(set.tiers[tier], pack, m.account.Currency, m.Month)
}

// rate returns the price row as the account pays it, or nil when a currency
// rate is missing.
func (p *Pricer) rate(row *PriceRow, pack *PackageRow, currency string, month Month) *Rate {
	key := tieredRate{row, pack, currency, month}
	if r, ok := p.rates[key]; ok {
		return r
	}
	var r *Rate
	price, ok := p.tariff.convert(effectivePrice(row.UnitPrice, pack), row.Currency, currency, month)
	if ok {
		r = &Rate{
			PriceRow: row.String(), PriceList: row.PriceList, ValidFrom: row.ValidFrom,
			Origin: row.Origin, Market: row.Market, Category: row.Category, FromVolume: row.FromVolume,
			ListPrice: row.UnitPrice, ListCurrency: row.Currency, UnitPrice: price, Currency: currency,
		}
	}
	p.rates[key] = r
	return r
}

// drawFreeTier uses up one unit of the carrier's free tier where the message has
// a right to one: 1,000 conversations per WABA under CBP1, 1,000 service
// conversations per WABA under CBP2, 1,000 service messages per sender under
// PMP2, each by the month of the sender's timezone.
func (p *Pricer) drawFreeTier(m *Message) Reason {
	holder, reason := "", FreeTier
	switch {
	case m.Regime == CBP1 && m.Reason == OpensConversation,
		m.Regime == CBP2 && m.Reason == OpensConversation && m.Category == service:
		holder = m.account.Account
		if m.sender != nil && m.sender.WABA != "" {
			holder = "waba " + m.sender.WABA
		}
	case m.Regime == PMP2 && m.Reason == ServiceRegular:
		holder, reason = "sender "+m.Sender, ServiceFreeTier
	default:
		return 0
	}
	zone := m.account.loc
	if m.sender != nil && m.sender.Timezone != "" {
		zone = m.sender.loc
	}
	y, mo, _ := m.DeliveredAt.Time().In(zone).Date()
	key := freeTierKey{m.Regime, holder, Month{y, mo}}
	used, known := p.freeTiers[key]
	if !known {
		used = p.tariff.openingFreeTier(m, key.month)
	}
	if used >= freeTierUnits {
		p.freeTiers[key] = used
		return 0
	}
	p.freeTiers[key] = used + 1
	return reason
}

// drawAllowance uses up one of the units included in the package in force when
// the message was sent. The counter is the account's for the whole month.
func (p *Pricer) drawAllowance(m *Message, pack *PackageRow) bool {
	if pack.IncludedUnits == 0 || !allowanceCovers(pack.IncludedCategory, m) {
		return false
	}
	key := allowanceKey{m.Account, m.Month}
	used, known := p.allowances[key]
	if !known {
		used = p.tariff.opening(openingKey{account: m.Account, month: m.Month, counter: openingAllowance})
	}
	p.allowances[key] = used
	if used >= pack.IncludedUnits {
		return false
	}
	p.allowances[key] = used + 1
	return true
}

// allowanceCovers says whether an allowance counts for a message; one of
// `authentication` covers international authentication too.
func allowanceCovers(included string, m *Message) bool {
	switch included {
	case "", "*", m.Category, m.BilledCategory():
		return true
	default:
		return included == counterCategory(m.BilledCategory())
	}
}

func (p *Pricer) volume(m *Message) *volume {
	pool := cmp.Or(m.account.Pool, m.Account)
	key := volumeKey{pool, m.Month, m.Market, counterCategory(m.BilledCategory())}
	v := p.volumes[key]
	if v == nil {
		v = &volume{count: p.tariff.openingVolume(pool, key)}
		p.volumes[key] = v
	}
	return v
}

// Price is what the message costs the account, zero unless charged.
func (m *Message) Price() decimal.Decimal {
	if m.Rate == nil {
		return decimal.Decimal{}
	}
	return m.Rate.UnitPrice
}
