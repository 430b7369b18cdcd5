package main

import (
	"context"
	"fmt"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/schemas/clickhouse"
	"postage/schemas/events"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// rawBatch is as many records as the service puts into a batch.
const rawBatch = 100_000

// raw is the leg without anything that makes records safe: three stages side by side, as
// in the service, from the first fetch to the last acknowledged insert.
func (b *pipelineBench) raw(ctx context.Context, store *clickhouse.Store, group string) (took time.Duration, err error) {
	source, err := b.engines.cluster().JoinGroup(b.topic, group, b.log, kafka.GroupOptions{})
	if err != nil {
		return 0, err
	}
	defer closeWith(&err, "consumer", source.Close)
	gen, err := source.Next(ctx)
	if err != nil {
		return 0, err
	}
	defer gen.End()
	if len(gen.Owned()) != topicPartitions {
		return 0, errNoPartitions
	}
	fetched, decoded := make(chan []ingest.Message, 1), make(chan []ingest.Record, 1)
	work, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	gen.Start(gen.Owned())
	work.Go(func() error {
		defer close(fetched)
		for left := b.events; left > 0; {
			batch := make([]ingest.Message, 0, rawBatch)
			for len(batch) < rawBatch && int64(len(batch)) < left {
				if batch, err = gen.Fetch(ctx, batch); err != nil {
					return err
				}
			}
			left -= int64(len(batch))
			if err := send(ctx, fetched, batch); err != nil {
				return err
			}
		}
		return nil
	})
	work.Go(func() error {
		defer close(decoded)
		decoder := newDecoder(b.tariff.Tariff)
		for messages := range fetched {
			if err := send(ctx, decoded, decodeAll(decoder, messages)); err != nil {
				return err
			}
		}
		return nil
	})
	work.Go(func() error {
		for records := range decoded {
			if err := store.Append(ctx, gen, &ingest.Batch{Events: records}); err != nil {
				return err
			}
		}
		return nil
	})
	err = work.Wait()
	return time.Since(began), err
}

func send[T any](ctx context.Context, to chan<- T, value T) error {
	select {
	case to <- value:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func decodeAll(d *events.Decoder, messages []ingest.Message) []ingest.Record {
	records := make([]ingest.Record, 0, len(messages))
	var items []events.Item
	for i := range messages {
		m := &messages[i]
		if m.Gap {
			continue
		}
		items, _ = d.Decode(items[:0], m.Value, m.Time)
		for _, item := range items {
			origin := ingest.Origin{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Index: item.Index}
			records = append(records, ingest.Record{Origin: origin, ArrivedAt: m.Time, Event: item.Event})
		}
	}
	return records
}

// enginePoll is how often the table is looked at; enginePatience how long it may stand still.
const enginePoll, enginePatience = 20 * time.Millisecond, time.Minute

// kafkaEngine is ClickHouse's own consumer. It tells nobody when it begins to read, so
// time runs from the first rows that can be seen, and those do not count: joining the
// group and filling the first block is not held against it.
func (b *pipelineBench) kafkaEngine(ctx context.Context, store *clickhouse.Store, group string) (time.Duration, error) {
	settings := tunedKafkaEngine
	settings.Brokers, settings.Topic, settings.Group = b.engines.brokers, b.topic, group
	if err := store.StartKafkaEngine(ctx, settings); err != nil {
		return 0, err
	}
	var first, last uint64
	var began, moved time.Time
	for moved = time.Now(); ; time.Sleep(enginePoll) {
		rows, err := store.EventRows(ctx)
		switch now := time.Now(); {
		case err != nil:
			return 0, err
		case rows > last && last == 0:
			first, last, began, moved = rows, rows, now, now
		case rows > last:
			last, moved = rows, now
		case now.Sub(moved) > enginePatience:
			return 0, fmt.Errorf("no new row for %s at %d of %d", enginePatience, rows, b.events)
		}
		if last < uint64(b.events) {
			continue
		}
		if first >= last {
			return 0, fmt.Errorf("all %d events came in one block: measure with more --messages", b.events)
		}
		// As if the first rows had come at the pace of the rest.
		return time.Duration(float64(moved.Sub(began)) * float64(last) / float64(last-first)), nil
	}
}

// rated is the service as `postage ingest` runs it, from the moment it is given partitions
// until everything is durable and committed.
func (b *pipelineBench) rated(ctx context.Context, store *clickhouse.Store, group string) (took time.Duration, err error) {
	e := &engines{
		brokers: b.engines.brokers, security: b.engines.security, store: store,
		tariffs: newActiveTariffs(store),
		names:   &topicNames{events: b.topic, refused: b.topic + ".refused", group: group},
	}
	if err := e.tariffs.activate(ctx, b.tariff); err != nil {
		return 0, err
	}
	service, closeService, err := e.newService(b.streams, b.tariff.Tariff)
	if err != nil {
		return 0, err
	}
	defer closeWith(&err, "consumer", closeService)
	clock := &startClock{Source: service.Source}
	service.Source, service.UntilCaughtUp = clock, true
	measured := b.watchGrowth(&service.Stats.Events)
	err = service.Run(ctx)
	b.figures.Growth = measured()
	if err != nil {
		return 0, err
	}
	return time.Since(clock.began), nil
}

// watchGrowth measures each tenth of a leg by the count of events stored, until it is asked for what it found.
func (b *pipelineBench) watchGrowth(stored *atomic.Int64) func() []pipelineGrowth {
	done, found := make(chan struct{}), make(chan []pipelineGrowth)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var list []pipelineGrowth
		last, at, cpu := int64(0), time.Now(), cpuTime()+cpuTimeOf(b.pid)
		for over := false; !over; {
			select {
			case <-tick.C:
			case <-done:
				over = true
			}
			n := stored.Load()
			if n-last < b.events/10 && !(over && n > last) {
				continue
			}
			now, spent := time.Now(), cpuTime()+cpuTimeOf(b.pid)
			list = append(list, pipelineGrowth{Stored: n, PerS: perSecond(n-last, now.Sub(at)), CPU: float64((spent - cpu).Microseconds()) / float64(n-last)})
			last, at, cpu = n, now, spent
		}
		found <- list
	}()
	return func() []pipelineGrowth {
		close(done)
		return <-found
	}
}

// startClock notes when partitions are taken on.
type startClock struct {
	ingest.Source
	began time.Time
}

func (c *startClock) Next(ctx context.Context) (ingest.Generation, error) {
	gen, err := c.Source.Next(ctx)
	c.began = time.Now()
	return gen, err
}
