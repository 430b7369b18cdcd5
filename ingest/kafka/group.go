// Package kafka is the only one that speaks to Kafka, through kafka-go: a
// consumer group as a source of ingest, and producers. It decides nothing about
// what records mean.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"postage/ingest"
	"postage/rating"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// MaxRecordBytes is the largest record that is read or written: larger ones than
// the decoder accepts must still arrive, to be refused and kept.
const MaxRecordBytes = 32 << 20

// Group is a consumer group on one topic. It implements ingest.Source.
type Group struct {
	cluster Cluster
	topic   string
	group   *kafkago.ConsumerGroup
	logger  *slog.Logger
}

// JoinGroup joins a consumer group over brokers without security: Cluster.JoinGroup.
func JoinGroup(brokers []string, topic, id string, logger *slog.Logger) (*Group, error) {
	return Cluster{Brokers: brokers}.JoinGroup(topic, id, logger)
}

// JoinGroup joins a consumer group. A group without a committed offset starts at
// the earliest record: what came before it first started counts too.
func (c Cluster) JoinGroup(topic, id string, logger *slog.Logger) (*Group, error) {
	g, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID:                    id,
		Brokers:               c.Brokers,
		Dialer:                c.consumerDialer(),
		Topics:                []string{topic},
		StartOffset:           kafkago.FirstOffset,
		WatchPartitionChanges: true,
		SessionTimeout:        15 * time.Second,
		RebalanceTimeout:      30 * time.Second,
		JoinGroupBackoff:      300 * time.Millisecond, // a broker that has just started refuses for a moment
		Logger:                kafkago.LoggerFunc(func(f string, a ...any) { logger.Debug(fmt.Sprintf(f, a...)) }),
		ErrorLogger:           kafkago.LoggerFunc(func(f string, a ...any) { logger.Warn(fmt.Sprintf(f, a...)) }),
	})
	if err != nil {
		return nil, fmt.Errorf("kafka %v, group %s: %w", c.Brokers, id, err)
	}
	return &Group{c, topic, g, logger}, nil
}

// Close leaves the group.
func (g *Group) Close() error { return g.group.Close() }

// Next implements ingest.Source. It rides out the errors of a rebalance.
func (g *Group) Next(ctx context.Context) (ingest.Generation, error) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		gen, err := g.group.Next(ctx)
		switch {
		case err == nil:
			return g.newGeneration(ctx, gen)
		case ctx.Err() != nil, errors.Is(err, kafkago.ErrGroupClosed):
			return nil, err
		}
		g.logger.Warn("joining the group", "error", err, "retry_in", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// generation implements ingest.Generation.
type generation struct {
	group *Group
	gen   *kafkago.Generation
	owned map[ingest.Partition]int64

	records chan ingest.Message
	failed  chan error
	over    chan struct{} // closed when the generation has ended
	once    sync.Once
}

func (g *Group) newGeneration(ctx context.Context, gen *kafkago.Generation) (*generation, error) {
	n := &generation{
		group: g, gen: gen, owned: map[ingest.Partition]int64{},
		records: make(chan ingest.Message, 4096), failed: make(chan error, 1), over: make(chan struct{}),
	}
	gen.Start(func(ctx context.Context) {
		<-ctx.Done()
		n.once.Do(func() { close(n.over) })
	})
	for topic, assigned := range gen.Assignments {
		for _, a := range assigned {
			offset := a.Offset
			if offset < 0 { // nothing committed yet
				first, _, err := g.cluster.offsets(ctx, g.topic, a.ID)
				if err != nil {
					return nil, err
				}
				offset = first
			}
			n.owned[ingest.Partition{Topic: topic, ID: int32(a.ID)}] = offset
		}
	}
	return n, nil
}

func (n *generation) Owned() map[ingest.Partition]int64 { return n.owned }

func (n *generation) Bounds(ctx context.Context) (map[ingest.Partition]ingest.Bounds, error) {
	bounds := make(map[ingest.Partition]ingest.Bounds, len(n.owned))
	for p := range n.owned {
		first, next, err := n.group.cluster.offsets(ctx, p.Topic, int(p.ID))
		if err != nil {
			return nil, err
		}
		bounds[p] = ingest.Bounds{First: first, Next: next}
	}
	return bounds, nil
}

func (n *generation) Start(from map[ingest.Partition]int64) {
	for p, offset := range from {
		n.gen.Start(func(ctx context.Context) {
			if err := n.read(ctx, p, offset); err != nil && ctx.Err() == nil {
				select {
				case n.failed <- err:
				default:
				}
			}
		})
	}
}

// read feeds the records of one partition into the channel until the generation
// ends.
func (n *generation) read(ctx context.Context, p ingest.Partition, offset int64) error {
	r := kafkago.NewReader(kafkago.ReaderConfig{
		Brokers:       n.group.cluster.Brokers,
		Dialer:        n.group.cluster.consumerDialer(),
		Topic:         p.Topic,
		Partition:     int(p.ID),
		MinBytes:      1,
		MaxBytes:      MaxRecordBytes,
		MaxWait:       250 * time.Millisecond,
		QueueCapacity: 1024,
		// Records that the broker has deleted are lost, not skipped.
		OffsetOutOfRangeError: true,
		ErrorLogger:           kafkago.LoggerFunc(func(f string, a ...any) { n.group.logger.Warn(fmt.Sprintf(f, a...)) }),
	})
	defer r.Close()
	if err := r.SetOffset(offset); err != nil {
		return fmt.Errorf("topic %s, partition %d, offset %d: %w", p.Topic, p.ID, offset, err)
	}
	for {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("topic %s, partition %d: %w", p.Topic, p.ID, err)
		}
		select {
		case n.records <- ingest.Message{
			Topic: m.Topic, Partition: int32(m.Partition), Offset: m.Offset,
			Time: rating.At(m.Time), Key: m.Key, Value: m.Value,
		}:
		case <-ctx.Done():
			return nil
		}
	}
}

func (n *generation) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	select {
	case m := <-n.records:
		dst = append(dst, m)
	case err := <-n.failed:
		return dst, err
	case <-n.over:
		return dst, ingest.ErrGenerationEnded
	case <-ctx.Done():
		return dst, ctx.Err()
	}
	for range len(n.records) { // what is there already comes along
		dst = append(dst, <-n.records)
	}
	return dst, nil
}

func (n *generation) Commit(ctx context.Context, next map[ingest.Partition]int64) error {
	offsets := map[string]map[int]int64{}
	for p, offset := range next {
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int]int64{}
		}
		offsets[p.Topic][int(p.ID)] = offset
	}
	var err error
	for range 3 {
		if err = n.gen.CommitOffsets(offsets); err == nil {
			return nil
		}
		if errors.Is(err, kafkago.RebalanceInProgress) || errors.Is(err, kafkago.IllegalGeneration) || errors.Is(err, kafkago.UnknownMemberId) {
			return ingest.ErrGenerationEnded
		}
		select {
		case <-n.over:
			return ingest.ErrGenerationEnded
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("commit: %w", err)
}
