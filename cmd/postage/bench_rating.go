package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"runtime"
	"slices"
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

const (
	benchConversations = 20_000
	benchMessages      = 10
	benchMarkets       = 47
)

// grouped rates the workload over and over: each round classifies every
// conversation and prices the month, as a close does for one group of accounts.
func (c *benchRatingCommand) grouped(ctx context.Context, m rating.Month) (ratingFigures, error) {
	t, err := rating.NewTariff(benchTariff())
	if err != nil {
		return ratingFigures{}, err
	}
	talks := benchTalks(m)
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)

	rater := rating.NewRater(t)
	round := func() {
		rater.Reset()
		for _, events := range talks {
			rater.Add(events)
		}
		rater.Price()
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
	messages := float64(rounds * benchConversations * benchMessages)
	regime := "PMP2"
	if m.Year == 2023 {
		regime = "CBP2"
	}
	return ratingFigures{
		Regime: regime, Order: "grouped",
		MessagesPerS: int64(messages / took.Seconds()), NsPerMessage: float64(took.Nanoseconds()) / messages,
		AllocsPerMessage: float64(after.Mallocs-before.Mallocs) / messages, Cores: 1,
	}, ctx.Err()
}

// benchTalks makes the events of the workload, in the order of a log read back.
func benchTalks(m rating.Month) [][]rating.Event {
	rnd := rand.New(rand.NewPCG(1, 2))
	categories := [...]string{"marketing", "utility", "authentication", "utility"}
	talks := make([][]rating.Event, benchConversations)
	first, span := m.First().Midnight(time.UTC), int64(m.Days()-1)*int64(rating.Day)
	for i := range talks {
		user := fmt.Sprintf("+%d%09d", 100+i%benchMarkets, i)
		at := first + rating.Instant(rnd.Int64N(span))
		var events []rating.Event
		for n := range benchMessages {
			id := fmt.Sprintf("wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI%08X%08X", i, n)
			sent := rating.Event{Type: rating.Sent, At: at, MessageID: id, Sender: "+442079460000", User: user, Kind: rating.Template, Category: categories[n%len(categories)], Template: "order_shipped"}
			if n%5 == 3 { // a customer writes, and is answered
				in := rating.Event{Type: rating.Received, At: at - 60_000, MessageID: id + "R", Sender: sent.Sender, User: user, Kind: rating.Freeform}
				events = append(events, in)
				sent.Kind, sent.Category, sent.Template = rating.Freeform, "", ""
			}
			delivered, read := sent, sent
			delivered.Type, delivered.At = rating.Delivered, at+2000
			read.Type, read.At = rating.Read, at+90_000
			events = append(events, sent, delivered, read)
			at += rating.Instant(rnd.Int64N(int64(6 * rating.Hour)))
		}
		slices.SortStableFunc(events, func(a, b rating.Event) int { return int(a.At - b.At) })
		talks[i] = events
	}
	return talks
}

// benchTariff is one account on a list of 47 markets in 6 tiers.
func benchTariff() *rating.TariffRows {
	since := rating.Date{Year: 2018, Month: time.January, Day: 1}
	rows := &rating.TariffRows{
		Version:  "sha256:bench",
		Accounts: []rating.AccountRow{{Account: "bench", Country: "GB", Timezone: "Europe/London", Currency: "USD", Package: "p", ValidFrom: since}},
		Senders:  []rating.SenderRow{{Sender: "+442079460000", Account: "bench", WABA: "w"}},
		Packages: []rating.PackageRow{{Package: "p", ValidFrom: since, Currency: "USD", PriceList: "l"}},
	}
	for i := range benchMarkets {
		market := fmt.Sprintf("Market %02d", i)
		rows.Markets = append(rows.Markets, rating.MarketRow{Market: market, Prefix: fmt.Sprint(100 + i), ValidFrom: since})
		for tier, from := range [...]int64{1, 101, 501, 1001, 2001, 4001} {
			rows.Prices = append(rows.Prices, rating.PriceRow{
				PriceList: "l", ValidFrom: since, Currency: "USD", Origin: "*", Market: market, Category: "*",
				FromVolume: from, UnitPrice: decimal.New(int64(1000+i*10-tier*20), -4),
			})
		}
	}
	return rows
}
