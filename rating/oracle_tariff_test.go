package rating_test

import (
	"postage/rating"
	"slices"
	"strings"
	"time"
)

// localDate is the date an instant shows on the wall in a timezone. All periods
// of a tariff are compared by dates: a row holds from the first instant that
// shows its date.
func localDate(at rating.Instant, tz string) rating.Date {
	loc, err := time.LoadLocation(tz)
	if err != nil {
		panic(err)
	}
	y, m, d := time.UnixMilli(int64(at)).In(loc).Date()
	return rating.Date{Year: y, Month: m, Day: d}
}

func localMonth(at rating.Instant, tz string) rating.Month {
	d := localDate(at, tz)
	return rating.Month{Year: d.Year, Month: d.Month}
}

func notAfter(a, b rating.Date) bool { return !b.Before(a) }

// holds says whether [from, to) contains on; an absent end is open.
func holds(from, to, on rating.Date) bool {
	return notAfter(from, on) && (to == rating.Date{} || on.Before(to))
}

// books is a tariff read from one side: the account's, or the carrier's, who
// knows no regimes of ours, no allowance, no markup and bills by the cost list.
type books struct {
	*rating.TariffRows
	carrier bool
}

// account is the row of an account in force, the latest one.
func (b books) account(name string, at rating.Instant) *rating.AccountRow {
	var best *rating.AccountRow
	for i := range b.Accounts {
		r := &b.Accounts[i]
		if r.Account == name && holds(r.ValidFrom, r.ValidTo, localDate(at, r.Timezone)) && (best == nil || best.ValidFrom.Before(r.ValidFrom)) {
			best = r
		}
	}
	return best
}

// sender is the registration in force. Its dates are those of its account.
func (b books) sender(number string, at rating.Instant) *rating.SenderRow {
	var best *rating.SenderRow
	for i := range b.Senders {
		r := &b.Senders[i]
		tz := "UTC"
		for _, a := range b.Accounts {
			if a.Account == r.Account {
				tz = a.Timezone
			}
		}
		if r.Sender == number && holds(r.ValidFrom, r.ValidTo, localDate(at, tz)) && (best == nil || best.ValidFrom.Before(r.ValidFrom)) {
			best = r
		}
	}
	return best
}

type switchTo struct {
	from   rating.Date
	regime rating.Regime
}

func day(y int, m time.Month, d int) rating.Date { return rating.Date{Year: y, Month: m, Day: d} }

var builtIn = []switchTo{
	{day(2018, 1, 1), rating.NBP},
	{day(2022, 2, 1), rating.CBP1},
	{day(2023, 6, 1), rating.CBP2},
	{day(2024, 11, 1), rating.CBP3},
	{day(2025, 7, 1), rating.PMP1},
	{day(2026, 10, 1), rating.PMP2},
}

// regime is the one in force: of the account's own rows, else of the rows for
// all accounts, else of the built-in schedule.
func (b books) regime(account string, on rating.Date) switchTo {
	latest := func(rows []switchTo) (best switchTo) {
		for _, r := range rows {
			if notAfter(r.from, on) && notAfter(best.from, r.from) {
				best = r
			}
		}
		return best
	}
	for _, of := range []string{account, "*"} {
		if b.carrier {
			break
		}
		var rows []switchTo
		for _, r := range b.Regimes {
			if r.Account == of {
				rows = append(rows, switchTo{r.ValidFrom, r.Regime})
			}
		}
		if s := latest(rows); s.regime != 0 {
			return s
		}
	}
	return latest(builtIn)
}

// pack is the row of a package in force.
func (b books) pack(name string, on rating.Date) *rating.PackageRow {
	var best *rating.PackageRow
	for i := range b.Packages {
		r := &b.Packages[i]
		if r.Package == name && notAfter(r.ValidFrom, on) && (best == nil || best.ValidFrom.Before(r.ValidFrom)) {
			best = r
		}
	}
	return best
}

// market: of the rows in force, one for each prefix, those of the country; else
// the longest prefix.
func (b books) market(country, user string, on rating.Date) string {
	inForce := map[[2]string]rating.MarketRow{} // by prefix and country: +1 has several
	for _, r := range b.Markets {
		k := [2]string{r.Prefix, r.Country}
		if old, ok := inForce[k]; notAfter(r.ValidFrom, on) && (!ok || old.ValidFrom.Before(r.ValidFrom)) {
			inForce[k] = r
		}
	}
	digits := strings.TrimPrefix(user, "+")
	longest := func(rows []rating.MarketRow) string {
		market, n := "", -1
		for _, r := range rows {
			if strings.HasPrefix(digits, r.Prefix) && len(r.Prefix) > n {
				market, n = r.Market, len(r.Prefix)
			}
		}
		return market
	}
	var all, ofCountry []rating.MarketRow
	for _, r := range inForce {
		all = append(all, r)
		if country != "" && r.Country == country {
			ofCountry = append(ofCountry, r)
		}
	}
	if m := longest(ofCountry); m != "" {
		return m
	}
	if len(ofCountry) > 0 { // the number has none of the prefixes: the widest of them
		return slices.MinFunc(ofCountry, func(a, b rating.MarketRow) int { return len(a.Prefix) - len(b.Prefix) }).Market
	}
	return longest(all)
}

// prefixes of the numbers the tests use.
var prefixCountry = map[string]string{"44": "GB", "91": "IN", "62": "ID", "20": "EG", "880": "BD", "49": "DE", "263": "ZW", "1": "US"}

func countryOf(declared, user string) string {
	if declared != "" {
		return declared
	}
	for n := 3; n > 0; n-- {
		if c, ok := prefixCountry[strings.TrimPrefix(user, "+")[:n]]; ok {
			return c
		}
	}
	return ""
}

func internationalSince(country string) (rating.Date, bool) {
	switch country {
	case "ID":
		return day(2024, 6, 1), true
	case "IN":
		return day(2024, 7, 1), true
	case "EG", "MY", "NG", "PK", "SA", "ZA", "AE":
		return day(2025, 2, 1), true
	case "BD", "IQ", "KZ", "KW", "MA", "NP", "OM", "LK", "UA":
		return day(2026, 10, 1), true
	}
	return rating.Date{}, false
}

// international decides between the two authentications, at delivery.
func (b books) international(a *rating.AccountRow, country string, delivered rating.Instant) bool {
	on := localDate(delivered, a.Timezone)
	since, listed := internationalSince(country)
	if !listed || on.Before(since) || country == a.Country {
		return false
	}
	var best *rating.SettingRow
	for _, of := range []string{a.Account, "*"} {
		for i := range b.Settings {
			r := &b.Settings[i]
			if best == nil || best.Account == of {
				if r.Account == of && r.Setting == "auth_international_from" && notAfter(r.ValidFrom, on) && (best == nil || best.ValidFrom.Before(r.ValidFrom)) {
					best = r
				}
			}
		}
	}
	if best == nil {
		return false
	}
	if d, err := time.Parse(time.DateOnly, best.Value); err == nil {
		return notAfter(day(d.Date()), on)
	}
	t, err := time.Parse(time.RFC3339, best.Value)
	return err == nil && int64(delivered) >= t.UnixMilli()
}
