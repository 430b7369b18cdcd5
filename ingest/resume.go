package ingest

import (
	"context"
	"fmt"
	"maps"
	"postage/schemas/events"
)

// resumption is where reading takes up: the next offset of each partition, and
// what a predecessor stored beyond its last span before it died.
type resumption struct {
	next   map[Partition]int64
	owned  map[Partition]Reached
	ends   map[Partition]int64 // of the partitions when ownership began
	stored map[Origin]struct{}
	items  []events.Item
	spare  chan []Record // memory of a batch that is done with
}

// resume asks the log how far it got. The log, not the committed offset, is the
// authority: a predecessor may have died between append and commit, and the rows
// it left must be neither lost nor repeated.
func (s *Service) resume(ctx context.Context, gen Generation) (*resumption, error) {
	if err := s.Log.Settle(ctx, gen.Owner()); err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	r := &resumption{next: map[Partition]int64{}, owned: map[Partition]Reached{}, ends: map[Partition]int64{}, stored: map[Origin]struct{}{}, spare: make(chan []Record, 1)}
	bounds, err := gen.Bounds(ctx)
	if err != nil {
		return nil, fmt.Errorf("bounds of the topic: %w", err)
	}
	for p, committed := range gen.Owned() {
		next, err := s.Log.Covered(ctx, p.Topic, p.ID, committed)
		if err != nil {
			return nil, fmt.Errorf("event log: %w", err)
		}
		if next > bounds[p].Next {
			return nil, fmt.Errorf("topic %s, partition %d ends at offset %d, but the event log has it up to %d: the topic was made anew; consume a topic of another name, or start with an empty event log: %w",
				p.Topic, p.ID, bounds[p].Next, next, ErrHopeless)
		}
		if next < bounds[p].First {
			return nil, fmt.Errorf("topic %s, partition %d: the broker has deleted offsets %d to %d before they were read; load them from elsewhere into a new topic, and give topics of events retention.ms=-1: %w",
				p.Topic, p.ID, next, bounds[p].First-1, ErrHopeless)
		}
		stored, err := s.Log.StoredFrom(ctx, p.Topic, p.ID, next)
		if err != nil {
			return nil, fmt.Errorf("event log: %w", err)
		}
		if len(stored) > 0 {
			s.Logger.Info("completing a batch that was cut short", "topic", p.Topic, "partition", p.ID, "offset", next, "rows", len(stored))
		}
		maps.Copy(r.stored, stored)
		r.next[p], r.ends[p] = next, bounds[p].Next
		r.owned[p] = Reached{Committed: committed, Covered: next}
	}
	return r, nil
}

// follow lets the follower begin with what is owned now.
func (s *Service) follow(ctx context.Context, gen Generation, r *resumption) error {
	t := Takeover{Owned: r.owned, Prove: gen.Prove}
	if sharded, ok := gen.(Sharded); ok {
		var err error
		if t.Topic, t.Shards, err = sharded.Shards(ctx); err != nil {
			return fmt.Errorf("partitions of the topic: %w", err)
		}
	}
	return s.Follower.Begin(ctx, t)
}

// missing is what of a batch is not in the log after an attempt that went wrong.
func (s *Service) missing(ctx context.Context, gen Generation, b *Batch) (*Batch, error) {
	if err := gen.Prove(ctx); err != nil { // who is out must not cut the successor short
		return nil, err
	}
	if err := s.Log.Settle(ctx, gen.Owner()); err != nil {
		return nil, err
	}
	stored := map[Origin]struct{}{}
	for _, span := range b.Spans {
		there, err := s.Log.StoredFrom(ctx, span.Topic, span.Partition, span.From)
		if err != nil {
			return nil, err
		}
		maps.Copy(stored, there)
	}
	return b.Without(stored), nil
}

// decode turns messages into a batch. It moves r.next on: spans follow one another
// without a gap, so that offsets which hold no record are covered too.
func (r *resumption) decode(d *events.Decoder, messages []Message) *Batch {
	b := &Batch{}
	select {
	case b.Events = <-r.spare:
	default:
		b.Events = make([]Record, 0, len(messages))
	}
	spans := map[Partition]*Span{}
	for i := range messages {
		m := &messages[i]
		p := Partition{m.Topic, m.Partition}
		span := spans[p]
		if span == nil {
			span = &Span{Topic: m.Topic, Partition: m.Partition, From: r.next[p], To: r.next[p]}
			spans[p] = span
		}
		if m.Offset < span.To {
			continue // a fetch may begin before the offset asked for
		}
		span.To = m.Offset + 1
		if m.Gap {
			continue
		}
		span.Records++

		var refused []events.Refusal
		if m.Fault == nil {
			r.items, refused = d.Decode(r.items[:0], m.Value, m.Time)
		} else {
			r.items, refused = r.items[:0], []events.Refusal{*m.Fault}
		}
		for _, item := range r.items {
			o := Origin{m.Topic, m.Partition, m.Offset, item.Index}
			b.Events = append(b.Events, Record{Origin: o, ArrivedAt: m.Time, Event: item.Event})
		}
		for _, refusal := range refused {
			o := Origin{m.Topic, m.Partition, m.Offset, refusal.Index}
			b.Refused = append(b.Refused, Refused{Origin: o, ArrivedAt: m.Time, Reason: refusal.Reason, Detail: refusal.Detail, Key: m.Key, Value: m.Value})
		}
		span.Events += int64(len(r.items))
		span.Parts += int64(len(refused))
		if len(r.items) > 0 {
			span.Stored++
		} else {
			span.Refused++
		}
	}
	for p, span := range spans {
		if span.To == span.From {
			continue
		}
		r.next[p] = span.To
		b.Spans = append(b.Spans, *span)
	}
	return b
}
