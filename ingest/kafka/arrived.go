package kafka

import (
	"context"
	"fmt"
	"postage/ingest"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// Arrived gives for each partition of a topic the offsets of the records that
// have arrived before an instant: [First, Next). Records do not lie in order of
// their timestamps; the first one at or after the instant ends the range.
func Arrived(ctx context.Context, brokers []string, topic string, before time.Time) (map[ingest.Partition]ingest.Bounds, error) {
	client := &kafkago.Client{Addr: kafkago.TCP(brokers...), Timeout: 10 * time.Second}
	fail := func(what string, err error) (map[ingest.Partition]ingest.Bounds, error) {
		return nil, fmt.Errorf("kafka %v, topic %s: %s: %w", brokers, topic, what, err)
	}
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
	bounds := map[ingest.Partition]ingest.Bounds{}
	for _, p := range resp.Topics[topic] {
		if p.Error != nil {
			return fail("offsets", p.Error)
		}
		b := ingest.Bounds{First: p.FirstOffset, Next: p.LastOffset}
		for offset := range p.Offsets {
			if offset >= 0 { // -1: all are older
				b.Next = min(b.Next, offset)
			}
		}
		bounds[ingest.Partition{Topic: topic, ID: int32(p.Partition)}] = b
	}
	return bounds, nil
}
