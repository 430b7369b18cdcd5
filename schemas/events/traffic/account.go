package traffic

import (
	"errors"
	"fmt"
	"math"
	"postage/rating"
	"slices"
	"strings"
	"time"
)

// Account is a firm whose traffic is made up.
type Account struct {
	Name           string
	Country        string            // ISO 3166-1 alpha-2; where most of its users live
	Timezone       *time.Location    // its day, its week, its month
	Senders        []string          // + and digits; every user talks to one of them
	PhoneNumberIDs map[string]string // by sender; as registered with the carrier
	Profile        Profile           // zero: by name, else by position

	// Regime is under which rules the carrier works when a message is sent; it
	// decides categories and claims. Nil: its own schedule.
	Regime func(sent rating.Instant) rating.Regime
}

func (a *Account) faults() []error {
	var faults []error
	if a.Name == "" {
		faults = append(faults, errors.New("account without a name"))
	}
	if a.Timezone == nil {
		faults = append(faults, fmt.Errorf("account %s: no timezone", a.Name))
	}
	if len(a.Senders) == 0 {
		faults = append(faults, fmt.Errorf("account %s: no sender; add one to senders.csv", a.Name))
	}
	return faults
}

// AccountsOf takes the first n accounts (0: all) of a tariff that have senders,
// in the order of accounts.csv, as they are in the month. It leaves out
// regimes.csv: a contract under other rules than the carrier's changes nothing
// in what the carrier sends, and the cost side needs the carrier's categories.
func AccountsOf(rows *rating.TariffRows, month rating.Month, n int) ([]Account, error) {
	var accounts []Account
	seen := map[string]bool{}
	for _, first := range rows.Accounts {
		if seen[first.Account] || n > 0 && len(accounts) == n {
			continue
		}
		seen[first.Account] = true
		row := first
		for _, r := range rows.Accounts { // the last row that holds on the first day
			if r.Account == first.Account && holds(r.ValidFrom, r.ValidTo, month.First()) {
				row = r
			}
		}
		loc, err := time.LoadLocation(row.Timezone)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: timezone %q: want a name such as Europe/London", row.File, row.Line, row.Timezone)
		}
		a := Account{Name: row.Account, Country: row.Country, Timezone: loc, PhoneNumberIDs: map[string]string{}}
		a.Profile = profileOf(row.Account+" "+row.Name, len(accounts))
		for _, s := range rows.Senders {
			if s.Account == a.Name && holds(s.ValidFrom, s.ValidTo, month.First()) && !slices.Contains(a.Senders, s.Sender) {
				a.Senders = append(a.Senders, s.Sender)
				if s.PhoneNumberID != "" {
					a.PhoneNumberIDs[s.Sender] = s.PhoneNumberID
				}
			}
		}
		if len(a.Senders) == 0 {
			continue
		}
		accounts = append(accounts, a)
	}
	if n > len(accounts) {
		return nil, fmt.Errorf("%d accounts wanted, %d have a sender in %s; add rows to accounts.csv and senders.csv", n, len(accounts), month)
	}
	return accounts, nil
}

// holds says whether a dated row holds on a day; a row dated later in a tariff
// that begins mid-month does not.
func holds(from, to, on rating.Date) bool {
	return !on.Before(from) && (to.IsZero() || on.Before(to))
}

// account is an Account at work.
type account struct {
	Account
	index    int
	from, to rating.Instant // the month, in its timezone
	trade    *trade
	streams  []stream // what it does, and how much of it is still to come
	senders  []sender
	talks    []talk // by user
	abroad   []float64
	home     *destination // nil when its country is not among destinations
	salt     uint64
	naming   bool // its systems write the account into v1 events
	country  bool // its systems write the user's country into v1 events
	tally    Tally
}

// sender is a business number.
type sender struct {
	number  string // with +
	phoneID []byte // registered phone_number_id as a JSON member, nil without
	encoded []byte // ... and what the encoder writes
	service [3]int // free-form delivered: before, in and after the month
}

