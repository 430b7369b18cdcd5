package main

import (
	"context"
	"fmt"
	"postage/ingest/metrics"
	"time"
)

// ingestCommand is `postage ingest`: consume only.
type ingestCommand struct {
	engineFlags
	Tariff        string `placeholder:"DIR" help:"Tariff whose senders.csv maps the carrier's phone_number_id to numbers; \"example\" for the built-in one."`
	UntilCaughtUp bool   `help:"Stop at the end that the topic has now."`
	Listen        string `placeholder:"HOST:PORT" help:"Serve /metrics, /healthz and /readyz there, as on 127.0.0.1:9464 (default: not at all)."`

	SessionTimeout time.Duration `default:"15s" help:"For how long a process may be silent before the others of its group take over its partitions."`
	BatchRecords   int           `default:"50000" help:"Store after so many records,"`
	BatchMib       int           `name:"batch-mib" default:"32" help:"or so many MiB of them (nothing more is fetched while twice as much is in hand),"`
	BatchAge       time.Duration `default:"1s" help:"or when the oldest has waited so long."`
}

func (c *ingestCommand) Run(ctx context.Context, s *streams) (err error) {
	defer func() { err = maskError(err) }() // it may quote a record
	var t *loadedTariff
	if c.Tariff != "" {
		if t, err = (tariffFlag{c.Tariff}).load(); err != nil {
			return err
		}
	}
	e := &engines{session: c.SessionTimeout}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	if err := c.openKafka(ctx, s, e); err != nil {
		return err
	}
	var m *metrics.Metrics
	if c.Listen != "" {
		m = metrics.New()
		s, e.connections = s.counting(&m.Warnings), &m.Connections
		stop, err := listen(ctx, s, c.Listen, m, e.store.Ping)
		if err != nil {
			return err
		}
		defer stop()
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
	if err := service.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d records: %d events stored, %d refused\n", service.Stats.Records.Load(), service.Stats.Events.Load(), service.Stats.Refused.Load())
	return nil
}
