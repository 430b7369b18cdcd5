package main

import (
	"context"
	"fmt"
	"time"
)

// ingestCommand is `postage ingest`: consume only.
type ingestCommand struct {
	engineFlags
	Tariff        string `placeholder:"DIR" help:"Tariff whose senders.csv maps the carrier's phone_number_id to numbers; \"example\" for the built-in one."`
	UntilCaughtUp bool   `help:"Stop at the end that the topic has now."`

	SessionTimeout time.Duration `default:"15s" help:"For how long a process may be silent before the others of its group take over its partitions."`
	BatchRecords   int           `default:"50000" help:"Store after so many records,"`
	BatchMib       int           `name:"batch-mib" default:"32" help:"or so many MiB of them (nothing more is fetched while twice as much is in hand),"`
	BatchAge       time.Duration `default:"1s" help:"or when the oldest has waited so long."`
}

func (c *ingestCommand) Run(ctx context.Context, s *streams) (err error) {
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
	service, closeService, err := e.newService(s, t.tariffOrNil())
	if err != nil {
		return err
	}
	defer closeWith(&err, "consumer", closeService)
	service.UntilCaughtUp = c.UntilCaughtUp
	service.BatchRecords, service.BatchBytes, service.BatchAge = c.BatchRecords, c.BatchMib<<20, c.BatchAge
	if err := service.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d records: %d events stored, %d refused\n", service.Stats.Records.Load(), service.Stats.Events.Load(), service.Stats.Refused.Load())
	return nil
}
