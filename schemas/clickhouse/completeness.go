package clickhouse

import (
	"context"
	"fmt"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"time"
)

// Completeness returns the state of every partition that was ever consumed, in
// order of topic and partition. The ledger is read first and rows are counted up to its
// end, so that a consumer at work makes no difference. It takes about a second for
// twenty million events.
func (s *Store) Completeness(ctx context.Context) ([]ingest.PartitionState, error) {
	states, err := s.ledgerStates(ctx)
	if err != nil {
		return nil, err
	}
	type key struct {
		topic     string
		partition int32
	}
	at := make(map[key]int, len(states))
	var ends reports.Cutoff
	for i := range states {
		p := &states[i]
		at[key{p.Topic, p.Partition}] = i
		ends = append(ends, reports.CutoffOffset{Topic: p.Topic, Partition: p.Partition, Offset: p.End})
	}
	rows, err := s.query(ctx, "origins", cutoffParams(ends))
	if err != nil {
		return nil, err
	}
	err = each(rows, func() error {
		var p ingest.PartitionState
		if err := rows.Scan(&p.Topic, &p.Partition, &p.EventRows, &p.PartRows, &p.Repeated, &p.BeyondRows); err != nil {
			return err
		}
		if i, ok := at[key{p.Topic, p.Partition}]; ok {
			known := &states[i]
			known.EventRows, known.PartRows, known.Repeated, known.BeyondRows = p.EventRows, p.PartRows, p.Repeated, p.BeyondRows
		} else { // its first batch has no span yet
			states = append(states, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query origins: %w", err)
	}
	return states, nil
}

func (s *Store) ledgerStates(ctx context.Context) ([]ingest.PartitionState, error) {
	rows, err := s.query(ctx, "completeness", nil)
	if err != nil {
		return nil, err
	}
	var states []ingest.PartitionState
	err = each(rows, func() error {
		var p ingest.PartitionState
		var from, to []int64
		var last time.Time
		if err := rows.Scan(&p.Topic, &p.Partition, &p.First, &p.CompleteTo, &p.End, &p.Offsets, &p.Records, &p.Stored, &p.Refused,
			&p.Events, &p.Parts, &p.Missing, &from, &to, &p.Overlaps, &last); err != nil {
			return err
		}
		p.LastAt = rating.At(last)
		for i := range from {
			p.Gaps = append(p.Gaps, ingest.Gap{From: from[i], To: to[i]})
		}
		states = append(states, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query completeness: %w", err)
	}
	return states, nil
}
