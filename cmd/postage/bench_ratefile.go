package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"postage/ingest/files"
	"runtime"
	"time"
)

// benchRateFileCommand is `postage bench rate-file`: the whole of `postage rate`
// on a file of made-up traffic, against decoding the same file alone, with as many
// goroutines, in the same run.
type benchRateFileCommand struct {
	trafficFlags
	memoryFlag
	Tariff string `default:"example" placeholder:"DIR" help:"Tariff whose accounts and senders appear (default: the example)."`
	JSON   bool   `name:"json" help:"One JSON object."`
	File   string `placeholder:"FILE" help:"Rate this file of events instead of made-up traffic."`
	Runs   int    `default:"3" placeholder:"N" help:"How often to measure each; the best counts (default ${default})."`
}

// rateFileFigures is what the benchmark prints.
type rateFileFigures struct {
	Format        string  `json:"format"`
	Events        int64   `json:"events"`
	Messages      int64   `json:"messages"`
	Bytes         int64   `json:"bytes"`
	DecodePerS    int64   `json:"decode_events_per_s"`
	RatePerS      int64   `json:"rate_events_per_s"`
	Ratio         float64 `json:"ratio"`
	DecodeSeconds float64 `json:"decode_seconds"`
	RateSeconds   float64 `json:"rate_seconds"`
	DecodeCPU     float64 `json:"decode_cpu_seconds"` // of all cores; what a busy machine tells of the truth
	RateCPU       float64 `json:"rate_cpu_seconds"`
	CPURatio      float64 `json:"cpu_ratio"`
	PeakRSSMB     int64   `json:"peak_rss_mb"`
	Cores         int     `json:"cores"`
	Spilled       bool    `json:"spilled"`
	SpilledBytes  int64   `json:"spilled_bytes"`
}

func (c *benchRateFileCommand) Run(ctx context.Context, s *streams) error {
	if c.Runs < 1 {
		return usagef("--runs %d: want at least 1", c.Runs)
	}
	t, err := (tariffFlag{c.Tariff}).load()
	if err != nil {
		return err
	}
	config, err := c.rateConfig(t)
	if err != nil {
		return err
	}
	path := c.File
	if path == "" {
		dir, err := os.MkdirTemp("", "postage-bench-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, "events.jsonl")
		if err := c.generate(ctx, t, path); err != nil {
			return err
		}
	}
	f, err := c.measure(ctx, config, path)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(f)
	}
	_, err = fmt.Fprintf(s.out, "%d events (%d MB) on %d cores: decode %d/s, rate %d/s, ratio %.2f; peak memory %d MB, %d MB sorted on disk\n",
		f.Events, f.Bytes>>20, f.Cores, f.DecodePerS, f.RatePerS, f.Ratio, f.PeakRSSMB, f.SpilledBytes>>20)
	return err
}

// generate writes the workload, so that it costs no memory.
func (c *benchRateFileCommand) generate(ctx context.Context, t *loadedTariff, path string) error {
	g, err := c.generator(t.Tariff)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	for r := range g.Records() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		out.Write(r.Value)  //nolint:errcheck // Flush reports it
		out.WriteByte('\n') //nolint:errcheck // likewise
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// measure alternates the two, so that whatever else the machine does hits both,
// and keeps the best of each.
func (c *benchRateFileCommand) measure(ctx context.Context, config files.Config, path string) (f rateFileFigures, err error) {
	inputs, err := eventFiles([]string{path}, nil)
	if err != nil {
		return f, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return f, err
	}
	var decode, rate cost
	for range c.Runs {
		d, err := measured(func() error {
			_, err := files.Decode(ctx, config, inputs, io.Discard)
			return err
		})
		if err != nil {
			return f, err
		}
		decode.keepBest(d)
		r, err := measured(func() error {
			result, err := files.Rate(ctx, config, inputs, io.Discard, io.Discard)
			f.Events, f.Messages, f.SpilledBytes = result.Events, result.Messages, result.Spilled
			return err
		})
		if err != nil {
			return f, err
		}
		rate.keepBest(r)
	}
	f.Format, f.Bytes, f.Spilled = c.Format, info.Size(), f.SpilledBytes > 0
	f.DecodeSeconds, f.RateSeconds, f.DecodeCPU, f.RateCPU = decode.wall.Seconds(), rate.wall.Seconds(), decode.cpu.Seconds(), rate.cpu.Seconds()
	f.DecodePerS, f.RatePerS = perSecond(f.Events, decode.wall), perSecond(f.Events, rate.wall)
	f.Ratio = float64(decode.wall) / float64(rate.wall)
	if rate.cpu > 0 {
		f.CPURatio = float64(decode.cpu) / float64(rate.cpu)
	}
	f.PeakRSSMB, f.Cores = peakRSS()>>10, runtime.GOMAXPROCS(0)
	return f, nil
}

// cost is what a run took.
type cost struct{ wall, cpu time.Duration }

func measured(run func() error) (cost, error) {
	runtime.GC() // what the run before left is not this one's
	start, cpu := time.Now(), cpuTime()
	err := run()
	return cost{time.Since(start), cpuTime() - cpu}, err
}

func (c *cost) keepBest(other cost) { c.wall, c.cpu = best(c.wall, other.wall), best(c.cpu, other.cpu) }

// best is the shorter of two measurements; 0 is none.
func best(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func perSecond(n int64, d time.Duration) int64 { return int64(float64(n) / d.Seconds()) }
