package kafka

import "context"

// Shards implements ingest.Sharded.
func (n *generation) Shards(ctx context.Context) (topic string, partitions int, err error) {
	meta, err := n.group.metadata(ctx)
	return n.group.topic, len(meta.Partitions), err
}
