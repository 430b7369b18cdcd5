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
	stored map[Origin]struct{}
	items  []events.Item
}

// resume asks the log how far it got. The log, not the committed offset, is the
// authority: a predecessor may have died between append and commit, and the rows
// it left must be neither lost nor repeated.
func (s *Service) resume(ctx context.Context, gen Generation) (*resumption, Takeover, error) {
	r := &resumption{next: map[Partition]int64{}, stored: map[Origin]struct{}{}}
	t := Takeover{Owned: map[Partition]Reached{}, Prove: func(ctx context.Context) error { return gen.Commit(ctx, gen.Owned()) }}
	if sharded, ok := gen.(Sharded); ok {
		var err error
		if t.Topic, t.Shards, err = sharded.Shards(ctx); err != nil {
			return nil, t, fmt.Errorf("partitions of the topic: %w", err)
		}
	}
	bounds, err := gen.Bounds(ctx)
	if err != nil {
		return nil, t, fmt.Errorf("bounds of the topic: %w", err)
	}
	for p, committed := range gen.Owned() {
		next, err := s.Log.Covered(ctx, p.Topic, p.ID, committed)
		if err != nil {
			return nil, t, fmt.Errorf("event log: %w", err)
		}
		if next > bounds[p].Next {
			return nil, t, fmt.Errorf("topic %s, partition %d ends at offset %d, but the event log has it up to %d: the topic was made anew; consume a topic of another name, or start with an empty event log",
				p.Topic, p.ID, bounds[p].Next, next)
		}
		if next < bounds[p].First {
			return nil, t, fmt.Errorf("topic %s, partition %d: the broker has deleted offsets %d to %d before they were read; load them from elsewhere into a new topic, and give topics of events retention.ms=-1",
				p.Topic, p.ID, next, bounds[p].First-1)
		}
		stored, err := s.Log.StoredFrom(ctx, p.Topic, p.ID, next)
		if err != nil {
			return nil, t, fmt.Errorf("event log: %w", err)
		}
		if len(stored) > 0 {
			s.Logger.Info("completing a batch that was cut short", "topic", p.Topic, "partition", p.ID, "offset", next, "rows", len(stored))
		}
		maps.Copy(r.stored, stored)
		r.next[p] = next
		t.Owned[p] = Reached{Committed: committed, Covered: next}
	}
	return r, t, nil
}

// decode turns messages into a batch, leaving out the origins that are in the
// log already. It moves r.next on: spans follow one another without a gap, so
// that offsets which hold no record (control records) are covered too.
func (r *resumption) decode(d *events.Decoder, messages []Message) *Batch {
	b := &Batch{Events: make([]Record, 0, len(messages))}
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
		span.Records++

		var refused []events.Refusal
		r.items, refused = d.Decode(r.items[:0], m.Value, m.Time)
		for _, item := range r.items {
			o := Origin{m.Topic, m.Partition, m.Offset, item.Index}
			record := Record{Origin: o, ArrivedAt: m.Time, Event: item.Event}
			if r.alreadyStored(o) {
				b.Stored = append(b.Stored, record)
			} else {
				b.Events = append(b.Events, record)
			}
		}
		for _, refusal := range refused {
			o := Origin{m.Topic, m.Partition, m.Offset, refusal.Index}
			if !r.alreadyStored(o) {
				b.Refused = append(b.Refused, Refused{Origin: o, ArrivedAt: m.Time, Reason: refusal.Reason, Detail: refusal.Detail, Key: m.Key, Value: m.Value})
			}
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
		r.next[p] = span.To
		b.Spans = append(b.Spans, *span)
	}
	return b
}

func (r *resumption) alreadyStored(o Origin) bool {
	if len(r.stored) == 0 {
		return false
	}
	_, ok := r.stored[o]
	delete(r.stored, o)
	return ok
}