// talk is what the simulation knows of one conversation. Seconds since the epoch.
type talk struct {
	inbound uint32 // the last one
	click   uint32 // on an advertisement, not yet answered
	entry   uint32 // end of the free entry point
}

func newAccount(cfg Config, index, budget int) *account {
	a := &account{Account: cfg.Accounts[index], index: index}
	if a.Profile == 0 {
		a.Profile = profileOf(a.Name, index)
	}
	if a.Regime == nil {
		a.Regime = builtinRegimes(a.Timezone)
	}
	a.trade = &trades[a.Profile]
	a.salt = mixString(cfg.Seed, a.Name)
	a.naming = a.salt%5 == 0
	a.country = a.salt>>8%4 == 0
	a.from = cfg.Month.First().Midnight(a.Timezone)
	a.to = cfg.Month.Next().First().Midnight(a.Timezone)
	a.abroad = abroad(a.Country)
	for i := range destinations {
		if destinations[i].country == a.Country {
			a.home = &destinations[i]
		}
	}
	for _, number := range a.Senders {
		s := sender{number: number}
		if id := a.PhoneNumberIDs[number]; id != "" {
			s.phoneID = []byte(`"phone_number_id":"` + id + `"`)
			s.encoded = []byte(`"phone_number_id":"1` + strings.TrimPrefix(number, "+") + `"`)
		}
		a.senders = append(a.senders, s)
	}
	a.talks = make([]talk, max(50, budget/6))
	a.streams = a.trade.plan(a, budget)
	return a
}

// anyone picks a user; how often a user is picked is log-normal.
func (a *account) anyone(d dice) uint32 {
	const sigma = 1.0
	// The size-biased log-normal: where the next message falls.
	at := .5 * math.Erfc(-(sigma+d.NormFloat64())/math.Sqrt2)
	return uint32(min(int(at*float64(len(a.talks))), len(a.talks)-1))
}

// person is who a user is: a number and where it is from. One in fifty talks to
// two senders and is two users; one in forty is known to other firms too.
func (a *account) person(user uint32) (number string, d *destination) {
	if user%50 == 49 && len(a.senders) > 1 {
		user--
	}
	salt := a.salt
	if user%40 == 7 {
		salt = 0
	}
	h := mix(salt ^ uint64(user)<<20)
	d = a.home
	if d == nil || fraction(h) >= a.trade.domestic {
		i, _ := slices.BinarySearch(a.abroad, fraction(mix(h)))
		d = &destinations[min(i, len(destinations)-1)]
	}
	return d.number(uint64(user) + salt%1_000_000_007), d
}

// senderOf is the business number that a user talks to.
func (a *account) senderOf(user uint32) int { return int(user) % len(a.senders) }

// shares divides the messages among the accounts, by trade and a little chance.
func shares(cfg Config) []int {
	weights := make([]float64, len(cfg.Accounts))
	for i, a := range cfg.Accounts {
		p := a.Profile
		if p == 0 {
			p = profileOf(a.Name, i)
		}
		weights[i] = trades[p].size * (.8 + .4*fraction(mixString(cfg.Seed+1, a.Name)))
	}
	return divide(cfg.Messages, weights)
}

// divide splits n by weights into whole parts that sum to n.
func divide(n int, weights []float64) []int {
	var sum, before float64
	for _, w := range weights {
		sum += w
	}
	parts := make([]int, len(weights))
	done := 0
	for i, w := range weights {
		before += w
		upTo := int(math.Round(float64(n) * before / sum))
		if i == len(weights)-1 {
			upTo = n
		}
		parts[i] = upTo - done
		done = upTo
	}
	return parts
}

// profileOf guesses the trade from a name, and without a hint deals them out in
// turn.
func profileOf(name string, position int) Profile {
	name = strings.ToLower(name)
	for _, h := range hints {
		for _, word := range h.words {
			if strings.Contains(name, word) {
				return h.profile
			}
		}
	}
	return Profile(position%(len(trades)-1)) + 1
}
