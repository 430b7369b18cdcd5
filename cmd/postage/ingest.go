package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"postage/ingest/live"
	"syscall"
)

// ingestCommand is `postage ingest`: consume, and classify what arrives.
type ingestCommand struct {
	engineFlags
	Tariff        string `placeholder:"DIR" help:"Tariff to classify by, and to make the active one of all processes; \"example\" for the built-in one. Without it the active one; without that, events are only kept. On SIGHUP it is read again."`
	UntilCaughtUp bool   `help:"Stop at the end that the topic has now."`
	LiveMemory    int64  `default:"512" placeholder:"MB" help:"Memory for the timelines of recent conversations (default ${default} MB)."`
}

func (c *ingestCommand) Run(ctx context.Context, s *streams) (err error) {
	if c.LiveMemory < 1 {
		return usagef("--live-memory %d: want 1 or more", c.LiveMemory)
	}
	var t *loadedTariff
	if c.Tariff != "" {
		if t, err = (tariffFlag{c.Tariff}).load(); err != nil {
			return err
		}
	}
	e := &engines{liveCacheBytes: c.LiveMemory << 20}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	if t != nil {
		if err := e.tariffs.activate(ctx, t); err != nil {
			return err
		}
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
	follower, _ := service.Follower.(*live.Follower)
	defer c.reloadOnHangup(ctx, s, e, follower)()
	if err := service.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d records: %d events stored, %d refused; %d verdicts written\n",
		service.Stats.Records.Load(), service.Stats.Events.Load(), service.Stats.Refused.Load(), follower.Stats.Rows.Load())
	return nil
}

// reloadOnHangup reads the tariff again on every SIGHUP and activates it, until the
// function that it returns is called. Processes without --tariff look for the active one.
func (c *ingestCommand) reloadOnHangup(ctx context.Context, s *streams, e *engines, follower *live.Follower) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range hangups {
			if c.Tariff != "" {
				c.reload(ctx, s, e)
			}
			follower.Wake()
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-done
	}
}

// reload activates the tariff as it is now. A tariff with faults is refused with all of
// them, and the active one stays.
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
