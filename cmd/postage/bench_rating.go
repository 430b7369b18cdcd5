package main

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/ingest/files"
	"postage/rating"
	"runtime"
	"time"
)

// benchRatingCommand is `postage bench rating`: 3 events a message, 10 messages a
// conversation, 47 markets, 6 tiers, on one core. Events come grouped, those of a
// conversation together, as the close reads them; or at random, from a million
// conversations that are open at once.
type benchRatingCommand struct {
	JSON    bool          `name:"json" help:"One JSON object per line."`
	Order   string        `default:"both" enum:"grouped,random,both" help:"Order of the events: grouped, random or both (default ${default})."`
	Measure time.Duration `name:"for" default:"3s" help:"How long to measure the grouped workloads (default ${default})."`
	Open    int           `default:"1000000" placeholder:"N" help:"Conversations open at once in random order (default ${default}); a million take 4 GB."`
}

// ratingFigures is one line of the benchmark.
type ratingFigures struct {
	Regime           string  `json:"regime"`
	Order            string  `json:"order"` // grouped, random
	MessagesPerS     int64   `json:"messages_per_s"`
	NsPerMessage     float64 `json:"ns_per_message"`
	AllocsPerMessage float64 `json:"allocs_per_message"`
	Cores            int     `json:"cores"`
	Conversations    int     `json:"conversations"` // at hand at once
}

func (c *benchRatingCommand) Run(ctx context.Context, s *streams) error {
	if c.Open < benchAccounts {
		return usagef("--open %d: want at least %d", c.Open, benchAccounts)
	}
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	workloads := map[string]func(context.Context, rating.Month) (ratingFigures, error){"grouped": c.grouped, "random": c.random}
	for _, order := range [...]string{"grouped", "random"} {
		if c.Order != order && c.Order != "both" {
			continue
		}
		for _, month := range [...]rating.Month{{Year: 2026, Month: time.October}, {Year: 2023, Month: time.September}} {
			f, err := workloads[order](ctx, month)
			if err != nil {
				return err
			}
			if f.Order, f.Regime, f.Cores = order, "PMP2", 1; month.Year == 2023 {
				f.Regime = "CBP2"
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
	}
	return nil
}

const (
	benchMessages = 10 // of a conversation
	benchMarkets  = 47
	benchAccounts = 200 // of the tariff

	benchTalkBytes = 3200 // of the records of a conversation, and some room

	groupedAccounts      = 20
	groupedConversations = 20_000
)

// benchRater rates one account after another, as a close does, in memory that it
// keeps.
type benchRater struct {
	classifier *rating.Classifier
	pricer     *rating.Pricer
	messages   []rating.Message
	chargeable []*rating.Message
	charged    []int // which of the messages concern the pricer
	pending    []int // which may still be settled
}

func newBenchRater() (*benchRater, error) {
	t, err := rating.NewTariff(benchTariff(benchAccounts))
	if err != nil {
		return nil, err
	}
	return &benchRater{classifier: rating.NewClassifier(t), pricer: rating.NewPricer(t)}, nil
}

// classify classifies a conversation, and notes while it is at hand what is to be priced
// and what to be settled: no message is settled to be charged.
func (r *benchRater) classify(events []rating.Event) {
	first := len(r.messages)
	r.messages = r.classifier.Classify(r.messages, events)
	for i := first; i < len(r.messages); i++ {
		m := &r.messages[i]
		if m.Chargeable() {
			r.charged = append(r.charged, i)
		}
		if m.Outcome == rating.Pending || m.Cost.Outcome == rating.Pending {
			r.pending = append(r.pending, i)
		}
	}
}

// price prices the account whose conversations have been classified, and returns
// how many messages it has.
func (r *benchRater) price() int {
	r.chargeable = r.chargeable[:0]
	for _, i := range r.charged {
		r.chargeable = append(r.chargeable, &r.messages[i])
	}
	r.pricer.Price(r.chargeable)
	for _, i := range r.pending {
		r.messages[i].Settle(r.classifier.Latest())
	}
	n := len(r.messages)
	r.messages, r.charged, r.pending = r.messages[:0], r.charged[:0], r.pending[:0]
	return n
}

// grouped rates the month over and over.
func (c *benchRatingCommand) grouped(ctx context.Context, m rating.Month) (ratingFigures, error) {
	r, err := newBenchRater()
	if err != nil {
		return ratingFigures{}, err
	}
	accounts := newBenchTraffic(m, groupedAccounts, groupedConversations).talks()
	round := func() (messages int) {
		r.pricer.Reset()
		for _, talks := range accounts {
			for _, events := range talks {
				r.classify(events)
			}
			messages += r.price()
		}
		return messages
	}
	round() // warm: scratch memory has its size now
	w := newStopwatch()
	messages := 0
	for w.took < c.Measure && ctx.Err() == nil {
		w.start()
		messages += round()
		w.stop()
	}
	return w.figures(messages, groupedConversations), ctx.Err()
}

// random takes events one by one, each of a conversation drawn at random among
// those that are not over, and rates them when all are there.
func (c *benchRatingCommand) random(ctx context.Context, m rating.Month) (ratingFigures, error) {
	r, err := newBenchRater()
	if err != nil {
		return ratingFigures{}, err
	}
	traffic := newBenchTraffic(m, benchAccounts, c.Open)
	gathered := files.NewGatherer()
	gathered.Reserve(int64(c.Open) * benchTalkBytes) // the memory of one that has been at work for a while
	w := newStopwatch()
	for events := traffic.arrive(); len(events) > 0; events = traffic.arrive() {
		if ctx.Err() != nil {
			return ratingFigures{}, ctx.Err()
		}
		w.start()
		for i := range events {
			gathered.Add(&events[i])
		}
		w.stop()
	}
	w.start()
	messages := 0
	for _, sender := range traffic.senders {
		err := gathered.Each(ctx, sender, func(events []rating.Event) error {
			r.classify(events)
			return nil
		})
		if err != nil {
			return ratingFigures{}, err
		}
		messages += r.price()
	}
	w.stop()
	if want := c.Open * benchMessages; messages != want {
		return ratingFigures{}, fmt.Errorf("%d messages came back of %d", messages, want)
	}
	return w.figures(messages, c.Open), nil
}

// stopwatch measures what lies between start and stop, and all allocations. It
// goes by the processor time of this process where the system tells, because
// others may want the core too.
type stopwatch struct {
	took    time.Duration
	began   time.Duration
	mallocs uint64 // at the beginning
}

func newStopwatch() *stopwatch {
	runtime.GC()
	return &stopwatch{mallocs: mallocs()}
}

func (w *stopwatch) start() { w.began = clock() }
func (w *stopwatch) stop()  { w.took += clock() - w.began }

var started = time.Now()

func clock() time.Duration {
	if cpu := cpuTime(); cpu > 0 {
		return cpu
	}
	return time.Since(started)
}

func (w *stopwatch) figures(messages, conversations int) ratingFigures {
	return ratingFigures{
		MessagesPerS: int64(float64(messages) / w.took.Seconds()), NsPerMessage: float64(w.took.Nanoseconds()) / float64(messages),
		AllocsPerMessage: float64(mallocs()-w.mallocs) / float64(messages), Conversations: conversations,
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
