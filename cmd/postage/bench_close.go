package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/rating"
	"postage/reports/closing"
	"postage/schemas/clickhouse"
	"time"

	clickhouseembedded "postage/schemas/clickhouse/embedded"
)

// benchCloseCommand is `postage bench close`: a month of made-up traffic is put into the
// log of an embedded ClickHouse, which is not measured, and then rated from it as
// `postage close` does: rows of messages and charges and the statements are written to the
// same ClickHouse. Nothing is issued.
type benchCloseCommand struct {
	Messages int    `default:"10000000" placeholder:"N" help:"Outbound messages of the month, about 3 events each (default ${default})."`
	Accounts int    `default:"1000" placeholder:"N" help:"Accounts, each with a sender (default ${default})."`
	Largest  int    `default:"0" placeholder:"PERCENT" help:"Share of the messages that belong to the first account (default: all have the same)."`
	Month    string `default:"2026-10" placeholder:"YYYY-MM" help:"The month, which decides the regime (default ${default})."`
	JSON     bool   `name:"json" help:"One JSON object."`
}

// closeFigures is what the benchmark prints.
type closeFigures struct {
	Messages      int64   `json:"messages"`
	Accounts      int     `json:"accounts"`
	LargestShare  int     `json:"largest_account_percent,omitempty"`
	Events        int64   `json:"events"` // in the log
	Parts         uint64  `json:"parts"`  // of the table events when the measuring began
	Statements    int     `json:"statements"`
	MessagesPerS  int64   `json:"messages_per_s"`
	Seconds       float64 `json:"seconds"`
	CPU           float64 `json:"cpu_us_per_message"`            // of this process: what a busy machine tells of the truth
	ClickHouseCPU float64 `json:"clickhouse_cpu_us_per_message"` // of ClickHouse, its merges meanwhile included
	PeakRSSMB     int64   `json:"peak_rss_mb"`                   // of this process while it rated
	LoadSeconds   float64 `json:"load_seconds"`                  // not part of the measurement
	Machine       string  `json:"machine"`
}

func (c *benchCloseCommand) Run(ctx context.Context, s *streams) (err error) {
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	switch {
	case c.Accounts < 1 || c.Messages < c.Accounts*benchMessages:
		return usagef("--messages %d --accounts %d: want at least %d messages an account", c.Messages, c.Accounts, benchMessages)
	case c.Largest < 0 || c.Largest > 100:
		return usagef("--largest %d: want a percentage", c.Largest)
	}
	tariff, err := rating.NewTariff(benchTariff(c.Accounts))
	if err != nil {
		return err
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	server, err := openBench(ctx, s, e)
	if err != nil {
		return err
	}
	began := time.Now()
	traffic := newBenchTraffic(month, c.Accounts, c.Messages/benchMessages)
	traffic.largest = c.Largest
	events, err := loadBench(ctx, e.store, traffic)
	if err != nil {
		return err
	}
	f := closeFigures{Accounts: c.Accounts, LargestShare: c.Largest, Events: events, LoadSeconds: time.Since(began).Seconds(), Machine: machineName()}
	if f.Parts, err = e.store.MergeEvents(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d events in the log after %.0f s; rating %s\n", events, f.LoadSeconds, month)

	closer := &closing.Closer{Log: e.store, Runs: e.store, Logger: s.log, Tariff: tariff}
	resetPeakRSS()
	cpu, cpuClickHouse := cpuTime(), cpuTimeOf(server.PID())
	began = time.Now()
	r, err := closer.Rate(ctx, month)
	if err != nil {
		return err
	}
	took := time.Since(began)
	for i := range r.Statements {
		f.Messages += r.Statements[i].Counts.Messages
	}
	if want := int64(c.Messages / benchMessages * benchMessages); f.Messages != want {
		return fmt.Errorf("%d messages on the statements, %d in the log", f.Messages, want)
	}
	perMessage := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(f.Messages) }
	f.Statements, f.Seconds, f.MessagesPerS = len(r.Statements), took.Seconds(), int64(float64(f.Messages)/took.Seconds())
	f.CPU, f.ClickHouseCPU = perMessage(cpuTime()-cpu), perMessage(cpuTimeOf(server.PID())-cpuClickHouse)
	f.PeakRSSMB = peakRSS() >> 10
	if c.JSON {
		return json.NewEncoder(s.out).Encode(f)
	}
	_, err = fmt.Fprintf(s.out, "%d messages of %d accounts (%d events) on %s: rated from the log with their rows in %.1f s, %d messages/s; processor time a message %.2f us here and %.2f us in ClickHouse; peak memory %d MB\n",
		f.Messages, f.Accounts, f.Events, f.Machine, f.Seconds, f.MessagesPerS, f.CPU, f.ClickHouseCPU, f.PeakRSSMB)
	return err
}

// openBench starts a ClickHouse in a folder that goes with it.
func openBench(ctx context.Context, s *streams, e *engines) (*clickhouseembedded.Server, error) {
	dir, err := os.MkdirTemp("", "postage-bench-*")
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, func() error { return os.RemoveAll(dir) })
	server, err := clickhouseembedded.Start(ctx, clickhouseembedded.Options{DataDir: filepath.Join(dir, "clickhouse"), Log: s.log, Progress: s.err})
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, server.Close)
	if e.store, err = clickhouse.Open(ctx, server.DSN(), clickhouse.Options{}); err != nil {
		return nil, err
	}
	e.closers = append(e.closers, e.store.Close)
	return server, e.store.Migrate(ctx)
}

// loadBench appends the traffic to the log as it arrives, and returns how many events there are.
func loadBench(ctx context.Context, store *clickhouse.Store, traffic *benchTraffic) (events int64, err error) {
	const slab, topic = 300_000, "bench"
	batch := &ingest.Batch{}
	flush := func() error {
		n := int64(len(batch.Events))
		batch.Spans = []ingest.Span{{Topic: topic, From: events, To: events + n, Records: n, Stored: n, Events: n}}
		if err := store.Append(ctx, ingest.Sole{}, batch); err != nil {
			return err
		}
		events += n
		batch.Events = batch.Events[:0]
		return nil
	}
	for some := traffic.arrive(); len(some) > 0; some = traffic.arrive() {
		for i := range some {
			batch.Events = append(batch.Events, ingest.Record{
				Origin: ingest.Origin{Topic: topic, Offset: events + int64(len(batch.Events))}, ArrivedAt: some[i].At, Event: some[i],
			})
		}
		if len(batch.Events) >= slab {
			if err := flush(); err != nil {
				return events, err
			}
		}
	}
	return events, flush()
}
