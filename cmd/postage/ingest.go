package main

import (
	"context"
	"fmt"
)

// ingestCommand is `postage ingest`: consume only.
type ingestCommand struct {
	engineFlags
	Tariff        string `placeholder:"DIR" help:"Tariff whose senders.csv maps the carrier's phone_number_id to numbers; \"example\" for the built-in one."`
	UntilCaughtUp bool   `help:"Stop at the end that the topic has now."`
}

func (c *ingestCommand) Run(ctx context.Context, s *streams) (err error) {
	var t *loadedTariff
	if c.Tariff != "" {
		if t, err = (tariffFlag{c.Tariff}).load(); err != nil {
			return err
		}
	}
	e := &engines{}
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
	if err := service.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d records: %d events stored, %d refused\n", service.Stats.Records.Load(), service.Stats.Events.Load(), service.Stats.Refused.Load())
	return nil
}
