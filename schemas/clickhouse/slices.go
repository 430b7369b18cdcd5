package clickhouse

import (
	"context"
	"encoding/hex"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
)

// limits are the parameters of a cut-off by numbers: see queries/log_senders.sql.
func limits(c reports.Cutoff) named {
	var topics []string
	var numbers []int64
	places, offsets := make([]int64, len(c)), make([]int64, len(c))
	for i, o := range c {
		n := slices.Index(topics, o.Topic)
		if n < 0 {
			n = len(topics)
			topics, numbers = append(topics, o.Topic), append(numbers, int64(n))
		}
		places[i], offsets[i] = int64(n)<<32+int64(o.Partition), o.Offset
	}
	return named{"topics": topics, "numbers": numbers, "places": places, "offsets": offsets}
}

// Senders implements reports.EventLog.
func (s *Store) Senders(ctx context.Context, upTo reports.Cutoff) (senders []reports.SenderSummary, err error) {
	if len(upTo) == 0 {
		return nil, nil
	}
	rows, err := s.query(ctx, "log_senders", limits(upTo))
	if err != nil {
		return nil, err
	}
	err = each(rows, func() error {
		var one reports.SenderSummary
		if err := rows.Scan(&one.Sender, &one.Accounts, &one.Events, (*int64)(&one.Latest)); err != nil {
			return err
		}
		one.Accounts = slices.DeleteFunc(one.Accounts, func(account string) bool { return account == "" })
		senders = append(senders, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("senders of the log: %w", err)
	}
	return senders, nil
}

// Users implements reports.EventLog, by a random sample of 10,000 events.
func (s *Store) Users(ctx context.Context, upTo reports.Cutoff, sender string, n int) ([]string, error) {
	if len(upTo) == 0 {
		return nil, nil
	}
	params := limits(upTo)
	params["sender"] = sender
	rows, err := s.query(ctx, "log_users", params)
	if err != nil {
		return nil, err
	}
	var sample []string
	err = each(rows, func() error {
		var user string
		err := rows.Scan(&user)
		sample = append(sample, user)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("users of %s: %w", sender, err)
	}
	cuts := make([]string, 0, n)
	for i := range n {
		if len(sample) > 0 {
			cuts = append(cuts, sample[len(sample)*(i+1)/(n+1)])
		}
	}
	return slices.Compact(cuts), nil
}

// AsOf implements reports.EventLog. The latest event decides, unless an earlier copy of it
// takes its place; then the next is asked. After so many the whole log is grouped.
func (s *Store) AsOf(ctx context.Context, upTo reports.Cutoff) (at rating.Instant, err error) {
	const asked = 100
	if len(upTo) == 0 {
		return 0, nil
	}
	newest, err := s.newest(ctx, upTo, asked)
	if err != nil {
		return 0, fmt.Errorf("latest events: %w", err)
	}
	for i := range newest {
		first, err := s.firstTime(ctx, upTo, &newest[i])
		if err != nil {
			return 0, fmt.Errorf("copies of the latest events: %w", err)
		}
		if first == newest[i].At {
			return first, nil
		}
	}
	if len(newest) < asked {
		return 0, nil // there are none
	}
	rows, err := s.query(ctx, "log_as_of", limits(upTo))
	if err != nil {
		return 0, err
	}
	err = each(rows, func() error { return rows.Scan((*int64)(&at)) })
	return at, err
}

// newest are the latest events, the latest first, with their identities only.
func (s *Store) newest(ctx context.Context, upTo reports.Cutoff, limit int64) (events []rating.Event, err error) {
	params := limits(upTo)
	params["limit"] = limit
	rows, err := s.query(ctx, "log_newest", params)
	if err != nil {
		return nil, err
	}
	err = each(rows, func() error {
		var e rating.Event
		err := rows.Scan(&e.Sender, &e.User, &e.MessageID, (*uint8)(&e.Type), (*int64)(&e.At))
		events = append(events, e)
		return err
	})
	return events, err
}

// firstTime is the earliest time of the copies of an event.
func (s *Store) firstTime(ctx context.Context, upTo reports.Cutoff, e *rating.Event) (first rating.Instant, err error) {
	if e.Type.IsConsent() {
		return e.At, nil // its time is part of what it is
	}
	params := limits(upTo)
	params["sender"], params["user"], params["message"], params["type"] = e.Sender, e.User, hex.EncodeToString([]byte(e.MessageID)), uint8(e.Type)
	rows, err := s.query(ctx, "log_first", params)
	if err != nil {
		return 0, err
	}
	err = each(rows, func() error { return rows.Scan((*int64)(&first)) })
	return first, err
}
