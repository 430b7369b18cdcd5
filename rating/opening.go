package rating

import "cmp"

// Opening counters (opening.csv): what was used elsewhere before the customer
// moved in, in mid-month.

const (
	openingVolume    = "volume"
	openingAllowance = "allowance"
	openingFreeTier  = "free_tier"
)

type openingKey struct {
	account, sender  string
	month            Month
	counter          string
	market, category string
}

func openings(rows []OpeningRow) map[openingKey]int64 {
	m := map[openingKey]int64{}
	for _, r := range rows {
		switch r.Counter {
		case openingVolume:
			m[openingKey{account: r.Account, month: r.Month, counter: r.Counter, market: r.Market, category: counterCategory(r.Category)}] += r.Count
		case openingAllowance:
			m[openingKey{account: r.Account, month: r.Month, counter: r.Counter}] += r.Count
		case openingFreeTier:
			m[openingKey{sender: r.Sender, month: r.Month, counter: r.Counter}] += r.Count
		}
	}
	return m
}

func (t *Tariff) opening(k openingKey) int64 { return t.openings[k] }

// openingVolume is what the accounts of a pool brought along for a counter.
func (t *Tariff) openingVolume(k volumeKey) int64 {
	if len(t.openings) == 0 {
		return 0
	}
	var n int64
	for account, terms := range t.accounts {
		if cmp.Or(terms[len(terms)-1].Pool, account) == k.pool {
			n += t.opening(openingKey{account: account, month: k.month, counter: openingVolume, market: k.market, category: k.category})
		}
	}
	return n
}

// openingFreeTier is what the holder of a free tier brought along: the sender,
// or under the conversation regimes all senders of its WABA (or account).
func (t *Tariff) openingFreeTier(m *Message, regime Regime, month Month) int64 {
	if len(t.openings) == 0 {
		return 0
	}
	one := func(sender string) int64 {
		return t.opening(openingKey{sender: sender, month: month, counter: openingFreeTier})
	}
	if regime == PMP2 {
		return one(m.Sender)
	}
	waba := m.waba()
	var n int64
	for number, terms := range t.senders {
		last := terms[len(terms)-1]
		if waba != "" && last.WABA == waba || waba == "" && last.WABA == "" && last.Account == m.Account {
			n += one(number)
		}
	}
	return n
}
