package main

import (
	"context"
	"fmt"
	"maps"
	"postage/ingest"
	"postage/rating"
	"slices"
	"time"
)

// logFaults lists what is known to be missing from the log of a month, one sentence
// each.
func (c *closeCommand) logFaults(ctx context.Context, s *streams, e *engines, m rating.Month) ([]string, error) {
	if c.Kafka != "" {
		if err := c.openKafka(ctx, s, e); err != nil {
			return nil, err
		}
	}
	return incomplete(ctx, e, m)
}

// incomplete says what is missing from the log for a month, one sentence each:
// gaps in the ledger, rows that it does not account for, files loaded in part, and,
// where there is a broker, records that arrived before the month was over and were
// not consumed.
func incomplete(ctx context.Context, e *engines, m rating.Month) ([]string, error) {
	states, err := e.store.Completeness(ctx)
	if err != nil {
		return nil, err
	}
	var faults []string
	consumed := map[ingest.Partition]int64{}
	for i := range states {
		faults = append(faults, states[i].Faults()...)
		consumed[ingest.Partition{Topic: states[i].Topic, ID: states[i].Partition}] = states[i].End
	}
	if e.brokers != nil {
		const westernmost = 12 * time.Hour // the last place on earth where a month ends
		unread, err := e.cluster().Unread(ctx, eventsTopic, consumed, m.Next().First().Midnight(time.UTC).Time().Add(westernmost))
		if err != nil {
			return nil, err
		}
		for _, p := range slices.SortedFunc(maps.Keys(unread), func(a, b ingest.Partition) int { return int(a.ID - b.ID) }) {
			faults = append(faults, fmt.Sprintf("topic %s, partition %d: offsets %d to %d, and perhaps more, arrived before %s was over everywhere and were not consumed; run postage ingest until it has caught up", p.Topic, p.ID, unread[p].First, unread[p].Next-1, m))
		}
	}
	loads, err := e.store.Loads(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range loads {
		if l.CompleteTo < l.End {
			faults = append(faults, fmt.Sprintf("file %s (topic %s, partition 0): offsets %d to %d were not loaded; load it again: it goes on where it stopped", l.File, l.Topic, l.CompleteTo, l.End-1))
		}
	}
	return faults, nil
}
