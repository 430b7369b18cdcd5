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

	// Gap says that there is no record here: the offsets since the message before, this one
	// included, are control records, records of aborted transactions, or were compacted
	// away. Needed where no record follows; between records it goes without saying.
	Gap bool

	// Fault is what the source found wrong with the record before it became one: a
	// row of a table that cannot be read. Then Value is not decoded. nil from Kafka.
	Fault *events.Refusal
}

// Partition names one partition of a topic.
type Partition struct {
	Topic string
	ID    int32
}

// Bounds are the offsets that can be read of a partition now: [First, Next).
type Bounds struct {
	First int64 // the earliest record kept
	Next  int64 // behind the last one; records of open transactions are not to be read yet
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
	Tenure
	// Owned gives the partitions with their committed offsets: the next record
	// to read, or the earliest one kept when nothing has been committed.
	Owned() map[Partition]int64
	// Bounds gives for each owned partition what the broker holds now.
	Bounds(ctx context.Context) (map[Partition]Bounds, error)
	// Start begins reading, each owned partition at the given offset.
	Start(from map[Partition]int64)
	// Fetch waits for records and appends them to dst, those of one partition in
	// order of offset. It returns ErrGenerationEnded when ownership is over, and
	// the context's error when ctx is done first. It rides out outages of the broker.
	Fetch(ctx context.Context, dst []Message) ([]Message, error)
	// Commit tells the group that everything below these offsets is done.
	Commit(ctx context.Context, next map[Partition]int64) error
	// Over is closed when ownership ends or is about to: what is in hand may be finished
	// as long as it can be proved, nothing else begun.
	Over() <-chan struct{}
	// End says that nothing is in hand any more, so that others may take over at once.
	End()
	// GiveUp ends the ownership before its time; Next then gives another.
	GiveUp()
}

// Sole is the tenure of a source that nobody else reads: it ends with the process.
type Sole struct{ Name string }

// Owner implements Tenure.
func (s Sole) Owner() Owner { return Owner{Group: s.Name} }

// Prove implements Tenure.
func (Sole) Prove(ctx context.Context) error { return ctx.Err() }

// Over implements Generation: never.
func (Sole) Over() <-chan struct{} { return nil }

// End implements Generation.
func (Sole) End() {}

// GiveUp implements Generation: there is no other.
func (Sole) GiveUp() {}

// RefusedSink takes refused records to where people and programs can see them,
// besides the table. Delivery is at least once.
type RefusedSink interface {
	Publish(ctx context.Context, refused []Refused) error
}
