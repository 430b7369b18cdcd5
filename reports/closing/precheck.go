package closing

import (
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
)

// precheck finds, before anything is rated, what would keep the accounts of a month
// from being billed: exchange rates that are missing for it, and what every document of
// an account needs. All of it is found at once.
func (c *Closer) precheck(m rating.Month) []reports.Exception {
	var found []reports.Exception
	currencies := listCurrencies(c.Tariff.Rows, m)
	composer := c.composer(c.Tariff)
	for _, account := range c.Tariff.Accounts(m) {
		if c.Accounts != nil && !slices.Contains(c.Accounts, account) {
			continue
		}
		missing := c.missingRates(account, m, currencies)
		found = append(found, missing...)
		var s *rating.Statement
		var err error
		if len(missing) == 0 {
			s, err = rating.NewFolder(c.Tariff, account, m).Statement() // fees only
		} else { // no statement can be made, but the parties and the tax can be looked at
			s = &rating.Statement{Account: account, Month: m, Currency: c.Tariff.LastTerms(account, m).Currency}
		}
		if err == nil && (len(s.Lines) > 0 || len(missing) > 0) {
			_, err = composer.Invoice(s)
		}
		if err != nil {
			found = append(found, uncomposable(account, err)...)
		}
	}
	return found
}

// missingRates are the currencies that the packages of an account are priced in and
// that cannot be converted in the month.
func (c *Closer) missingRates(account string, m rating.Month, currencies map[listOrigin][]string) []reports.Exception {
	var found []reports.Exception
	reported := map[string]bool{}
	for i := range c.Tariff.Rows.Accounts {
		a := &c.Tariff.Rows.Accounts[i]
		if a.Account != account || !a.ValidFrom.Before(m.Next().First()) || !a.ValidTo.IsZero() && !m.First().Before(a.ValidTo) {
			continue
		}
		for _, p := range inUse(c.Tariff.Rows.Packages, m, func(p *rating.PackageRow) (string, rating.Date) { return p.Package, p.ValidFrom }) {
			if p.Package != a.Package {
				continue
			}
			needed := slices.Concat([]string{p.Currency}, currencies[listOrigin{p.PriceList, "*"}], currencies[listOrigin{p.PriceList, a.Country}])
			for _, from := range needed {
				pair := from + " to " + a.Currency
				if from == a.Currency || reported[pair] || c.Tariff.ExchangeRate(from, a.Currency, m) != nil {
					continue
				}
				reported[pair] = true
				found = append(found, blocking(string(reports.NoExchangeRate), account,
					fmt.Sprintf("%s: package %s is priced in %s, and fx.csv has no rate from %s for %s", a.Row, p.Package, from, pair, m),
					fmt.Sprintf("add the rate of %s", m.Last())))
			}
		}
	}
	return found
}

type listOrigin struct{ list, origin string }

// listCurrencies are the currencies of each price list, for each origin, in the rows that can
// price a message of a month.
func listCurrencies(rows *rating.TariffRows, m rating.Month) map[listOrigin][]string {
	type rate struct{ list, origin, market, category string }
	all := map[listOrigin][]string{}
	for _, p := range inUse(rows.Prices, m, func(p *rating.PriceRow) (rate, rating.Date) {
		return rate{p.PriceList, p.Origin, p.Market, p.Category}, p.ValidFrom
	}) {
		if k := (listOrigin{p.PriceList, p.Origin}); !slices.Contains(all[k], p.Currency) {
			all[k] = append(all[k], p.Currency)
		}
	}
	return all
}

// inUse are the rows that can decide for a message billed in a month: those that begin in it or
// after the earliest day on which such a message was sent, and of each name those in force on that
// day. A later row of a name replaces an earlier one.
func inUse[R any, K comparable](rows []R, m rating.Month, named func(*R) (K, rating.Date)) []*R {
	earliest := m.First().AddDays(-daysUndelivered)
	inForce := map[K]rating.Date{}
	for i := range rows {
		if name, from := named(&rows[i]); !earliest.Before(from) && !from.Before(inForce[name]) {
			inForce[name] = from
		}
	}
	var used []*R
	for i := range rows {
		if name, from := named(&rows[i]); from.Before(m.Next().First()) && !from.Before(inForce[name]) {
			used = append(used, &rows[i])
		}
	}
	return used
}

// daysUndelivered is for how long a message may be under way and be charged, and a day for local time.
const daysUndelivered = 31
