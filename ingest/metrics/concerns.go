package metrics

import (
	"context"
	"postage/ingest/live"
	"postage/rating"
	"time"
)

const (
	concernsEvery = 15 * time.Second
	concernsShare = 50 // asking may take one part in so many of the time
)

// WatchConcerns keeps the counts of unrated messages and alarms up to date until ctx is
// done. It asks now and then, the more seldom the longer the answer takes. When there is none
// the figures stay as they were; that ClickHouse does not answer shows elsewhere.
func (m *Metrics) WatchConcerns(ctx context.Context, ask func(context.Context) ([]live.Concern, error)) {
	for {
		began := time.Now()
		if concerns, err := ask(ctx); err == nil {
			m.concerns(concerns)
		}
		select {
		case <-time.After(max(concernsEvery, concernsShare*time.Since(began))):
		case <-ctx.Done():
			return
		}
	}
}

// concerns publishes what was counted. What is not there is 0: an alert needs a figure.
func (m *Metrics) concerns(concerns []live.Concern) {
	m.unrated.Reset()
	m.alarms.Reset()
	for reason := rating.UnknownSender; reason <= rating.NoPackage; reason++ {
		m.unrated.WithLabelValues(reason.String(), "").Set(0)
	}
	for _, flag := range (^rating.Flags(0)).Names() {
		m.alarms.WithLabelValues(flag, "").Set(0)
	}
	for _, c := range concerns {
		if c.Unrated != "" {
			m.unrated.WithLabelValues(c.Unrated, c.Month).Set(float64(c.Messages))
		} else {
			m.alarms.WithLabelValues(c.Flag, c.Month).Set(float64(c.Messages))
		}
	}
}
