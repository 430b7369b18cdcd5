package rating

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Tariff is everything rating needs, indexed. It is immutable and safe for
// concurrent use. All dates are resolved to instants once, here.
type Tariff struct {
	Rows *TariffRows

	accounts  map[string][]*accountTerm // by account, in time order
	senders   map[string][]*senderTerm  // by sender, in time order
	sendersOf map[string][]string       // by account: its senders at any time
	markets   *marketIndex
	prices    map[rateKey][]*rateSet // in time order
	seasons   []Date                 // when packages or prices change, in order
	packages  map[string][]*PackageRow
	regimes   map[string][]RegimeRow // by account or "*"
	settings  map[string][]SettingRow
	fx        map[[2]string][]FXRow
	openings  map[openingKey]int64
	groups    map[string]string // account -> group, see Group

	messageFees bool // some package has a fee per care or failed message
	received    bool // some package has a fee per message received
}

// accountTerm is one row of accounts.csv with its validity [from, to) as
// instants.
type accountTerm struct {
	*AccountRow
	loc      *time.Location
	from, to Instant
}

// senderTerm is one row of senders.csv.
type senderTerm struct {
	*SenderRow
	loc      *time.Location // the sender's own, else its account's
	from, to Instant
}

const forever = Instant(math.MaxInt64)

