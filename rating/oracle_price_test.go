package rating_test

import (
	"fmt"
	"postage/rating"
	"sort"
	"strings"

	"github.com/shopspring/decimal"
)

// price draws down free tiers, then allowances, then tiers, in canonical order
// over everything at once: the oracle knows no groups of accounts. The carrier's
// counters run by the month of the sender, ours by that of the account.
func (b books) price(all map[messageKey]*judged) {
	var charged []*judged
	for _, j := range all {
		if j.outcome == rating.Charged {
			charged = append(charged, j)
		}
	}
	sort.Slice(charged, func(i, k int) bool {
		a, b := charged[i], charged[k]
		if a.deliveredAt != b.deliveredAt {
			return a.deliveredAt < b.deliveredAt
		}
		if a.id != b.id {
			return a.id < b.id
		}
		if a.sender != b.sender {
			return a.sender < b.sender
		}
		return a.user < b.user
	})
	free, included, volume := counter{}, counter{}, counter{}
	var pricing []func()
	for _, j := range charged {
		on := localDate(j.sentAt, j.terms.Timezone)
		pack := b.pack(j.terms.Package, on)
		month := j.month
		if b.carrier {
			if pack == nil || pack.CostList == "" {
				continue // no carrier's side
			}
			month = localMonth(j.deliveredAt, j.timezone)
		}
		if key, reason := b.freeTierOf(j); key != "" {
			if free.of(key, b.openedFreeTier(j)) < 1000 {
				free[key]++
				j.decide(rating.Free, reason)
				continue
			}
		}
		if !b.carrier && pack != nil && pack.IncludedUnits > 0 && (includes(pack.IncludedCategory, j.billedAs()) || includes(pack.IncludedCategory, j.verdict.category)) {
			key := fmt.Sprint(j.account, j.month)
			if included.of(key, b.opened("allowance", func(r rating.OpeningRow) bool { return r.Account == j.account && r.Month == j.month })) < pack.IncludedUnits {
				included[key]++
				j.decide(rating.Free, rating.Allowance)
				continue
			}
		}
		if j.market == "" {
			j.decide(rating.Unrated, rating.UnknownMarket)
			continue
		}
		if pack == nil {
			j.decide(rating.Unrated, rating.NoPackage)
			continue
		}
		list := pack.PriceList
		if b.carrier {
			list = pack.CostList
		}
		rows := b.rate(list, j, on)
		if len(rows) == 0 {
			j.decide(rating.Unrated, rating.NoPrice)
			continue
		}
		key := fmt.Sprint(b.pool(j.account), "|", month, "|", j.market, "|", family(j.billedAs()))
		position := 1 + volume.of(key, b.opened("volume", func(r rating.OpeningRow) bool {
			return b.pool(r.Account) == b.pool(j.account) && r.Month == month && r.Market == j.market && family(r.Category) == family(j.billedAs())
		}))
		volume[key]++
		pricing = append(pricing, func() {
			if pack.TierMode == "all_units" && !b.carrier {
				position = volume[key] // all units at the band the total reached
			}
			for i, r := range rows {
				if r.FromVolume <= position {
					j.tier, j.row = i+1, fmt.Sprintf("%s:%d", r.File, r.Line)
					j.unit, j.currency = b.effective(r, pack, j)
				}
			}
		})
	}
	for _, p := range pricing {
		p()
	}
}

// counter counts from an opening balance.
type counter map[string]int64

func (c counter) of(key string, opening int64) int64 {
	if _, ok := c[key]; !ok {
		c[key] = opening
	}
	return c[key]
}

func (b books) opened(name string, of func(rating.OpeningRow) bool) (n int64) {
	for _, r := range b.Openings {
		if r.Counter == name && of(r) {
			n += r.Count
		}
	}
	return n
}

// billedAs is the category counted and priced: under NBP a notification.
func (j *judged) billedAs() string {
	if j.regime == rating.NBP {
		return "notification"
	}
	return j.verdict.category
}

// family joins the categories that share a counter.
func family(category string) string {
	switch {
	case category == "authentication_international":
		return "authentication"
	case notificationTypes[category]:
		return "notification"
	}
	return category
}

