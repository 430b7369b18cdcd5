package closing

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"time"

	"github.com/shopspring/decimal"
)

// world is a small random installation: accounts in pools and packages of both tier modes, senders that
// share WABAs, move, lapse or are registered nowhere, and a few weeks of events about a month.
type world struct {
	*rand.Rand
	month  rating.Month
	rows   *rating.TariffRows
	events []rating.Event
}

func newWorld(r *rand.Rand) *world {
	months := [...]rating.Month{{Year: 2019, Month: 6}, {Year: 2022, Month: 9}, {Year: 2023, Month: 9}, {Year: 2025, Month: 8}, {Year: 2026, Month: 10}}
	w := &world{Rand: r, month: months[r.IntN(len(months))]}
	w.tariff()
	for range 15 + r.IntN(25) {
		w.talk()
	}
	return w
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

var since = rating.Date{Year: 2018, Month: time.January, Day: 1}

func (w *world) tariff() {
	number := decimal.RequireFromString
	rows := &rating.TariffRows{Version: "sha256:world"}
	place := func(file string, n int) rating.Row { return rating.Row{File: file, Line: n + 2} }
	for i := range 2 + w.IntN(5) {
		rows.Accounts = append(rows.Accounts, rating.AccountRow{
			Row: place("accounts.csv", i), Account: fmt.Sprintf("a%d", i), Name: fmt.Sprint("Account ", i), Country: "GB", Currency: "GBP", ValidFrom: since,
			Timezone: one(w.Rand, "UTC", "Europe/London", "America/New_York", "Asia/Kolkata"), Package: one(w.Rand, "p", "q"), Pool: one(w.Rand, "", "", "", "north", "a0"),
		})
	}
	account := func() string { return rows.Accounts[w.IntN(len(rows.Accounts))].Account }
	middle := w.month.First().AddDays(w.IntN(28))
	for i := range 2 + w.IntN(6) {
		s := rating.SenderRow{Row: place("senders.csv", len(rows.Senders)), Sender: sender(i), Account: account(), WABA: one(w.Rand, "", "", "w1", "w2", "a1"), Timezone: one(w.Rand, "", "", "Pacific/Auckland", "America/Los_Angeles")}
		switch w.IntN(4) {
		case 0: // moves
			moved := s
			s.ValidTo, moved.ValidFrom, moved.Account, moved.Row = middle, middle, account(), place("senders.csv", len(rows.Senders)+1)
			rows.Senders = append(rows.Senders, moved)
		case 1: // comes late, or lapses
			if w.IntN(2) == 0 {
				s.ValidFrom = middle
			} else {
				s.ValidTo = middle
			}
		}
		rows.Senders = append(rows.Senders, s)
		if w.IntN(2) == 0 {
			for _, m := range []rating.Month{previous(w.month), w.month} {
				rows.Openings = append(rows.Openings, rating.OpeningRow{Sender: s.Sender, Account: s.Account, Month: m, Counter: "free_tier", Count: int64(996 + w.IntN(5))})
			}
		}
	}
	rows.Markets = []rating.MarketRow{{Market: "UK", Prefix: "44", ValidFrom: since}, {Market: "India", Prefix: "91", ValidFrom: since}}
	for i, p := range []rating.PackageRow{{Package: "p"}, {Package: "q", TierMode: rating.AllUnits}} {
		p.Row, p.ValidFrom, p.Currency, p.PriceList, p.CostList = place("packages.csv", i), since, "GBP", "l", one(w.Rand, "", "c")
		p.IncludedUnits = int64(one(w.Rand, 0, 0, 3, 7))
		p.MonthlyFee, p.ReceivedFee, p.CareFee = number("10"), number(one(w.Rand, "0", "0.001")), number(one(w.Rand, "0", "0.002"))
		rows.Packages = append(rows.Packages, p)
	}
	for _, list := range []string{"l", "c"} {
		for i, from := range []int64{1, 3, 5, 9} {
			rows.Prices = append(rows.Prices, rating.PriceRow{
				Row: place("prices.csv", len(rows.Prices)), PriceList: list, ValidFrom: since, Currency: "GBP", Origin: "*", Market: "*", Category: "*", FromVolume: from, UnitPrice: decimal.New(int64(90-10*i), -4),
			})
		}
	}
	w.rows = rows
}

func sender(i int) string { return fmt.Sprintf("+4420794600%02d", i) }

// talk makes the events of a conversation: answers, templates, statuses that are missing, late,
// repeated or contradict one another.
func (w *world) talk() {
	who := sender(w.IntN(10)) // some are registered nowhere
	user := one(w.Rand, "+447700900", "+447700900", "+447700900", "+919876543", "+33612345") + fmt.Sprintf("%03d", w.IntN(8))
	account := one(w.Rand, "", "", "a0", "a1", "a2", "ghost")
	at := w.month.First().AddDays(-40+w.IntN(75)).Midnight(time.UTC) + rating.Instant(w.IntN(24))*rating.Hour
	for range 1 + w.IntN(14) {
		at += one(w.Rand, 0, 1000, rating.Hour, 20*rating.Hour, 3*rating.Day)
		id := fmt.Sprintf("wamid.%c%x", 'A'+rune(w.IntN(3)), w.Uint64N(1<<20))
		e := rating.Event{MessageID: id, Sender: who, User: user, At: at, Account: account}
		if w.IntN(4) == 0 {
			e.Type, e.Kind, e.Referral = rating.Received, rating.Freeform, one(w.Rand, rating.ReferralNone, rating.ReferralNone, rating.ReferralAd)
			w.events = append(w.events, e)
			continue
		}
		e.Kind = one(w.Rand, rating.Template, rating.Template, rating.Freeform, rating.Freeform, rating.KindUnknown, rating.Echo, rating.Reaction)
		e.Category, e.Template = one(w.Rand, "marketing", "marketing", "marketing", "marketing", "utility", "authentication", ""), one(w.Rand, "t1", "t2")
		if w.IntN(10) == 0 {
			e.Account = one(w.Rand, "a0", "a1", "")
		}
		e.Type = rating.Sent
		w.events = append(w.events, e)
		delivered := e
		delivered.Type, delivered.At = one(w.Rand, rating.Delivered, rating.Delivered, rating.Delivered, rating.Read, rating.Failed), at+one(w.Rand, 0, 2000, 2000, rating.Day, 31*rating.Day)
		if w.IntN(8) > 0 {
			w.events = append(w.events, delivered)
		}
		if w.IntN(6) == 0 { // a copy, which may differ
			again := one(w.Rand, e, delivered)
			again.At -= one(w.Rand, 0, 0, 1, rating.Day)
			w.events = append(w.events, again)
		}
	}
}
