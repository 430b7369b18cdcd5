package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// benchRatingCommand is `postage bench rating`: 3 events a message, 10 messages a
// conversation, 47 markets, 6 tiers; events of a conversation together, as the
// close reads them.
type benchRatingCommand struct {
	JSON    bool          `name:"json" help:"One JSON object per line."`
	Measure time.Duration `name:"for" default:"3s" help:"How long to measure each workload (default ${default})."`
}

// ratingFigures is one line of the benchmark.
type ratingFigures struct {
	Regime           string  `json:"regime"`
	Order            string  `json:"order"` // grouped
	MessagesPerS     int64   `json:"messages_per_s"`
	NsPerMessage     float64 `json:"ns_per_message"`
	AllocsPerMessage float64 `json:"allocs_per_message"`
	Cores            int     `json:"cores"`
}

func (c *benchRatingCommand) Run(ctx context.Context, s *streams) error {
	for _, month := range [...]rating.Month{{Year: 2026, Month: time.October}, {Year: 2023, Month: time.September}} {
		f, err := c.grouped(ctx, month)
		if err != nil {
			return err
		}
		if c.JSON {
			err = json.NewEncoder(s.out).Encode(f)
		} else {
			_, err = fmt.Fprintf(s.out, "%s, %s: %d messages/s on one core, %.0f ns and %.4f allocations a message\n", f.Regime, f.Order, f.MessagesPerS, f.NsPerMessage, f.AllocsPerMessage)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A month of issue size: accounts of 10,000 messages each.
const (
	benchAccounts      = 20
	benchConversations = 1000 // of an account
	benchMessages      = 10   // of a conversation
	benchMarkets       = 47
)

// grouped rates the workload over and over: each round is a month, of which it
// classifies the conversations of one account after another and prices them, as
// a close does.
func (c *benchRatingCommand) grouped(ctx context.Context, m rating.Month) (ratingFigures, error) {
	t, err := rating.NewTariff(benchTariff())
	if err != nil {
		return ratingFigures{}, err
	}
	accounts := benchTalks(m)
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)

	classifier, pricer := rating.NewClassifier(t), rating.NewPricer(t)
	var messages []rating.Message
	var chargeable []*rating.Message
	round := func() {
		pricer.Reset()
		for _, talks := range accounts {
			messages, chargeable = messages[:0], chargeable[:0]
			for _, events := range talks {
				messages = classifier.Classify(messages, events)
			}
			for i := range messages {
				m := &messages[i]
				m.Settle(classifier.Latest())
				if m.Chargeable() {
					chargeable = append(chargeable, m)
				}
			}
			pricer.Price(chargeable)
		}
	}
	round() // warm: scratch memory has its size now
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began, rounds := time.Now(), 0
	for time.Since(began) < c.Measure && ctx.Err() == nil {
		round()
		rounds++
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	rated := float64(rounds * benchAccounts * benchConversations * benchMessages)
	regime := "PMP2"
	if m.Year == 2023 {
		regime = "CBP2"
	}
	return ratingFigures{
		Regime: regime, Order: "grouped",
		MessagesPerS: int64(rated / took.Seconds()), NsPerMessage: float64(took.Nanoseconds()) / rated,
		AllocsPerMessage: float64(after.Mallocs-before.Mallocs) / rated, Cores: 1,
	}, ctx.Err()
}

// benchTalks makes the conversations of each account, in the order of a log read
// back.
func benchTalks(m rating.Month) [][][]rating.Event {
	rnd := rand.New(rand.NewPCG(1, 2))
	accounts := make([][][]rating.Event, benchAccounts)
	for a := range accounts {
		accounts[a] = make([][]rating.Event, benchConversations)
		for i := range accounts[a] {
			accounts[a][i] = benchTalk(rnd, m, a, a*benchConversations+i)
		}
	}
	return accounts
}

func benchSender(account int) string { return fmt.Sprintf("+44207946%04d", account) }

// benchTalk makes the events of the i-th conversation, each with strings of its
// own, as a decoder leaves them.
func benchTalk(rnd *rand.Rand, m rating.Month, account, i int) []rating.Event {
	categories := [...]string{"marketing", "utility", "authentication", "utility"}
	first, span := m.First().Midnight(time.UTC), int64(m.Days()-1)*int64(rating.Day)
	at := first + rating.Instant(rnd.Int64N(span))
	var events []rating.Event
	for n := range benchMessages {
		e := rating.Event{
			At: at, MessageID: fmt.Sprintf("wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI%08X%08X", i, n),
			Sender: benchSender(account), User: fmt.Sprintf("+%d%09d", 100+i%benchMarkets, i),
			Kind: rating.Template, Category: categories[n%len(categories)], Template: "order_shipped",
		}
		add := func(t rating.EventType, after rating.Instant, idSuffix string) {
			c := e
			c.Type, c.At, c.MessageID = t, at+after, e.MessageID+idSuffix
			events = append(events, c)
			e.MessageID = strings.Clone(e.MessageID)
		}
		if n%5 == 3 { // a customer writes, and is answered
			e.Kind, e.Category, e.Template = rating.Freeform, "", ""
			add(rating.Received, -60_000, "R")
		}
		add(rating.Sent, 0, "")
		add(rating.Delivered, 2000, "")
		add(rating.Read, 90_000, "")
		at += rating.Instant(rnd.Int64N(int64(6 * rating.Hour)))
	}
	slices.SortStableFunc(events, func(a, b rating.Event) int { return int(a.At - b.At) })
	return events
}

// benchTariff has all accounts on a list of 47 markets in 6 tiers.
func benchTariff() *rating.TariffRows {
	since := rating.Date{Year: 2018, Month: time.January, Day: 1}
	rows := &rating.TariffRows{
		Version:  "sha256:bench",
		Packages: []rating.PackageRow{{Package: "p", ValidFrom: since, Currency: "USD", PriceList: "l"}},
	}
	for i := range benchAccounts {
		account := fmt.Sprintf("account %02d", i)
		rows.Accounts = append(rows.Accounts, rating.AccountRow{Account: account, Country: "GB", Timezone: "Europe/London", Currency: "USD", Package: "p", ValidFrom: since})
		rows.Senders = append(rows.Senders, rating.SenderRow{Sender: benchSender(i), Account: account, WABA: account})
	}
	for i := range benchMarkets {
		market := fmt.Sprintf("Market %02d", i)
		rows.Markets = append(rows.Markets, rating.MarketRow{Market: market, Prefix: fmt.Sprint(100 + i), ValidFrom: since})
		for tier, from := range [...]int64{1, 11, 26, 51, 76, 101} {
			rows.Prices = append(rows.Prices, rating.PriceRow{
				PriceList: "l", ValidFrom: since, Currency: "USD", Origin: "*", Market: market, Category: "*",
				FromVolume: from, UnitPrice: decimal.New(int64(1000+i*10-tier*20), -4),
			})
		}
	}
	return rows
}