var notificationTypes = func() map[string]bool {
	m := map[string]bool{}
	for t := range strings.FieldsSeq(`ACCOUNT_UPDATE ALERT_UPDATE APPOINTMENT_UPDATE ISSUE_RESOLUTION PAYMENT_UPDATE
		PERSONAL_FINANCE_UPDATE RESERVATION_UPDATE SHIPPING_UPDATE TICKET_UPDATE TRANSPORTATION_UPDATE`) {
		m[t] = true
	}
	return m
}()

func includes(category, billed string) bool {
	return category == "" || category == "*" || category == billed || category == "authentication" && billed == "authentication_international"
}

// freeTierOf is the counter of free conversations or messages that this one
// would draw from.
func (b books) freeTierOf(j *judged) (key string, reason rating.Reason) {
	month := localMonth(j.deliveredAt, j.timezone)
	shared := "waba " + j.waba
	if j.waba == "" {
		shared = "account " + j.account
	}
	switch {
	case j.regime == rating.CBP1 || j.regime == rating.CBP2 && j.verdict.category == "service":
		return fmt.Sprint(j.regime, shared, month), rating.FreeTier
	case j.regime == rating.PMP2 && j.reason == rating.ServiceRegular:
		return fmt.Sprint(j.regime, j.sender, month), rating.ServiceFreeTier
	}
	return "", 0
}

func (b books) openedFreeTier(j *judged) int64 {
	month := localMonth(j.deliveredAt, j.timezone)
	return b.opened("free_tier", func(r rating.OpeningRow) bool {
		if r.Month != month {
			return false
		}
		if j.regime == rating.PMP2 {
			return r.Sender == j.sender
		}
		for _, s := range b.Senders {
			if s.Sender == r.Sender && s.WABA == j.waba && (j.waba != "" || s.Account == j.account && r.Account == j.account) {
				return true
			}
		}
		return false
	})
}

func (b books) pool(account string) string {
	for _, a := range b.Accounts {
		if a.Account == account && a.Pool != "" {
			return "pool " + a.Pool
		}
	}
	return "account " + account
}

// rate is the set of rows that prices a message, by tier.
func (b books) rate(list string, j *judged, on rating.Date) []rating.PriceRow {
	categories := []string{j.verdict.category}
	if j.regime == rating.NBP {
		categories = append(categories, "notification")
	}
	for _, origin := range []string{j.terms.Country, "*"} {
		for _, market := range []string{j.country, j.market, "*"} {
			for _, category := range append(categories, "*") {
				var inForce rating.Date
				var rows []rating.PriceRow
				for _, r := range b.Prices {
					if r.PriceList != list || r.Origin != origin || r.Market != market || r.Category != category || on.Before(r.ValidFrom) {
						continue
					}
					if inForce.Before(r.ValidFrom) {
						inForce, rows = r.ValidFrom, nil
					}
					if r.ValidFrom == inForce {
						rows = append(rows, r)
					}
				}
				if len(rows) > 0 {
					sort.Slice(rows, func(i, k int) bool { return rows[i].FromVolume < rows[k].FromVolume })
					return rows
				}
			}
		}
	}
	return nil
}

// effective is the unit price after markup, in the account's currency.
func (b books) effective(r rating.PriceRow, pack *rating.PackageRow, j *judged) (price, currency string) {
	if b.carrier {
		return r.UnitPrice.String(), r.Currency
	}
	percent := pack.MarkupPercent.Div(decimal.NewFromInt(100)).Add(decimal.NewFromInt(1))
	unit := r.UnitPrice.Mul(percent).Add(pack.MarkupFixed)
	if r.Currency == j.terms.Currency {
		return unit.String(), r.Currency
	}
	var best *rating.FXRow // of the last day of the month; without one, the latest before
	for i := range b.FX {
		fx := &b.FX[i]
		if fx.From == r.Currency && fx.To == j.terms.Currency && notAfter(fx.On, lastDay(j.month)) && (best == nil || best.On.Before(fx.On)) {
			best = fx
		}
	}
	if best != nil {
		return unit.Mul(best.Rate).Round(10).String(), j.terms.Currency
	}
	return "no rate of exchange", j.terms.Currency
}

func lastDay(m rating.Month) rating.Date {
	for d := 31; ; d-- {
		on := rating.Date{Year: m.Year, Month: m.Month, Day: d}
		if on.AddDays(0) == on {
			return on
		}
	}
}
