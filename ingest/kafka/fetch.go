package kafka

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"slices"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"golang.org/x/sync/errgroup"
)

const (
	fetchBytesMax     = 4 << 20 // of one answer, as compressed; a single larger batch of records comes whole
	partitionBytesMax = 1 << 20
	fetchWait         = 250 * time.Millisecond // of the broker, for the first byte
	fetchTimeout      = 30 * time.Second       // of an answer
	handOver          = 2_000                  // records at a time, so that a batch has about the size asked for
)

// position is how far one partition has been read.
type position struct {
	partition ingest.Partition
	next      int64
	slab      []byte // memory for the next keys and values
}

// fetchAll feeds the records of all partitions into the channel until the generation
// ends. One request at a time asks each leading broker for all that it leads, so that what
// is in memory does not grow with the number of partitions. Anything that goes wrong
// begins again with a look at who leads what.
func (n *generation) fetchAll(ctx context.Context, from map[ingest.Partition]int64) error {
	var positions []*position
	for p, offset := range from {
		positions = append(positions, &position{partition: p, next: offset})
	}
	if len(positions) == 0 {
		<-ctx.Done()
		return nil
	}
	var reminded time.Time
	const pauseMin = 100 * time.Millisecond
	for pause := pauseMin; ; pause = min(2*pause, 5*time.Second) {
		var answered atomic.Bool
		leaders, err := n.group.leaders(ctx, positions)
		if err == nil {
			fetchers, together := errgroup.WithContext(ctx)
			for _, led := range leaders {
				fetchers.Go(func() error { return n.fetchFrom(ctx, together, led, &answered) })
			}
			err = fetchers.Wait()
		}
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the generation is over: the error only says so
		case errors.Is(err, ingest.ErrHopeless):
			return err
		case hopeless(err):
			return fmt.Errorf("%w: %w", err, ingest.ErrHopeless)
		}
		if answered.Load() {
			pause = pauseMin
		}
		if time.Since(reminded) > remindEvery {
			n.group.logger.Warn("fetching does not work, trying on", "error", err)
			reminded = time.Now()
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// leaders sorts partitions by the broker that leads them.
func (g *Group) leaders(ctx context.Context, positions []*position) (map[int][]*position, error) {
	meta, err := g.metadata(ctx)
	if err != nil {
		return nil, err
	}
	leader := map[int]int{}
	for _, p := range meta.Partitions {
		leader[p.ID] = p.Leader.ID
	}
	led := map[int][]*position{}
	for _, p := range positions {
		id, ok := leader[int(p.partition.ID)]
		if !ok {
			return nil, fmt.Errorf("topic %s, partition %d: nobody leads it", g.topic, p.partition.ID)
		}
		led[id] = append(led[id], p)
	}
	return led, nil
}

// metadata is what the cluster says of our topic.
func (g *Group) metadata(ctx context.Context) (kafkago.Topic, error) {
	return topicMetadata(ctx, g.client(), g.topic)
}

// fetchFrom reads the partitions that one broker leads, until something goes wrong, here
// or with another broker (together). What it has read it hands over even then: the
// positions are behind it.
func (n *generation) fetchFrom(ctx, together context.Context, led []*position, answered *atomic.Bool) error {
	likely := 0
	for {
		messages, err := n.fetchOnce(together, led, likely)
		likely = len(messages)
		for some := range slices.Chunk(messages, handOver) {
			select {
			case n.fetched <- some:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return err
		}
		answered.Store(true)
		led = append(led[1:], led[0]) // nobody is always the last to be served
	}
}

// fetchOnce asks for what follows the positions and moves these on. Messages are good
// also when there is an error. likely is how many there may be.
func (n *generation) fetchOnce(ctx context.Context, led []*position, likely int) ([]ingest.Message, error) {
	topic := fetchapi.RequestTopic{Topic: n.group.topic}
	byID := make(map[int32]*position, len(led))
	for _, p := range led {
		byID[p.partition.ID] = p
		topic.Partitions = append(topic.Partitions, fetchapi.RequestPartition{
			Partition: p.partition.ID, FetchOffset: p.next,
			CurrentLeaderEpoch: -1, LogStartOffset: -1, PartitionMaxBytes: partitionBytesMax,
		})
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	answer, err := n.group.transport.RoundTrip(ctx, n.group.addr(), &fetchapi.Request{
		ReplicaID: -1, MaxWaitTime: int32(fetchWait.Milliseconds()), MinBytes: 1, MaxBytes: fetchBytesMax,
		IsolationLevel: int8(kafkago.ReadCommitted), SessionEpoch: -1, Topics: []fetchapi.RequestTopic{topic},
	})
	switch {
	case errors.Is(err, errBatchTooLarge):
		return n.fetchEach(ctx, led)
	case err != nil:
		return nil, fmt.Errorf("topic %s: fetch: %w", n.group.topic, err)
	}
	resp, ok := answer.(*fetchapi.Response)
	if !ok || resp.ErrorCode != 0 || len(resp.Topics) != 1 {
		return nil, fmt.Errorf("topic %s: fetch: answer %T: %w", n.group.topic, answer, errOf(resp))
	}
	messages := make([]ingest.Message, 0, likely)
	var errs []error
	for i := range resp.Topics[0].Partitions {
		part := &resp.Topics[0].Partitions[i]
		p := byID[part.Partition]
		switch {
		case p == nil:
			err = errors.New("was not asked for")
		case part.ErrorCode == int16(kafkago.OffsetOutOfRange):
			err = fmt.Errorf("offset %d is not there (the broker's log begins at %d): records were deleted before they were read, or the topic was made anew: %w",
				p.next, part.LogStartOffset, ingest.ErrHopeless)
		case part.ErrorCode != 0:
			err = kafkago.Error(part.ErrorCode)
		default:
			messages, err = p.take(messages, part)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("topic %s, partition %d: %w", n.group.topic, part.Partition, err))
		}
	}
	return messages, errors.Join(errs...)
}

func errOf(resp *fetchapi.Response) error {
	if resp == nil || resp.ErrorCode == 0 {
		return errors.New("not understood")
	}
	return kafkago.Error(resp.ErrorCode)
}
