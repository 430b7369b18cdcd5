// Package traffic makes up a month of WhatsApp Business traffic that looks like
// life: firms of different trades, their customers in many countries, days and
// weeks, conversations inside and outside the care window, and records as
// producers and webhooks really deliver them, repeated and out of order.
//
// It is a simulation in event time. Half an hour after half an hour it plans
// what people and firms will do (episode.go), does it in time order knowing
// every open window (act.go, send.go), and posts what each act causes to arrive
// later (post.go). Memory holds the state of each user and what is under way,
// never the month.
//
// The same Config gives the same bytes, whatever the machine's speed or map
// order. Both formats describe the same traffic: the same messages, times and
// claims of the carrier. It owns no rule of rating; where it needs one (is a
// window open, what would the carrier say) it plays the carrier, and a test
// compares. All people, firms and numbers are made up.
package traffic

import (
	"errors"
	"fmt"
	"iter"
	"postage/rating"
	"time"
)

// Format is how records are written.
type Format uint8

// The formats. Webhook streams hold consents as v1 events, because the carrier
// has no webhook for them: in life they come from the firm's own systems.
const (
	V1      Format = iota // one v1 event per record
	Webhook               // Cloud API webhook bodies, now and then several events in one
)

// ParseFormat reads v1 or webhook.
func ParseFormat(s string) (Format, error) {
	switch s {
	case "v1":
		return V1, nil
	case "webhook":
		return Webhook, nil
	}
	return V1, fmt.Errorf("format %q: want v1 or webhook", s)
}

func (f Format) String() string { return [...]string{"v1", "webhook"}[f] }

// Config says what to make.
type Config struct {
	Month    rating.Month
	Messages int    // outbound messages, made exactly; about three events each, and inbounds beside
	Seed     uint64 // same seed, same bytes
	Accounts []Account
	Format   Format
	Copies   float64 // share of records that are exact copies of earlier ones; 0 means 5 %, negative none
}

// DefaultCopies is the share of repeated records unless Config says otherwise.
const DefaultCopies = 0.05

// Record is one record of the stream. Key and Value belong to the receiver, who
// must not change them: copies of a record may share memory with others.
type Record struct {
	Key     string         // sender|user; of a body with several users, the first one's
	Value   []byte         // one JSON document
	Arrived rating.Instant // when the broker takes it; never goes back, never before the event
	Account string
}

// Generator makes one stream. It is for one goroutine and one run.
type Generator struct {
	cfg      Config
	accounts []*account
	agenda   queue[action]
	out      post
	dice     dice
	ids      idMaker
	seq      uint64
	begun    bool
}

// slice is the step in which episodes are planned. Half an hour, because there
// are timezones half an hour off.
const slice = rating.Hour / 2

// New checks the configuration and prepares a stream. The error names every
// fault.
func New(cfg Config) (*Generator, error) {
	var faults []error
	if cfg.Month.IsZero() || cfg.Month.First().Before(rating.Date{Year: 2018, Month: time.February, Day: 1}) {
		faults = append(faults, fmt.Errorf("month %q: want 2018-02 or later", cfg.Month))
	}
	if cfg.Messages < 0 || cfg.Messages > maxMessages {
		faults = append(faults, fmt.Errorf("messages %d: want 0 to %d", cfg.Messages, maxMessages))
	}
	if cfg.Copies >= 0.9 {
		faults = append(faults, fmt.Errorf("copies %g: want a share below 0.9", cfg.Copies))
	}
	if len(cfg.Accounts) == 0 {
		faults = append(faults, errors.New("no accounts: want at least one"))
	}
	for _, a := range cfg.Accounts {
		faults = append(faults, a.faults()...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if cfg.Copies == 0 {
		cfg.Copies = DefaultCopies
	}
	g := &Generator{
		cfg:  cfg,
		dice: newDice(cfg.Seed, 1),
		ids:  idMaker{seed: mix(cfg.Seed ^ 0x6d65737361676573)},
	}
	g.out = newPost(cfg)
	for i, budget := range shares(cfg) {
		g.accounts = append(g.accounts, newAccount(cfg, i, budget))
	}
	return g, nil
}

const maxMessages = 1 << 30

// Records yields the stream in order of arrival. It may be ranged over once; a
// second time panics, because a stream that starts in its middle is no stream.
func (g *Generator) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		if g.begun {
			panic("traffic: Records ranged over twice")
		}
		g.begun = true
		from, to := g.span()
		for at := from; at < to; at += slice {
			for _, a := range g.accounts {
				g.plan(a, at)
			}
			if !g.run(at+slice, yield) {
				return
			}
		}
		if g.run(never, yield) {
			g.out.deliver(never, yield)
		}
	}
}

// run does everything that is due before end, and posts what arrives meanwhile.
func (g *Generator) run(end rating.Instant, yield func(Record) bool) bool {
	for {
		at, ok := g.agenda.next()
		if !ok || at >= end {
			return true
		}
		if !g.out.deliver(at, yield) {
			return false
		}
		g.act(g.agenda.pop())
	}
}

// span is the time in which episodes begin: the month of every account in its
// own timezone, with what spills over its borders.
func (g *Generator) span() (from, to rating.Instant) {
	from, to = g.accounts[0].from, g.accounts[0].to
	for _, a := range g.accounts {
		from, to = min(from, a.from), max(to, a.to)
	}
	from -= leadIn
	to += leadOut
	return from - from%slice, to
}

// Facts says what was made. It is complete when Records has been read to its end.
func (g *Generator) Facts() Facts {
	f := Facts{Month: g.cfg.Month, Format: g.cfg.Format}
	for _, a := range g.accounts {
		f.Accounts = append(f.Accounts, AccountFacts{Account: a.Name, Profile: a.Profile.String(), Tally: a.tally})
		f.Total.add(a.tally)
	}
	return f
}

const never = rating.Instant(1<<63 - 1)
