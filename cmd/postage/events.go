package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"postage/rating"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
)

// eventsCommand is `postage events`.
type eventsCommand struct {
	Generate eventsGenerateCommand `cmd:"" help:"Make up a month of traffic that looks like life, one record per line."`
	Validate eventsValidateCommand `cmd:"" help:"Check records against the event formats and name every fault."`
}

// trafficFlags describe made-up traffic.
type trafficFlags struct {
	Month    string `default:"2026-10" placeholder:"YYYY-MM" help:"The month (default ${default})."`
	Accounts int    `placeholder:"N" help:"How many accounts of the tariff take part (default: all)."`
	Messages int    `default:"200000" placeholder:"N" help:"Outbound messages, about three events each (default ${default})."`
	Seed     uint64 `default:"1" placeholder:"N" help:"Same seed, same bytes (default ${default})."`
	Format   string `default:"v1" enum:"v1,webhook" help:"v1 events, or the carrier's webhook bodies: v1 or webhook (default ${default})."`
}

func (f *trafficFlags) generator(t *rating.Tariff) (*traffic.Generator, error) {
	month, err := rating.ParseMonth(f.Month)
	if err != nil {
		return nil, usageError{err}
	}
	format, err := traffic.ParseFormat(f.Format)
	if err != nil {
		return nil, usageError{err}
	}
	accounts, err := traffic.AccountsOf(t.Rows, month, f.Accounts)
	if err != nil {
		return nil, usageError{err}
	}
	g, err := traffic.New(traffic.Config{Month: month, Messages: f.Messages, Seed: f.Seed, Accounts: accounts, Format: format})
	if err != nil {
		return nil, usageError{err}
	}
	return g, nil
}

type eventsGenerateCommand struct {
	trafficFlags
	Tariff string `default:"example" placeholder:"DIR" help:"Tariff whose accounts and senders appear (default: the example)."`
}

func (c *eventsGenerateCommand) Run(ctx context.Context, s *streams) error {
	t, err := (tariffFlag{c.Tariff}).load()
	if err != nil {
		return err
	}
	g, err := c.generator(t.Tariff)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(s.out, 1<<20)
	for r := range g.Records() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := out.Write(r.Value); err != nil {
			return err
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	facts := g.Facts().Total
	fmt.Fprintf(s.err, "%d outbound messages, %d inbound, %d events in %d records, %d of them copies\n", facts.Outbound, facts.Inbound, facts.Events, facts.Records, facts.Copies)
	return nil
}

type eventsValidateCommand struct {
	Files []string `arg:"" optional:"" help:"Files of records, one per line; standard input when none is named."`
}

// Run prints one line per fault, "FILE:LINE: WHERE: what is wrong", and fails
// when there was any.
func (c *eventsValidateCommand) Run(ctx context.Context, s *streams) error {
	var good, bad int
	decoder := newDecoder(nil)
	check := func(name string, in io.Reader) error {
		for line, r := range records(in) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if r.err != nil {
				return fmt.Errorf("%s:%d: %w", name, line, r.err)
			}
			refused := false
			for _, p := range decoder.Validate(r.value, 0) {
				fmt.Fprintf(s.out, "%s:%d: %s\n", name, line, p)
				refused = refused || p.Severity == events.Refuse
			}
			if refused {
				bad++
			} else {
				good++
			}
		}
		return nil
	}
	if len(c.Files) == 0 {
		if err := check("stdin", s.in); err != nil {
			return err
		}
	}
	for _, name := range c.Files {
		f, err := os.Open(name)
		if err != nil {
			return usageError{err}
		}
		err = check(name, f)
		f.Close()
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(s.err, "%d records good, %d bad\n", good, bad)
	if bad > 0 {
		return fmt.Errorf("%d of %d records would be refused", bad, good+bad)
	}
	return nil
}
