package rating_test

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"time"

	"github.com/shopspring/decimal"
)

// narrow lists what the random months leave out, each with the reason. Delete
// an entry to widen them.
var narrow = map[string]bool{
	// The free tier of an account without WABAs: rating adds the opening of a
	// sender that moved to its last account, the oracle to the account the row names.
	"opening free tier of a moved sender without a waba": true,
}

// pick is one of several.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func number(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// edges are the local midnights around which random months are built: switches
// of regime, lengths of entry points, countries joining, months and clocks.
var edges = []rating.Date{
	day(2019, 6, 1), day(2018, 11, 4), day(2021, 10, 29), day(2020, 11, 1), day(2022, 2, 1), day(2022, 2, 1), day(2023, 3, 1), day(2023, 3, 26), day(2023, 6, 1), day(2023, 6, 1),
	day(2023, 10, 1), day(2023, 9, 15), day(2024, 3, 31), day(2024, 7, 1), day(2024, 11, 1), day(2024, 11, 1), day(2025, 2, 1), day(2025, 7, 1), day(2025, 7, 1), day(2025, 7, 1),
	day(2025, 10, 1), day(2026, 3, 29), day(2026, 9, 6), day(2026, 9, 28), day(2026, 10, 1), day(2026, 10, 1), day(2026, 11, 1),
}

// zones have clocks that change, at midnight too (Asuncion: on the first of
// October 2023), half hours, and the date line.
var zones = []string{
	"UTC", "Europe/London", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
	"America/Asuncion", "Pacific/Auckland", "Asia/Beirut", "Pacific/Kiritimati", "America/Havana", "America/Santiago", "Asia/Amman",
}

// world is a random tariff and the edge it is built around.
type world struct {
	r    *rand.Rand
	rows *rating.TariffRows
	edge rating.Date
	at   rating.Instant // local midnight of the edge at the first account
	line int

	zones []string // to pick from
}

// hasMidnights says whether every day near a date begins at 00:00 in a timezone.
func hasMidnights(tz string, near rating.Date) bool {
	loc, err := time.LoadLocation(tz)
	if err != nil {
		panic(err)
	}
	for n := -5; n <= 5; n++ {
		d := near.AddDays(n)
		at := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
		if at.Hour() != 0 || at.Add(-time.Hour).Day() == d.Day {
			return false
		}
	}
	return true
}

func newWorld(r *rand.Rand) *world {
	w := &world{r: r, edge: pick(r, edges...), rows: &rating.TariffRows{Version: "sha256:test"}}
	for _, tz := range zones {
		if !narrow["days without a midnight"] || hasMidnights(tz, w.edge) {
			w.zones = append(w.zones, tz)
		}
	}
	tz := pick(r, w.zones...)
	loc, err := time.LoadLocation(tz)
	if err != nil {
		panic(err)
	}
	w.at = rating.Instant(time.Date(w.edge.Year, w.edge.Month, w.edge.Day, 0, 0, 0, 0, loc).UnixMilli())
	w.accounts(tz)
	w.senders()
	w.markets()
	w.prices()
	w.packages()
	w.extras()
	return w
}

func (w *world) row(file string) rating.Row {
	w.line++
	return rating.Row{File: file, Line: w.line}
}

// near is a date within a few days of the edge.
func (w *world) near() rating.Date { return w.edge.AddDays(pick(w.r, -3, -1, 0, 0, 1, 2)) }

var dawn = day(2018, 1, 1)

func (w *world) accounts(tz string) {
	pool := pick(w.r, "", "", "group")
	account := func(name, country, tz, currency string) {
		a := rating.AccountRow{
			Row: w.row("accounts.csv"), Account: name, Name: name, Country: country, Timezone: tz, Currency: currency,
			Package: "small", ValidFrom: dawn, Pool: pool,
		}
		if chance(w.r, 40) { // another package from some day on
			a.ValidTo = w.near()
			w.rows.Accounts = append(w.rows.Accounts, a)
			a.Row, a.ValidFrom, a.ValidTo, a.Package = w.row("accounts.csv"), a.ValidTo, rating.Date{}, pick(w.r, "large", "large", "nothing")
		}
		w.rows.Accounts = append(w.rows.Accounts, a)
	}
	account("acme", pick(w.r, "GB", "IN"), tz, "GBP")
	account("beta", pick(w.r, "IN", "US", "DE"), pick(w.r, tz, pick(w.r, w.zones...)), pick(w.r, "GBP", "EUR"))
}

const (
	senderA, senderB, senderC, senderUnknown = "+442079460000", "+442079460001", "+912079460002", "+442079469999"
)

