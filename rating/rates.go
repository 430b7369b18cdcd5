package rating

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// rateKey names a rate without its date. A rate is the set of price rows of one
// (price list, origin, market, category, valid_from), one row per tier.
type rateKey struct{ list, origin, market, category string }

// rateSet is one dated rate: its rows by from_volume.
type rateSet struct {
	validFrom Date
	tiers     []*PriceRow
	starts    []int64 // from_volume of each
}

func newRateSets(rows []PriceRow) (map[rateKey][]*rateSet, error) {
	sets := map[rateKey][]*rateSet{}
	for i := range rows {
		r := &rows[i]
		key := rateKey{r.PriceList, r.Origin, r.Market, r.Category}
		at := slices.IndexFunc(sets[key], func(s *rateSet) bool { return s.validFrom == r.ValidFrom })
		if at < 0 {
			sets[key] = append(sets[key], &rateSet{validFrom: r.ValidFrom})
			at = len(sets[key]) - 1
		}
		sets[key][at].tiers = append(sets[key][at].tiers, r)
	}
	for _, dated := range sets {
		slices.SortFunc(dated, func(a, b *rateSet) int { return a.validFrom.Compare(b.validFrom) })
		for _, s := range dated {
			slices.SortFunc(s.tiers, func(a, b *PriceRow) int { return cmp.Compare(a.FromVolume, b.FromVolume) })
			for i, tier := range s.tiers {
				s.starts = append(s.starts, tier.FromVolume)
				if i > 0 && s.tiers[i].FromVolume == s.tiers[i-1].FromVolume {
					return nil, fmt.Errorf("%s: from_volume %d stands already in %s; give each tier its own start", s.tiers[i].Row, s.tiers[i].FromVolume, s.tiers[i-1].Row)
				}
			}
		}
	}
	return sets, nil
}

// tierOf returns the tier that holds the n-th unit (from 1), or -1 when the first
// tier starts later.
func (s *rateSet) tierOf(n int64) int {
	tier := len(s.starts) - 1
	for tier >= 0 && s.starts[tier] > n {
		tier--
	}
	return tier
}

// findRate picks the rate for a message: of the rates in force on the date the
// most specific, origin before market before category. nil when there is none.
func (t *Tariff) findRate(k lookupKey) *rateSet {
	for _, o := range [...]string{k.origin, "*"} {
		for _, m := range [...]string{k.country, k.market, "*"} {
			for _, c := range [...]string{k.category, k.group, "*"} {
				dated := t.prices[rateKey{k.list, o, m, c}]
				if s := inForce(dated, k.on, func(s *rateSet) Date { return s.validFrom }); s != nil {
					return s
				}
			}
		}
	}
	return nil
}

// lookupKey is all that decides which rate applies to a message.
type lookupKey struct {
	list            string
	origin          string // the account's country
	country         string // the user's, "" when unknown
	market          string
	category, group string
	on              Date // of sending, local to the account
}

// notificationTypes are the types of NBP notifications (domain page, section A),
// counted together as `notification`.
var notificationTypes = []string{
	"ACCOUNT_UPDATE", "ALERT_UPDATE", "APPOINTMENT_UPDATE", "AUTO_REPLY", "ISSUE_RESOLUTION", "PAYMENT_UPDATE",
	"PERSONAL_FINANCE_UPDATE", "RESERVATION_UPDATE", "SHIPPING_UPDATE", "TICKET_UPDATE", "TRANSPORTATION_UPDATE",
}

// BilledCategory is the category a message is priced and counted in: under NBP
// every template is a notification, whatever its type.
func (m *Message) BilledCategory() string { return m.billedCategory(&m.Verdict) }

func (m *Message) billedCategory(v *Verdict) string {
	if v.Regime == NBP && m.Class == Notification {
		return notificationGroup
	}
	return v.Category
}

// counterCategory is the category a volume counter runs by: both sorts of
// authentication share one, and so do all notification types.
func counterCategory(category string) string {
	switch {
	case category == authenticationInternational:
		return authentication
	case slices.Contains(notificationTypes, category):
		return notificationGroup
	default:
		return category
	}
}

// effectivePrice is what the account pays per unit:
// unit_price x (1 + markup_percent / 100) + markup_fixed, exact.
func effectivePrice(unit decimal.Decimal, p *PackageRow) decimal.Decimal {
	price := unit
	if !p.MarkupPercent.IsZero() {
		price = price.Add(unit.Mul(p.MarkupPercent).Shift(-2))
	}
	return price.Add(p.MarkupFixed)
}

// fxScale is how many decimals a converted unit price keeps.
const fxScale = 10

// convert changes an amount into another currency at the rate of the last day
// of the month (the latest rate on or before it), to 10 decimals half away from
// zero. ok is false when the tariff has no such rate.
func (t *Tariff) convert(amount decimal.Decimal, from, to string, m Month) (_ decimal.Decimal, ok bool) {
	if from == to {
		return amount, true
	}
	rate := t.ExchangeRate(from, to, m)
	if rate == nil {
		return decimal.Decimal{}, false
	}
	return amount.Mul(rate.Rate).Round(fxScale), true
}

// FormatUnitPrice prints a unit price plainly: without exponent, and without
// trailing zeros beyond the scale of the price row it comes from.
func (r *Rate) FormatUnitPrice() string { return formatScale(r.UnitPrice, -r.ListPrice.Exponent()) }

// formatScale prints d with at least scale decimals and no trailing zeros after
// that.
func formatScale(d decimal.Decimal, scale int32) string {
	s := d.String() // shortest form
	dot := strings.IndexByte(s, '.')
	have := int32(0)
	if dot >= 0 {
		have = int32(len(s) - dot - 1)
	}
	return d.StringFixed(max(scale, have, 0))
}
