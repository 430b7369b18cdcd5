package kafka

import (
	"context"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
)

// Shards implements ingest.Sharded.
func (n *generation) Shards(ctx context.Context) (topic string, partitions int, err error) {
	topic = n.group.topic
	for _, broker := range n.group.brokers {
		var found []kafkago.Partition
		if found, err = kafkago.LookupPartitions(ctx, "tcp", broker, topic); err == nil {
			return topic, len(found), nil
		}
	}
	return topic, 0, fmt.Errorf("topic %s: %w", topic, err)
}
