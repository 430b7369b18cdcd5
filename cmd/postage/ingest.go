package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"postage/ingest/kafka"
	"postage/ingest/live"
	"postage/ingest/metrics"
	"syscall"
	"time"
)

// ingestCommand is `postage ingest`: consume, and classify what arrives.
type ingestCommand struct {
	engineFlags
	Tariff        string `placeholder:"DIR" help:"Tariff to classify by, and to make the active one of all processes; \"example\" for the built-in one. Without it the active one; without that, events are only kept. On SIGHUP it is read again."`
	UntilCaughtUp bool   `help:"Stop at the end that the topic has now."`
	Listen        string `placeholder:"HOST:PORT" help:"Serve /metrics, /healthz and /readyz there, as on 127.0.0.1:9464 (default: not at all)."`
	LiveMemory    int64  `default:"512" placeholder:"MB" help:"Memory for the timelines of recent conversations (default ${default} MB)."`

	SessionTimeout time.Duration `default:"15s" help:"For how long a process may be silent before the others of its group take over its partitions."`
	BatchRecords   int           `default:"100000" help:"Store after so many records,"`
	BatchMib       int           `name:"batch-mib" default:"32" help:"or so many MiB of them (nothing more is fetched while twice as much is in hand),"`
	BatchAge       time.Duration `default:"1s" help:"or when the oldest has waited so long."`
	BatchUnpacked  int64         `name:"batch-unpacked-mib" default:"128" help:"Largest compressed batch of Kafka's that is read, once it is unpacked, in MiB (default ${default}). A larger one is an error, not stepped over."`
}

func (c *ingestCommand) Run(ctx context.Context, s *streams) (err error) {
	defer func() { err = maskError(err) }() // it may quote a record
	if err := c.validate(); err != nil {
		return err
	}
	kafka.BoundBatches(c.BatchUnpacked << 20)
	var t *loadedTariff
	if c.Tariff != "" {
		if t, err = (tariffFlag{c.Tariff}).load(); err != nil {
			return err
		}
	}
	hangups := make(chan os.Signal, 1) // from now on: one that comes while we wait would end us
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	e := &engines{session: c.SessionTimeout, liveCacheBytes: c.LiveMemory << 20, patient: !c.UntilCaughtUp}
	defer closeWith(&err, "engines", e.Close)
	if err := c.nameKafka(e); err != nil {
		return err
	}
	var m *metrics.Metrics
	if c.Listen != "" {
		m = metrics.New()
		s, e.connections = s.counting(&m.Warnings), &m.Connections
		stop, err := listen(ctx, s, c.Listen, m, &e.reached)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := c.open(ctx, s, e, t); err != nil {
		if e.patient && ctx.Err() != nil {
			s.log.Warn("stopped before there was anything to do", "error", err)
			return nil
		}
		return err
	}
	service, closeService, err := e.newService(s, t.tariffOrNil())
	if err != nil {
		return err
	}
	defer closeWith(&err, "consumer", closeService)
	if m != nil {
		service.Source, service.Log = m.Source(service.Source), m.Log(service.Log)
		m.Counter("postage_retries_total", "Attempts made again because Kafka or ClickHouse did not do what they were asked.", service.Stats.Retries.Load)
	}
	service.UntilCaughtUp = c.UntilCaughtUp
	service.BatchRecords, service.BatchBytes, service.BatchAge = c.BatchRecords, c.BatchMib<<20, c.BatchAge
	follower, _ := service.Follower.(*live.Follower)
	if m != nil {
		m.Live(&follower.Stats)
	}
	defer each(hangups, func() {
		if c.Tariff != "" {
			c.reload(ctx, s, e)
		}
		follower.Wake()
	})()
	if err := service.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d records: %d events stored, %d refused; %d verdicts written\n",
		service.Stats.Records.Load(), service.Stats.Events.Load(), service.Stats.Refused.Load(), follower.Stats.Rows.Load())
	return nil
}

// validate names every fault of the flags at once.
func (c *ingestCommand) validate() error {
	var faults []error
	for _, flag := range []struct {
		name  string
		value int64
	}{
		{"live-memory", c.LiveMemory}, {"batch-records", int64(c.BatchRecords)}, {"batch-mib", int64(c.BatchMib)}, {"batch-unpacked-mib", c.BatchUnpacked},
	} {
		if flag.value < 1 {
			faults = append(faults, fmt.Errorf("--%s %d: want 1 or more", flag.name, flag.value))
		}
	}
	if c.BatchAge <= 0 {
		faults = append(faults, fmt.Errorf("--batch-age %s: want more than 0", c.BatchAge))
	}
	if c.SessionTimeout < time.Second {
		faults = append(faults, fmt.Errorf("--session-timeout %s: want 1s or more", c.SessionTimeout))
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// open opens ClickHouse, makes the tariff, if there is one, the active one, and opens Kafka.
func (c *ingestCommand) open(ctx context.Context, s *streams, e *engines, t *loadedTariff) error {
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	if t != nil {
		err := e.reach(ctx, s, "activating the tariff", c.Clickhouse, func(ctx context.Context) error { return e.tariffs.activate(ctx, t) })
		if err != nil {
			return err
		}
	}
	return c.openKafka(ctx, s, e)
}

// each calls do for every signal until the function that it returns is called.
func each(signals chan os.Signal, do func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			do()
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// reload activates the tariff as it is now, on a SIGHUP. A tariff with faults is refused
// with all of them, and the active one stays. Processes without --tariff look for the active one.
func (c *ingestCommand) reload(ctx context.Context, s *streams, e *engines) {
	t, err := (tariffFlag{c.Tariff}).load()
	if err == nil {
		err = e.tariffs.activate(ctx, t)
	}
	if err != nil {
		fmt.Fprintf(s.err, "postage: tariff %s is not reloaded, the active one stays:\n%v\n", c.Tariff, err)
		return
	}
	s.log.Info("tariff reloaded", "tariff", t.Rows.Version)
}
