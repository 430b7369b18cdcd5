package ingest

import (
	"context"
	"errors"
	"postage/rating"
	"postage/schemas/events"
)

// Message is one Kafka record as read.
type Message struct {
	Topic     string
	Partition int32
	Offset    int64
	Time      rating.Instant // the record's Kafka timestamp
	Key       []byte
	Value     []byte

	// Fault is what the source found wrong with the record before it became one: a
	// row of a table that cannot be read. Then Value is not decoded. nil from Kafka.
	Fault *events.Refusal
}

// Partition names one partition of a topic.
type Partition struct {
	Topic string
	ID    int32
}

// Bounds are the records a broker holds of a partition: [First, Next).
type Bounds struct {
	First int64 // the earliest record kept
	Next  int64 // what the next record produced will have
}

// ErrGenerationEnded is what Fetch and Commit return once the group has
// rebalanced: the partitions may belong to another process now.
var ErrGenerationEnded = errors.New("the consumer group has rebalanced")

// Source is where records come from: a consumer group on a topic.
type Source interface {
	// Next waits for the next generation of the group, in which this process owns
	// some partitions (perhaps none).
	Next(ctx context.Context) (Generation, error)
	Close() error
}

// Generation is one period of ownership of partitions.
type Generation interface {
	// Owned gives the partitions with their committed offsets: the next record
	// to read, or the earliest one kept when nothing has been committed.
	Owned() map[Partition]int64
	// Bounds gives for each owned partition what the broker holds now.
	Bounds(ctx context.Context) (map[Partition]Bounds, error)
	// Start begins reading, each owned partition at the given offset.
	Start(from map[Partition]int64)
	// Fetch waits for records and appends them to dst, those of one partition in
	// order of offset. It returns ErrGenerationEnded when ownership is over, and
	// the context's error when ctx is done first.
	Fetch(ctx context.Context, dst []Message) ([]Message, error)
	// Commit tells the group that everything below these offsets is done.
	Commit(ctx context.Context, next map[Partition]int64) error
}

// RefusedSink takes refused records to where people and programs can see them,
// besides the table. Delivery is at least once.
type RefusedSink interface {
	Publish(ctx context.Context, refused []Refused) error
}