func (w *world) senders() {
	waba := func() string { return pick(w.r, "", "waba-1", "waba-1", "waba-2") }
	zone := func() string { return pick(w.r, "", "", pick(w.r, w.zones...)) }
	add := func(sender, account, waba, zone string, from, to rating.Date) {
		w.rows.Senders = append(w.rows.Senders, rating.SenderRow{
			Row: w.row("senders.csv"), Sender: sender, Account: account, WABA: waba, Timezone: zone, ValidFrom: from, ValidTo: to,
		})
	}
	add(senderA, "acme", waba(), zone(), rating.Date{}, rating.Date{})
	if chance(w.r, 40) { // moves, perhaps after some days without an account
		left, waba := w.near(), waba()
		add(senderB, "acme", waba, zone(), dawn, left)
		add(senderB, "beta", waba, zone(), left.AddDays(pick(w.r, 0, 0, 1)), rating.Date{})
	} else {
		add(senderB, pick(w.r, "acme", "beta"), waba(), zone(), rating.Date{}, rating.Date{})
	}
	add(senderC, "beta", waba(), zone(), rating.Date{}, rating.Date{})
	if chance(w.r, 20) {
		add(senderUnknown, "nobody", "", "", rating.Date{}, rating.Date{})
	}
}

func (w *world) markets() {
	add := func(market, prefix, country string, from rating.Date) {
		w.rows.Markets = append(w.rows.Markets, rating.MarketRow{Row: w.row("markets.csv"), Market: market, Prefix: prefix, Country: country, ValidFrom: from})
	}
	country := func(c string) string { return c }
	if chance(w.r, 50) {
		country = func(string) string { return "" }
	}
	add("United Kingdom", "44", country("GB"), dawn)
	if chance(w.r, 50) {
		add("Channel", "447701", country("GB"), dawn)
	}
	add("Rest of Asia", "91", country("IN"), dawn)
	if chance(w.r, 60) {
		add("India", "91", country("IN"), w.near())
	}
	add("Indonesia", "62", country("ID"), dawn)
	add("Rest of Asia", "880", country("BD"), pick(w.r, dawn, w.near()))
	if chance(w.r, 50) {
		add("Egypt", "20", country("EG"), dawn)
	}
}

func (w *world) prices() {
	price := func() decimal.Decimal { return decimal.New(int64(w.r.IntN(5000)), -4) }
	categories := []string{"*", "notification", "ALERT_UPDATE", "business_initiated", "user_initiated", "service", "marketing", "utility", "authentication", "authentication_international"}
	markets := []string{"*", "United Kingdom", "Channel", "Rest of Asia", "India", "Indonesia", "GB", "IN", "EG"}
	for _, list := range []string{"list", "list", "other", "cost"} {
		seen := map[string]bool{}
		for range 6 + w.r.IntN(30) {
			origin, market, category, from := pick(w.r, "*", "*", "GB", "IN"), pick(w.r, markets...), pick(w.r, categories...), pick(w.r, dawn, dawn, w.near())
			k := fmt.Sprint(list, origin, market, category, from)
			if seen[k] {
				continue
			}
			seen[k] = true
			for _, r := range w.rows.Prices {
				seen[k] = seen[k] && !(r.PriceList == list && r.Origin == origin && r.Market == market && r.Category == category && r.ValidFrom == from)
			}
			if !seen[k] {
				continue
			}
			volume := int64(1)
			for range 1 + w.r.IntN(4) {
				w.rows.Prices = append(w.rows.Prices, rating.PriceRow{
					Row: w.row("prices.csv"), PriceList: list, ValidFrom: from, Currency: map[bool]string{false: "GBP", true: "USD"}[list == "cost"],
					Origin: origin, Market: market, Category: category, FromVolume: volume, UnitPrice: price(),
				})
				volume += int64(1 + w.r.IntN(4))
			}
		}
	}
}

func (w *world) packages() {
	cost := func() string { return pick(w.r, "", "cost") }
	add := func(name string, from rating.Date, list string) {
		w.rows.Packages = append(w.rows.Packages, rating.PackageRow{
			Row: w.row("packages.csv"), Package: name, ValidFrom: from, Currency: "GBP", PriceList: list,
			IncludedUnits: pick(w.r, int64(0), 0, 2, 3, 7), IncludedCategory: pick(w.r, "", "*", "authentication", "marketing", "service", "notification"),
			MarkupPercent: number(pick(w.r, "0", "0", "10", "12.5")), MarkupFixed: number(pick(w.r, "0", "0", "0.005")),
			CostList: cost(), TierMode: pick(w.r, "", "", "graduated", "all_units"),
		})
	}
	add("small", dawn, "list")
	if chance(w.r, 40) {
		add("small", w.near(), pick(w.r, "list", "other"))
	}
	add("large", pick(w.r, dawn, dawn, w.near()), pick(w.r, "list", "other"))
}
