package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/schemas/clickhouse"
)

type refusedReplayCommand struct {
	engineFlags
	Reason  string   `placeholder:"CODE" help:"All that is open for this reason."`
	All     bool     `help:"All that is open."`
	Again   bool     `help:"Also what has been replayed before."`
	Edit    string   `placeholder:"FILE" help:"Send the content of this file instead of the value of the one record named."`
	Origins []string `arg:"" optional:"" name:"origin" help:"${origin_help} A record is replayed with all its items."`
}

// Run sends the records to the topic of events, where ingest takes them up like
// any other. Good items of a body that are stored already become copies.
func (c *refusedReplayCommand) Run(ctx context.Context, s *streams) (err error) {
	list, _, err := origins(c.Origins)
	if err != nil {
		return err
	}
	chosen := 0
	for _, set := range []bool{len(list) > 0, c.Reason != "", c.All} {
		if set {
			chosen++
		}
	}
	switch {
	case chosen != 1:
		return usagef("say what to replay: origins, --reason or --all, one of them")
	case c.Edit != "" && len(list) != 1:
		return usagef("--edit replaces the value of one record: name its origin")
	}
	var edited []byte
	if c.Edit != "" {
		if edited, err = os.ReadFile(c.Edit); err != nil {
			return usageError{err}
		}
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	records, err := c.records(ctx, s, e.store, list)
	if err != nil || len(records) == 0 {
		return err
	}
	if err := c.openKafka(ctx, s, e); err != nil {
		return err
	}
	producer := e.cluster().Producer(eventsTopic)
	defer closeWith(&err, "producer", producer.Close)
	sent := 0
	for len(records) > 0 {
		n := slab(records)
		if err := replay(ctx, e.store, producer, records[:n], edited); err != nil {
			return errors.Join(err, fmt.Errorf("%d records were replayed before", sent))
		}
		sent += n
		records = records[n:]
	}
	fmt.Fprintf(s.out, "%d records sent to %s; what is still refused will be listed under its new origin (postage ingest takes them up)\n", sent, eventsTopic)
	return nil
}

// records finds what is to be replayed, each record once, oldest first, without
// content.
func (c *refusedReplayCommand) records(ctx context.Context, s *streams, store *clickhouse.Store, list []ingest.Origin) ([]clickhouse.Refusal, error) {
	refusals, err := store.Refusals(ctx, clickhouse.RefusedFilter{Records: list, Reason: c.Reason, Replayed: c.Again || len(list) > 0})
	if err != nil {
		return nil, err
	}
	var records []clickhouse.Refusal
	seen := map[string]bool{}
	for i := len(refusals) - 1; i >= 0; i-- {
		r := &refusals[i]
		name := r.Record()
		if seen[name] {
			continue
		}
		seen[name] = true
		if r.Replays > 0 && !c.Again {
			fmt.Fprintf(s.out, "%s: replayed before, as %s; --again replays it again\n", name, r.Last.To.Record())
			continue
		}
		records = append(records, *r)
	}
	for i, o := range list {
		if !seen[o.Record()] {
			return nil, fmt.Errorf("%s: nothing refused has that origin; nothing was replayed", c.Origins[i])
		}
	}
	if len(seen) == 0 {
		fmt.Fprintln(s.out, "nothing to replay: none is open")
	}
	return records, nil
}

// slab is how many records are replayed together: few, to hold little in memory
// and to repeat little after a crash.
func slab(records []clickhouse.Refusal) (n int) {
	const most, bytesMax = 500, 16 << 20
	var bytes int64
	for n < len(records) && n < most && (n == 0 || bytes+records[n].Bytes <= bytesMax) {
		bytes += records[n].Bytes
		n++
	}
	return n
}

// replay sends some records and notes that it did.
func replay(ctx context.Context, store *clickhouse.Store, producer *kafka.Producer, records []clickhouse.Refusal, edited []byte) error {
	wanted := make([]ingest.Origin, len(records))
	for i := range records {
		wanted[i] = records[i].Origin
	}
	contents, err := store.Refusals(ctx, clickhouse.RefusedFilter{Records: wanted, Replayed: true, Content: true})
	if err != nil {
		return err
	}
	byRecord := map[string]*clickhouse.Refusal{}
	for i := range contents {
		byRecord[contents[i].Record()] = &contents[i]
	}
	replays := make([]ingest.Replay, len(records))
	produced := make([]kafka.Produced, len(records))
	for i, o := range wanted {
		r := byRecord[o.Record()]
		if r == nil {
			return fmt.Errorf("%s: gone from the table of what was refused", o)
		}
		replays[i] = ingest.Replay{Of: o, Edited: edited != nil}
		produced[i] = kafka.Produced{Key: r.Key, Value: r.Value, Headers: map[string]string{"postage-replays": o.Record()}, Placed: &replays[i].To}
		if edited != nil {
			produced[i].Value = edited
		}
	}
	if err := producer.Produce(ctx, produced...); err != nil {
		return err
	}
	return store.SaveReplays(context.WithoutCancel(ctx), replays)
}