// NewTariff indexes the rows. It expects rows that the checks of schemas/tariff
// accept and returns an error naming the row where they would be ambiguous or
// cannot be understood.
func NewTariff(rows *TariffRows) (*Tariff, error) {
	t := &Tariff{
		Rows:      rows,
		accounts:  map[string][]*accountTerm{},
		senders:   map[string][]*senderTerm{},
		sendersOf: map[string][]string{},
		packages:  map[string][]*PackageRow{},
		regimes:   map[string][]RegimeRow{},
		settings:  map[string][]SettingRow{},
		fx:        map[[2]string][]FXRow{},
	}
	zones := map[string]*time.Location{}
	zone := func(row Row, name string) (*time.Location, error) {
		if loc, ok := zones[name]; ok {
			return loc, nil
		}
		loc, err := time.LoadLocation(name)
		if err != nil {
			return nil, fmt.Errorf("%s: timezone %q is not known; write an IANA name such as Europe/London", row, name)
		}
		zones[name] = loc
		return loc, nil
	}

	for i := range rows.Accounts {
		a := &rows.Accounts[i]
		loc, err := zone(a.Row, a.Timezone)
		if err != nil {
			return nil, err
		}
		from, to := period(a.ValidFrom, a.ValidTo, loc)
		t.accounts[a.Account] = append(t.accounts[a.Account], &accountTerm{a, loc, from, to})
	}
	for _, terms := range t.accounts {
		slices.SortStableFunc(terms, func(a, b *accountTerm) int { return cmp.Compare(a.from, b.from) })
	}
	registered := map[[2]string]bool{}
	for i := range rows.Senders {
		s := &rows.Senders[i]
		accountLoc := time.UTC
		if terms := t.accounts[s.Account]; len(terms) > 0 {
			accountLoc = terms[len(terms)-1].loc
		}
		loc := accountLoc
		if s.Timezone != "" {
			var err error
			if loc, err = zone(s.Row, s.Timezone); err != nil {
				return nil, err
			}
		}
		from, to := period(s.ValidFrom, s.ValidTo, accountLoc)
		t.senders[s.Sender] = append(t.senders[s.Sender], &senderTerm{s, loc, from, to})
		if key := [2]string{s.Account, s.Sender}; !registered[key] {
			registered[key] = true
			t.sendersOf[s.Account] = append(t.sendersOf[s.Account], s.Sender)
		}
	}
	for _, terms := range t.senders {
		slices.SortStableFunc(terms, func(a, b *senderTerm) int { return cmp.Compare(a.from, b.from) })
	}
	for i := range rows.Packages {
		p := &rows.Packages[i]
		t.packages[p.Package] = append(t.packages[p.Package], p)
		t.messageFees = t.messageFees || !p.CareFee.IsZero() || !p.FailedFee.IsZero()
		t.received = t.received || !p.ReceivedFee.IsZero()
	}
	for _, ps := range t.packages {
		slices.SortStableFunc(ps, func(a, b *PackageRow) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	for _, r := range rows.Regimes {
		t.regimes[r.Account] = append(t.regimes[r.Account], r)
	}
	for _, rs := range t.regimes {
		slices.SortStableFunc(rs, func(a, b RegimeRow) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	for _, s := range rows.Settings {
		key := s.Account + "\x00" + s.Setting
		t.settings[key] = append(t.settings[key], s)
	}
	for _, ss := range t.settings {
		slices.SortStableFunc(ss, func(a, b SettingRow) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	for _, f := range rows.FX {
		key := [2]string{f.From, f.To}
		t.fx[key] = append(t.fx[key], f)
	}
	for _, fs := range t.fx {
		slices.SortStableFunc(fs, func(a, b FXRow) int { return a.On.Compare(b.On) })
	}
	t.markets = newMarketIndex(rows.Markets)
	t.openings = openings(rows.Openings)
	t.groups = groupAccounts(rows)
	var err error
	t.prices, err = newRateSets(rows.Prices)
	t.seasons = seasons(rows)
	return t, err
}

// seasons lists the dates on which any package or price changes.
func seasons(rows *TariffRows) []Date {
	var starts []Date
	for i := range rows.Packages {
		starts = append(starts, rows.Packages[i].ValidFrom)
	}
	for i := range rows.Prices {
		starts = append(starts, rows.Prices[i].ValidFrom)
	}
	slices.SortFunc(starts, Date.Compare)
	return slices.Compact(starts)
}

func (r Row) String() string { return fmt.Sprintf("%s:%d", r.File, r.Line) }

// period turns the dates of a row into [from, to) at local midnights of loc. An
// absent date is open.
func period(validFrom, validTo Date, loc *time.Location) (from, to Instant) {
	from, to = math.MinInt64, forever
	if !validFrom.IsZero() {
		from = validFrom.Midnight(loc)
	}
	if !validTo.IsZero() {
		to = validTo.Midnight(loc)
	}
	return from, to
}

// termAt returns the registration in force at an instant, or nil. A later row
// takes over from an earlier one.
func termAt(terms []*senderTerm, at Instant) *senderTerm {
	for _, term := range slices.Backward(terms) {
		if term.from <= at && at < term.to {
			return term
		}
	}
	return nil
}

// accountAt returns the terms of an account in force at an instant, or nil.
func (t *Tariff) accountAt(account string, at Instant) *accountTerm {
	return accountTermAt(t.accounts[account], at)
}

func accountTermAt(terms []*accountTerm, at Instant) *accountTerm {
	for _, term := range slices.Backward(terms) {
		if term.from <= at && at < term.to {
			return term
		}
	}
	return nil
}

// AccountOn returns the row of an account in force on a date, or nil.
func (t *Tariff) AccountOn(account string, on Date) *AccountRow {
	terms := t.accounts[account]
	for _, a := range slices.Backward(terms) {
		if !on.Before(a.ValidFrom) && (a.ValidTo.IsZero() || on.Before(a.ValidTo)) {
			return a.AccountRow
		}
	}
	return nil
}

// Registered returns the account that a sender is registered to at an instant, and the account's
// billing month then; "" when it is to none that has terms.
func (t *Tariff) Registered(sender string, at Instant) (account string, m Month) {
	s := termAt(t.senders[sender], at)
	if s == nil {
		return "", Month{}
	}
	a := t.accountAt(s.Account, at)
	if a == nil {
		return "", Month{}
	}
	y, month, _ := at.Time().In(a.loc).Date()
	return s.Account, Month{y, month}
}

// packageOn returns the package row in force on a date, or nil.
func (t *Tariff) packageOn(name string, on Date) *PackageRow {
	return inForce(t.packages[name], on, func(p *PackageRow) Date { return p.ValidFrom })
}

// setting returns the value of a setting for an account on a date, "" when there
// is none.
func (t *Tariff) setting(account, name string, on Date) string {
	if row := t.SettingOn(account, name, on); row != nil {
		return row.Value
	}
	return ""
}

// SettingOn returns the row of a setting that is in force for an account on a date:
// the account's own before that of "*". nil when there is none.
func (t *Tariff) SettingOn(account, name string, on Date) *SettingRow {
	for _, who := range [...]string{account, "*"} {
		rows := t.settings[who+"\x00"+name]
		for i := len(rows) - 1; i >= 0; i-- {
			if !on.Before(rows[i].ValidFrom) {
				return &rows[i]
			}
		}
	}
	return nil
}

// inForce returns the last row, in time order, that began on or before the date.
func inForce[R any](rows []*R, on Date, from func(*R) Date) *R {
	for _, row := range slices.Backward(rows) {
		if !on.Before(from(row)) {
			return row
		}
	}
	return nil
}

// Accounts lists the accounts that have terms in a month, sorted.
func (t *Tariff) Accounts(m Month) []string {
	var names []string
	for name, terms := range t.accounts {
		for _, a := range terms {
			if a.ValidFrom.Before(m.Next().First()) && (a.ValidTo.IsZero() || m.First().Before(a.ValidTo)) {
				names = append(names, name)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// BilledUntil is when a month is over for an account that has terms in it: at its end,
// or with the terms, by the account's timezone.
func (t *Tariff) BilledUntil(account string, m Month) Instant {
	var until Instant
	for _, a := range t.accounts[account] {
		if end := m.Next().First(); a.ValidFrom.Before(end) {
			until = min(end.Midnight(a.loc), a.to)
		}
	}
	return until
}

// Group names the set of accounts that must be priced together with this one:
// those sharing a pool, a WABA or a sender, as far as the tariff knows (see Groups). An
// account that shares nothing is its own group.
func (t *Tariff) Group(account string) string { return cmp.Or(t.groups[account], account) }
