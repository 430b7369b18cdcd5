package metrics

import (
	"context"
	"postage/ingest"
	"time"
)

// Source returns source, watched.
func (m *Metrics) Source(source ingest.Source) ingest.Source { return &watchedSource{source, m} }

type watchedSource struct {
	ingest.Source
	m *Metrics
}

func (s *watchedSource) Next(ctx context.Context) (ingest.Generation, error) {
	m := s.m
	m.activity.leave() // until the next one has begun
	m.partitions.Set(0)
	m.activity.begin(&m.activity.wait)
	gen, err := s.Source.Next(ctx)
	m.activity.end(&m.activity.wait)
	if err != nil {
		return nil, err
	}
	m.generations.Inc()
	m.partitions.Set(float64(len(gen.Owned())))
	m.lagRecords.Reset()
	m.lagSeconds.Reset()
	m.nextOffset.Reset()
	m.activity.join(gen)
	return &watchedGeneration{gen, m}, nil
}

type watchedGeneration struct {
	ingest.Generation
	m *Metrics
}

// Shards implements ingest.Sharded where the source does.
func (g *watchedGeneration) Shards(ctx context.Context) (topic string, partitions int, err error) {
	if sharded, ok := g.Generation.(ingest.Sharded); ok {
		return sharded.Shards(ctx)
	}
	return "", 0, nil
}

func (g *watchedGeneration) Start(from map[ingest.Partition]int64) {
	g.m.activity.started(from)
	g.Generation.Start(from)
}

func (g *watchedGeneration) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	a := &g.m.activity
	a.begin(&a.wait)
	dst, err := g.Generation.Fetch(ctx, dst)
	a.end(&a.wait)
	return dst, err
}

func (g *watchedGeneration) Commit(ctx context.Context, next map[ingest.Partition]int64) error {
	m := g.m
	began := time.Now()
	m.activity.begin(&m.activity.commit)
	err := g.Generation.Commit(ctx, next)
	m.activity.end(&m.activity.commit)
	m.commitSeconds.Observe(time.Since(began).Seconds())
	if err != nil {
		m.commitErrors.Inc()
	}
	return err
}

// lookEvery is how often the broker is asked where partitions end.
const lookEvery = 10 * time.Second

// Watch keeps the lag up to date until ctx is done. It asks the broker for the ends
// of the partitions that this process owns, at once when it gets some.
func (m *Metrics) Watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		m.look(ctx, time.Now())
		select {
		case <-tick.C:
		case <-m.activity.begun:
		case <-ctx.Done():
			return
		}
	}
}

// look measures the lag once. A broker that does not answer leaves it as it was; that
// it does not shows elsewhere.
func (m *Metrics) look(ctx context.Context, now time.Time) {
	gen := m.activity.generation()
	if gen == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	bounds, err := gen.Bounds(ctx)
	if err != nil || m.activity.generation() != gen {
		return
	}
	for p, b := range bounds {
		at := m.activity.position(p)
		lag := max(b.Next-at.next, 0)
		seconds := 0.0
		if lag > 0 && at.arrived != 0 {
			seconds = max(now.Sub(at.arrived.Time()).Seconds(), 0)
		}
		m.lagRecords.With(labels(p)).Set(float64(lag))
		m.lagSeconds.With(labels(p)).Set(seconds)
	}
}
