package rating

// What is used up before anything is charged, and the volume counters.

// drawFreeTier uses up one unit of the carrier's free tier where the message has
// a right to one: 1,000 conversations per WABA under CBP1, 1,000 service
// conversations per WABA under CBP2, 1,000 service messages per sender under
// PMP2, each by the month of the sender's timezone.
func (p *Pricer) drawFreeTier(l *ledger, m *Message, v *Verdict) Reason {
	holder, waba, reason := "", false, FreeTier
	switch {
	case v.Regime == CBP1 && v.Reason == OpensConversation,
		v.Regime == CBP2 && v.Reason == OpensConversation && v.Category == service:
		holder = m.waba()
		if waba = holder != ""; !waba {
			holder = m.account.Account
		}
	case v.Regime == PMP2 && v.Reason == ServiceRegular:
		holder, reason = m.Sender, ServiceFreeTier
	default:
		return 0
	}
	key := freeTierKey{v.Regime, waba, holder, p.days.month(m.DeliveredAt, m.zone(m.account.loc))}
	recent := &l.recentTier
	if recent.counter == nil || recent.key != key {
		recent.key, recent.counter = key, l.freeTiers[key]
		if recent.counter == nil {
			recent.counter = newCounter(p.tariff.openingFreeTier(m, v.Regime, key.month))
			l.freeTiers[key] = recent.counter
		}
	}
	if recent.count >= freeTierUnits {
		return 0
	}
	recent.count++
	return reason
}

func (m *Message) waba() string {
	if m.sender == nil {
		return ""
	}
	return m.sender.WABA
}

// drawAllowance uses up one of the units included in the package in force when
// the message was sent. The counter is the account's for the whole month.
func (p *Pricer) drawAllowance(m *Message, pack *PackageRow) bool {
	if pack.IncludedUnits == 0 || !allowanceCovers(pack.IncludedCategory, m) {
		return false
	}
	key := allowanceKey{m.Account, m.Month}
	used := p.sell.allowances[key]
	if used == nil {
		used = newCounter(p.tariff.opening(openingKey{account: m.Account, month: m.Month, counter: openingAllowance}))
		p.sell.allowances[key] = used
	}
	if used.count >= pack.IncludedUnits {
		return false
	}
	used.count++
	return true
}

// allowanceCovers says whether an allowance counts for a message; one of
// `authentication` covers international authentication too.
func allowanceCovers(included string, m *Message) bool {
	switch included {
	case "", "*", m.Category, m.BilledCategory():
		return true
	default:
		return included == authentication && m.Category == authenticationInternational
	}
}

// volume returns a counter, beginning at what was brought along.
func (l *ledger) volume(p *Pricer, k volumeKey) *counter {
	v := l.volumes[k]
	if v == nil {
		v = newCounter(p.tariff.openingVolume(k))
		l.volumes[k] = v
	}
	return v
}
