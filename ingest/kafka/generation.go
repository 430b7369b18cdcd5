package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"postage/ingest"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// generation implements ingest.Generation.
type generation struct {
	group *Group
	gen   *kafkago.Generation
	owned map[ingest.Partition]int64

	fetched   chan []ingest.Message
	failed    chan error
	over      chan struct{}      // closed when the generation has ended or is about to
	due       map[int32]int64    // next offset of each partition to be handed over
	abandon   context.CancelFunc // ends the generation from our side
	ended     context.Context    // done when nothing is in hand any more
	end       context.CancelFunc
	mu        sync.Mutex
	committed map[ingest.Partition]int64
}

func (g *Group) newGeneration(ctx context.Context, gen *kafkago.Generation) (*generation, error) {
	n := &generation{
		group: g, gen: gen, owned: map[ingest.Partition]int64{},
		fetched: make(chan []ingest.Message, 1), failed: make(chan error, 1), over: make(chan struct{}),
	}
	abandoned, abandon := context.WithCancel(context.WithoutCancel(ctx))
	n.abandon = abandon
	n.ended, n.end = context.WithCancel(context.WithoutCancel(ctx))
	gen.Start(func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-abandoned.Done():
		}
		close(n.over)
		// The group is joined anew only when we return. Until then nobody else can have our
		// partitions, unless the session runs out: time to finish what is in hand.
		select {
		case <-n.ended.Done():
		case <-time.After(g.session / 2):
		}
	})
	if err := n.resolve(ctx); err != nil {
		n.abandon()
		n.end()
		return nil, err
	}
	return n, nil
}

// resolve finds where each partition begins: at the committed offset, or at the first
// record where none is.
func (n *generation) resolve(ctx context.Context) error {
	var fresh []int
	for topic, assigned := range n.gen.Assignments {
		for _, a := range assigned {
			n.owned[ingest.Partition{Topic: topic, ID: int32(a.ID)}] = a.Offset
			if a.Offset < 0 {
				fresh = append(fresh, a.ID)
			}
		}
	}
	bounds, err := n.group.bounds(ctx, fresh)
	if err != nil {
		return err
	}
	for p, b := range bounds {
		n.owned[p] = b.First
	}
	n.committed = maps.Clone(n.owned)
	return nil
}

// bounds asks the brokers what can be read of some partitions.
func (g *Group) bounds(ctx context.Context, partitions []int) (map[ingest.Partition]ingest.Bounds, error) {
	if len(partitions) == 0 {
		return nil, nil
	}
	requests := make([]kafkago.OffsetRequest, 0, 2*len(partitions))
	for _, id := range partitions {
		requests = append(requests, kafkago.FirstOffsetOf(id), kafkago.LastOffsetOf(id))
	}
	client := &kafkago.Client{Addr: g.addr(), Timeout: 10 * time.Second, Transport: g.transport}
	resp, err := client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{
		Topics: map[string][]kafkago.OffsetRequest{g.topic: requests}, IsolationLevel: kafkago.ReadCommitted,
	})
	if err != nil {
		return nil, fmt.Errorf("topic %s: offsets: %w", g.topic, err)
	}
	bounds := make(map[ingest.Partition]ingest.Bounds, len(partitions))
	for _, p := range resp.Topics[g.topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("topic %s, partition %d: offsets: %w", g.topic, p.Partition, p.Error)
		}
		bounds[ingest.Partition{Topic: g.topic, ID: int32(p.Partition)}] = ingest.Bounds{First: p.FirstOffset, Next: p.LastOffset}
	}
	if len(bounds) != len(partitions) {
		return nil, fmt.Errorf("topic %s: offsets of %d partitions, want %d", g.topic, len(bounds), len(partitions))
	}
	return bounds, nil
}

func (g *Group) addr() net.Addr { return kafkago.TCP(g.brokers...) }

// Owner implements ingest.Tenure.
func (n *generation) Owner() ingest.Owner {
	return ingest.Owner{Group: n.gen.GroupID, Generation: n.gen.ID, Member: n.gen.MemberID}
}

// Prove implements ingest.Tenure: the coordinator takes a commit, of nothing new, from
// members of the running generation only.
func (n *generation) Prove(ctx context.Context) error { return n.Commit(ctx, nil) }

// Owned implements ingest.Generation.
func (n *generation) Owned() map[ingest.Partition]int64 { return n.owned }

// Bounds implements ingest.Generation.
func (n *generation) Bounds(ctx context.Context) (map[ingest.Partition]ingest.Bounds, error) {
	ids := make([]int, 0, len(n.owned))
	for p := range n.owned {
		ids = append(ids, int(p.ID))
	}
	return n.group.bounds(ctx, ids)
}

// Over implements ingest.Generation.
func (n *generation) Over() <-chan struct{} { return n.over }

// End implements ingest.Generation.
func (n *generation) End() { n.end() }

// Start implements ingest.Generation.
func (n *generation) Start(from map[ingest.Partition]int64) {
	n.due = map[int32]int64{}
	for p, offset := range from {
		n.due[p.ID] = offset
	}
	n.gen.Start(func(ctx context.Context) {
		if err := n.fetchAll(ctx, from); err != nil && ctx.Err() == nil {
			n.failed <- err
		}
	})
}

// Fetch implements ingest.Generation.
func (n *generation) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	select {
	case messages := <-n.fetched:
		return append(dst, messages...), n.account(messages)
	case err := <-n.failed:
		return dst, err
	case <-n.over:
		select {
		case err := <-n.failed: // which ended it
			return dst, err
		default:
			return dst, ingest.ErrGenerationEnded
		}
	case <-ctx.Done():
		return dst, ctx.Err()
	}
}

// account holds that every offset is handed over, with a record or in a gap: one that was
// left out would be lost for good.
func (n *generation) account(messages []ingest.Message) error {
	for i := range messages {
		m := &messages[i]
		if due := n.due[m.Partition]; m.Offset < due || m.Offset > due && !m.Gap {
			return fmt.Errorf("topic %s, partition %d: offset %d came when %d was due", m.Topic, m.Partition, m.Offset, due)
		}
		n.due[m.Partition] = m.Offset + 1
	}
	return nil
}

// Commit implements ingest.Generation. Where the coordinator cannot be reached, or is
// no longer the coordinator, the group is joined anew through the one that is.
func (n *generation) Commit(ctx context.Context, next map[ingest.Partition]int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.Copy(n.committed, next)
	if next == nil {
		next = n.committed
	}
	offsets := map[string]map[int]int64{}
	for p, offset := range next {
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int]int64{}
		}
		offsets[p.Topic][int(p.ID)] = offset
	}
	const attempts = 3
	for attempt := 1; ; attempt++ {
		err := n.gen.CommitOffsets(offsets)
		switch {
		case err == nil:
			return nil
		case hopeless(err):
			return fmt.Errorf("commit: %w: %w", err, ingest.ErrHopeless)
		case errors.Is(err, kafkago.RebalanceInProgress), errors.Is(err, kafkago.IllegalGeneration), errors.Is(err, kafkago.UnknownMemberId), attempt == attempts:
			n.group.logger.Info("the generation is over", "error", err)
			n.abandon()
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
}
