package kafka

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// Unread finds the records of a topic that arrived before an instant, by their
// timestamps, and lie at or beyond what was consumed of their partition (0 where
// consumed has nothing). It returns the first of each partition that has any, and
// one more than the last that is known of. Looking takes reading, but only what the
// broker's index of times cannot answer, and at most what a consumer has yet to read.
func (c Cluster) Unread(ctx context.Context, topic string, consumed map[ingest.Partition]int64, before time.Time) (map[ingest.Partition]ingest.Bounds, error) {
	fail := func(what string, err error) (map[ingest.Partition]ingest.Bounds, error) {
		return nil, fmt.Errorf("kafka %v, topic %s: %s: %w", c.Brokers, topic, what, err)
	}
	client := &kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Transport: c.transport(), Timeout: 10 * time.Second}
	meta, err := client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return fail("partitions", err)
	}
	var asked []kafkago.OffsetRequest
	for _, t := range meta.Topics {
		if t.Error != nil {
			return fail("partitions", t.Error)
		}
		for _, p := range t.Partitions {
			asked = append(asked, kafkago.FirstOffsetOf(p.ID), kafkago.LastOffsetOf(p.ID), kafkago.TimeOffsetOf(p.ID, before))
		}
	}
	resp, err := client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{topic: asked}})
	if err != nil {
		return fail("offsets", err)
	}
	unread := map[ingest.Partition]ingest.Bounds{}
	for _, p := range resp.Topics[topic] {
		if p.Error != nil {
			return fail("offsets", p.Error)
		}
		partition := ingest.Partition{Topic: topic, ID: int32(p.Partition)}
		from := max(consumed[partition], p.FirstOffset)
		later := p.LastOffset // the first record at or after the instant
		for offset := range p.Offsets {
			if offset >= 0 { // -1: there is none
				later = min(later, offset)
			}
		}
		found := ingest.Bounds{First: from, Next: later}
		if from >= later { // records do not lie in order of their times: there may be older ones behind
			if found, err = c.olderThan(ctx, partition, ingest.Bounds{First: from, Next: p.LastOffset}, before); err != nil {
				return fail(fmt.Sprintf("partition %d", p.Partition), err)
			}
		}
		if found.First < found.Next {
			unread[partition] = found
		}
	}
	return unread, nil
}

// patience is how long to wait for a record before the offsets that are left are
// taken for control records, which no consumer is ever given.
const patience = 5 * time.Second

// olderThan reads a range of a partition for its first record that is older than
// an instant.
func (c Cluster) olderThan(ctx context.Context, p ingest.Partition, within ingest.Bounds, before time.Time) (ingest.Bounds, error) {
	if within.First >= within.Next {
		return ingest.Bounds{}, nil
	}
	r := kafkago.NewReader(kafkago.ReaderConfig{
		Brokers: c.Brokers, Dialer: c.dialer(), Topic: p.Topic, Partition: int(p.ID),
		MinBytes: 1, MaxBytes: MaxRecordBytes, MaxWait: 250 * time.Millisecond,
	})
	defer r.Close()
	if err := r.SetOffset(within.First); err != nil {
		return ingest.Bounds{}, err
	}
	for at := within.First; at < within.Next; {
		waiting, cancel := context.WithTimeout(ctx, patience)
		m, err := r.FetchMessage(waiting)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return ingest.Bounds{}, nil
		case err != nil:
			return ingest.Bounds{}, err
		case m.Time.Before(before) && m.Offset < within.Next:
			return ingest.Bounds{First: m.Offset, Next: m.Offset + 1}, nil
		}
		at = m.Offset + 1
	}
	return ingest.Bounds{}, nil
}
