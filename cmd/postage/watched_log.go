package main

import (
	"context"
	"iter"
	"postage/rating"
	"postage/reports"
	"sync/atomic"
)

// watchedLog is a log of which one can see how far it has been read, for a progress
// bar. Each rating asks for the senders first, which says how much there is.
type watchedLog struct {
	reports.EventLog
	total, read atomic.Int64 // events, of all months rated so far
}

func (l *watchedLog) Senders(ctx context.Context, upTo reports.Cutoff) ([]reports.SenderSummary, error) {
	senders, err := l.EventLog.Senders(ctx, upTo)
	for i := range senders {
		l.total.Add(senders[i].Events)
	}
	return senders, err
}

func (l *watchedLog) Conversations(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		for events, err := range l.EventLog.Conversations(ctx, upTo, of) {
			l.read.Add(int64(len(events)))
			if !yield(events, err) {
				return
			}
		}
	}
}

// show shows how far the log has been read until stop is called.
func (l *watchedLog) show(ctx context.Context, s *streams) (stop func()) {
	p := progress{what: "rating", total: l.total.Load, done: l.read.Load, unit: "events"}
	return p.run(ctx, s.err)
}
