package ingest

import "context"

// Follower sees every batch after it is in the log and before it is committed, in
// the order of the batches. Because the commit waits for it, the committed offset is
// also how far the follower has got; what a successor finds between the committed
// offset and the end of the log it must look at again.
//
// Begin, Observe, CatchUp and End are called from one goroutine at a time. An error ends the
// generation with nothing of the batch committed.
type Follower interface {
	// Begin starts a generation of ownership, before its first batch.
	Begin(ctx context.Context, t Takeover) error
	// Observe takes a batch that is durable. It returns when what follows from it
	// is durable too. The batch belongs to the follower until then.
	Observe(ctx context.Context, b *Batch) error
	// CatchUp finishes what the follower does behind the batches, as far as there is any now.
	CatchUp(ctx context.Context) error
	// End says that the ownership is over, or will be in a moment.
	End()
}

// Takeover is what a generation begins with.
type Takeover struct {
	// Topic and Shards are the topic whose records are spread over so many partitions by
	// the hash of their keys. Shards is 0 when the source is no such topic (a file).
	Topic  string
	Shards int
	// Owned says how far each owned partition was committed and how far the log has it.
	Owned map[Partition]Reached
	// Prove asks the group whether this process is still a member of this generation. nil says
	// that it was when asked; ErrGenerationEnded that it may not be.
	Prove func(ctx context.Context) error
}

// Reached are two offsets of a partition: everything below Committed has been
// followed, everything below Covered is in the log.
type Reached struct{ Committed, Covered int64 }

// Sharded is implemented by generations of a topic whose records are spread over its
// partitions by the hash of their keys.
type Sharded interface {
	// Shards gives the topic and how many partitions it has now, owned or not.
	Shards(ctx context.Context) (topic string, partitions int, err error)
}
