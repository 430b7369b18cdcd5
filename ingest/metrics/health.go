package metrics

import (
	"errors"
	"fmt"
	"postage/ingest"
	"postage/rating"
	"sync"
	"sync/atomic"
	"time"
)

// stuckAfter is how long one append or commit, or anything between two of them, may
// take before the loop counts as stuck. Large batches to a slow server take seconds.
const stuckAfter = 5 * time.Minute

// activity is what the service is doing now.
type activity struct {
	wait, append, commit atomic.Int32  // calls under way
	last                 atomic.Int64  // when one began or ended, Unix nanoseconds
	begun                chan struct{} // holds a token when partitions were taken on

	mu        sync.Mutex
	gen       ingest.Generation // nil between generations
	positions map[ingest.Partition]position
}

// position is how far a partition is durable.
type position struct {
	next    int64
	arrived rating.Instant // Kafka timestamp of the last durable record; 0 when none was seen
}

func (a *activity) begin(calls *atomic.Int32) {
	calls.Add(1)
	a.last.Store(time.Now().UnixNano())
}

func (a *activity) end(calls *atomic.Int32) {
	calls.Add(-1)
	a.last.Store(time.Now().UnixNano())
}

func (a *activity) join(gen ingest.Generation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gen, a.positions = gen, map[ingest.Partition]position{}
	for p, next := range gen.Owned() {
		a.positions[p] = position{next: next}
	}
}

func (a *activity) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gen = nil
}

func (a *activity) started(from map[ingest.Partition]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p, next := range from {
		a.positions[p] = position{next: next}
	}
	select {
	case a.begun <- struct{}{}:
	default: // the last one was not seen yet
	}
}

func (a *activity) stored(spans []ingest.Span, arrived map[ingest.Partition]rating.Instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range spans {
		p := ingest.Partition{Topic: spans[i].Topic, ID: spans[i].Partition}
		at := a.positions[p]
		at.next = spans[i].To
		if t := arrived[p]; t != 0 {
			at.arrived = t
		}
		if a.positions == nil {
			a.positions = map[ingest.Partition]position{}
		}
		a.positions[p] = at
	}
}

func (a *activity) generation() ingest.Generation {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.gen
}

func (a *activity) position(p ingest.Partition) position {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.positions[p]
}

// Healthy returns nil when the loop goes round: it waits for the group or for
// records, or something began or ended within the last five minutes.
func (m *Metrics) Healthy(now time.Time) error {
	a := &m.activity
	last := a.last.Load()
	idle := now.Sub(time.Unix(0, last))
	if last == 0 || idle < stuckAfter {
		return nil
	}
	switch {
	case a.append.Load() > 0:
		return fmt.Errorf("appending a batch to ClickHouse for %s", idle.Round(time.Second))
	case a.commit.Load() > 0:
		return fmt.Errorf("committing offsets to Kafka for %s", idle.Round(time.Second))
	case a.wait.Load() > 0:
		return nil
	}
	return fmt.Errorf("the loop has done nothing for %s", idle.Round(time.Second))
}

// Joined returns nil when this process is a member of the consumer group, perhaps
// with no partition.
func (m *Metrics) Joined() error {
	if m.activity.generation() == nil {
		return errors.New("not a member of the consumer group (joining, or rebalancing)")
	}
	return nil
}
