package metrics

import (
	"context"
	"postage/ingest"
	"postage/rating"
	"time"
)

// Log returns log, watched.
func (m *Metrics) Log(log ingest.Log) ingest.Log { return &watchedLog{log, m} }

type watchedLog struct {
	ingest.Log
	m *Metrics
}

func (l *watchedLog) Append(ctx context.Context, t ingest.Tenure, b *ingest.Batch) error {
	m := l.m
	began := time.Now()
	m.activity.begin(&m.activity.append)
	err := l.Log.Append(ctx, t, b)
	m.activity.end(&m.activity.append)
	m.appendSeconds.Observe(time.Since(began).Seconds())
	if err != nil {
		m.appendErrors.Inc()
		return err
	}
	m.count(b)
	return nil
}

// count adds up a batch that is durable now.
func (m *Metrics) count(b *ingest.Batch) {
	var records int64
	for i := range b.Spans {
		records += b.Spans[i].Records
	}
	m.events.Add(float64(len(b.Events)))
	m.batchRecords.Observe(float64(records))
	m.batchEvents.Observe(float64(len(b.Events)))
	m.recentCopies.Add(float64(m.copies.count(b.Events)))
	if len(b.Refused) > 0 {
		reasons := map[string]int{}
		for i := range b.Refused {
			reasons[b.Refused[i].Reason]++
		}
		for reason, n := range reasons {
			m.refused.WithLabelValues(reason).Add(float64(n))
		}
	}
	m.activity.stored(b.Spans, lastArrivals(b))
	for i := range b.Spans {
		s := &b.Spans[i]
		m.nextOffset.With(labels(ingest.Partition{Topic: s.Topic, ID: s.Partition})).Set(float64(s.To))
	}
	m.records.Add(float64(records)) // last: who sees them sees the rest, at the next scrape at the latest
}

// lastArrivals are the Kafka timestamps of the last record of each partition.
func lastArrivals(b *ingest.Batch) map[ingest.Partition]rating.Instant {
	last := make(map[ingest.Partition]rating.Instant, len(b.Spans))
	offsets := make(map[ingest.Partition]int64, len(b.Spans))
	note := func(o ingest.Origin, at rating.Instant) {
		p := ingest.Partition{Topic: o.Topic, ID: o.Partition}
		if reached, ok := offsets[p]; !ok || o.Offset > reached {
			offsets[p], last[p] = o.Offset, at
		}
	}
	// Records of a partition are in order, so the last one of each is soon found.
	for i := len(b.Events) - 1; i >= 0 && len(last) < len(b.Spans); i-- {
		note(b.Events[i].Origin, b.Events[i].ArrivedAt)
	}
	for i := range b.Refused {
		note(b.Refused[i].Origin, b.Refused[i].ArrivedAt)
	}
	return last
}
