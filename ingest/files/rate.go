// Package files rates files of events of any size offline. It owns reading,
// sorting on disk and the order of the output; what a message costs is decided
// in rating alone.
//
//	files -> lines -> decode          several goroutines, records are independent
//	  -> partitions of conversations  (sender, user), in memory or in the spool
//	  -> classify                     partition by partition
//	  -> sort by group, delivery      what is chargeable, in the canonical order
//	  -> price
//	  -> sort by sent time            all messages
//	  -> lines
//
// What is at rest between two steps counts against a budget; what is over it goes
// to a temporary file. The result is the same either way, byte for byte, and does
// not depend on the number of goroutines, on the order of the input or on copies
// in it. One conversation must fit in memory, with about 2 KiB per message.
package files

import (
	"context"
	"errors"
	"io"
	"postage/rating"
	"postage/schemas/events"
	"runtime"
	"sync/atomic"
)

// Config says how to rate.
type Config struct {
	Tariff  *rating.Tariff
	Decoder func() *events.Decoder // makes one for each goroutine
	// Line makes one encoder for each goroutine. It appends the line of a message,
	// with its end; the message, which lacks its care window, is valid during the call
	// only.
	Line func() func(dst []byte, m *rating.Message) []byte

	// Memory is how many bytes of events and messages may rest in memory; 0 means
	// DefaultMemory. The process takes up to 400 MB more.
	Memory  int64
	TempDir string // where to sort on disk; "" means os.TempDir
	Workers int    // goroutines that work at once; 0 means one per core, at most 8
}

// DefaultMemory keeps the process well under 1 GB.
const DefaultMemory = 400 << 20

// Result says what a run did.
type Result struct {
	Counts
	Messages int64
	Outcomes [rating.Unrated + 1]int64 // messages by outcome for the account
	AsOf     rating.Instant            // latest event time
	Spilled  int64                     // bytes that went to disk
}

// Rate reads the inputs, in this order, and writes one line per outbound message
// to out, in order of (sent_at, message_id, sender, user), many in one Write.
// Records that are
// refused go to report, one line each, in the order of the input; they are no
// error. Nothing is written to out before all inputs are read. After an error, or
// when ctx ends, the temporary file is gone.
func Rate(ctx context.Context, c Config, inputs []Input, report, out io.Writer) (result Result, err error) {
	r := newRun(c)
	defer func() { err = errors.Join(err, r.spool.close()) }()

	if result.Counts, err = r.read(ctx, inputs, report); err != nil {
		return result, err
	}
	if err := r.classify(ctx); err != nil {
		return result, err
	}
	if err := r.price(ctx); err != nil {
		return result, err
	}
	result.AsOf = rating.Instant(r.asOf.Load())
	err = r.write(ctx, out, &result)
	result.Spilled = r.spool.size()
	return result, err
}

// run is the state of one Rate.
type run struct {
	Config
	store
	who    *dictionary[who]
	what   *dictionary[what]
	judged *dictionary[judgement]
	rates  *rateTable
	groups *groupTable
	asOf   atomic.Int64

	events *partitions
	charge []*sorter // chargeable messages, in shards of whole groups
	all    *sorter   // messages with nothing left to price
}

func (c *Config) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return min(runtime.GOMAXPROCS(0), 8)
}

func newRun(c Config) *run {
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	workers := int64(c.workers())
	r := &run{
		Config: c,
		store:  store{&spool{dir: c.TempDir}, &budget{limit: c.Memory}},
		who:    newDictionary[who](),
		what:   newDictionary[what](),
		judged: newDictionary[judgement](),
		rates:  newRateTable(),
		groups: newGroupTable(c.Tariff),
	}
	r.events = r.newPartitions(0)
	r.charge = make([]*sorter, min(workers, 4))
	runBytes := int(min(max(c.Memory/4/(workers*int64(1+len(r.charge))), 64<<10), 4<<20))
	newSorter := func() *sorter { return &sorter{store: &r.store, runBytes: runBytes} }
	r.all = newSorter()
	for i := range r.charge {
		r.charge[i] = newSorter()
	}
	return r
}

func (r *run) newPartitions(level int) *partitions {
	chunk := r.Memory / 4 / partitionCount / int64(r.workers())
	return &partitions{store: &r.store, shift: uint(level * partitionBits), chunkBytes: int(min(max(chunk, 512), 32<<10))}
}

// read decodes the inputs into partitions.
func (r *run) read(ctx context.Context, inputs []Input, report io.Writer) (Counts, error) {
	type state struct {
		eventWriter
		*eventCodec
	}
	writers := make([]state, r.workers())
	for i := range writers {
		writers[i] = state{eventWriter{to: r.events}, r.newEventCodec()}
	}
	counts, err := r.decode(ctx, inputs, report, func(worker int, items []events.Item) error {
		w := &writers[worker]
		for i := range items {
			if err := w.event(w.eventCodec, &items[i].Event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return counts, err
	}
	for i := range writers {
		if err := writers[i].close(); err != nil {
			return counts, err
		}
	}
	r.events.spare = nil
	return counts, nil
}
