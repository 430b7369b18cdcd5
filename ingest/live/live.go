// Package live classifies conversations while their events arrive. A Follower sees every
// batch between its append to the log and its commit, classifies the conversations
// in it anew, and writes the verdicts that changed. It decides nothing itself: rating.Classifier
// does, on the same events as offline.
//
// What it keeps in memory is a cache of the log. Everything else can be found out again:
//
//   - A conversation that is not in the cache is loaded from the log. Of one that is, the past stays folded up
//     until an event reaches back to it (fold.go); message ids are there as hashes, the latest whole (recent.go).
//   - What was appended and not committed is classified again by the next owner.
//   - A conversation has one owner, the process that consumes the partition of its key. Who
//     stores an event of another's conversation leaves a note in `live_touched`; the owner
//     loads it from the log. So the order, the key and the partition of records change nothing.
//   - Under a new tariff everything in the log is classified once: a sweep.
//
// # Why the table ends up right
//
// Of the rows of one message the one with the highest version counts. A version is
// (activation, epoch, number): the activation of the tariff; the epoch of the owner; the
// number of the batch, counted by the owner. Two writers never share (activation, epoch) for one
// conversation: an owner takes an epoch that is higher than any in `live_owners`, writes it
// there, and only then asks the group to confirm that it is still a member. Its successor begins
// after that membership, so it reads that epoch and takes a higher one. Members of one generation
// may take the same epoch, but own different conversations.
//
// An owner's own rows are in order: it writes one batch after the other, each from a set
// of events that holds the one before. It writes a message when its verdict differs from the one
// that it knows the table to have. It knows so of a conversation it finds in the log in the state
// before its batch, because whoever stored those events had their verdicts written before they were
// committed, or left a note. What a predecessor may have been in the middle of, it does not take for
// known, and writes in full, under its own higher epoch: conversations with events between the
// committed offset and the end of the log, and those with a note that was not marked when
// it began. A predecessor that does not know yet that it has lost its partitions can write
// only from a part of what its successor sees: for the same reasons, into lower epochs, about messages
// that the successor has written or will write. Its marks on notes carry its epoch, and do
// not count: an owner takes over the marks that the owner right before it has made by then, no others.
//
// A sweep takes its number first and reads the log after: whatever a batch classifies
// meanwhile has a higher one, and what no batch changes the sweep has seen in its last state. That a
// partition has been swept counts when its last owner says so: an owner before that may have swept
// while its successor still classified under the tariff before.
//
// This rests on two promises: reads of the log see what was acknowledged before (one ClickHouse
// server, or one replica for both), and nobody appends to the log for a lost generation.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"postage/ingest"
	"postage/rating"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Row is a verdict to be written: the latest on its message, as far as its version's
// batch saw.
type Row struct {
	rating.Message
	Version uint64
}

// The parts of a version, from the top: 14 bits of activation, 20 of epoch, 30 of batch.
const (
	batchBits   = 30
	epochBits   = 20
	activations = 1 << (64 - batchBits - epochBits)
)

// Activation is an entry of the list of active tariffs.
type Activation struct {
	Number  uint32 // from 1; 0 when no tariff has been activated yet
	Version string // of the tariff
}

// Note says that a conversation was touched by a process that does not own it.
type Note struct {
	Key
	Topic string
	Shard int32  // partition that owns the conversation; -1 when the writer does not know
	Batch string // tells notes on one conversation apart
}

// Loaded is one conversation read from the log.
type Loaded struct {
	Key
	Events []rating.Event
	Fresh  []bool // by event: it comes from an own partition at or above the offset in Limits.Fresh
}

// Limits say which events of the log are read. Partitions that they do not name are
// read to the end.
type Limits struct {
	Fresh map[ingest.Partition]int64 // events at or above are fresh
	Below map[ingest.Partition]int64 // events at or above are left out
}

// Store is where the verdicts are kept, and the log they are made from.
type Store interface {
	// Write appends rows; they are durable when it returns.
	Write(ctx context.Context, rows []Row) error

	// Load visits the conversations of these keys that the log knows.
	Load(ctx context.Context, keys []Key, limits Limits, visit func(*Loaded) error) error
	// IDs visits the ids of the messages of these conversations that verdicts were written on,
	// some perhaps more than once.
	IDs(ctx context.Context, keys []Key, visit func(k Key, id string)) error
	// All visits all conversations of the log.
	All(ctx context.Context, visit func(Key, []rating.Event) error) error
	// Stored visits the conversations with events of a partition at offsets in [from, to).
	Stored(ctx context.Context, p ingest.Partition, from, to int64, visit func(Key)) error
	// Hashes visits Key.Hash of every conversation of the log.
	Hashes(ctx context.Context, visit func(hash uint64)) error

	// Note writes notes, with epoch 0, or marks them with the epoch of who has dealt with them.
	Note(ctx context.Context, notes []Note, epoch uint32) error
	// Notes visits the notes for these shards of a topic, and those without a shard, that
	// have no mark of this epoch or a higher one.
	Notes(ctx context.Context, topic string, shards []int32, epoch uint32, visit func(Note)) error
	// Adopt gives the marks that the last owners of these shards made, those of the epochs lasts, this epoch.
	Adopt(ctx context.Context, topic string, shards []int32, lasts []uint32, epoch uint32) error

	// Owners gives the highest epoch of all, and the owner of each shard's highest.
	Owners(ctx context.Context, topic string) (epoch uint32, last map[int32]Owner, err error)
	// Own makes an owner known.
	Own(ctx context.Context, topic string, shards []int32, o Owner) error

	// Active gives the latest activation.
	Active(ctx context.Context) (Activation, error)
	// Swept gives the shards of a topic of so many partitions that have been swept under an
	// activation, with the highest epoch of an owner that said so.
	Swept(ctx context.Context, a Activation, topic string, partitions int) (epochs map[int32]uint32, err error)
	// Sweep makes known that shards have been swept, as the owner of an epoch says.
	Sweep(ctx context.Context, a Activation, topic string, partitions int, shards []int32, epoch uint32) error
}

// Owner is who began to own a shard, and when by the count of epochs.
type Owner struct {
	Name  string
	Epoch uint32
}

// Options of a Follower.
type Options struct {
	Store Store
	// Tariff gives the tariff of a version. It is asked once for each activation.
	Tariff func(ctx context.Context, version string) (*rating.Tariff, error)
	// CacheBytes bounds the memory of cached conversations and of the ids of the latest messages,
	// which take a sixteenth; 0 means 512 MiB.
	CacheBytes int64
	// Poll is how often notes are looked for, 0 means once a second; activations every fifth time.
	Poll   time.Duration
	Logger *slog.Logger
}

// Stats count what a follower has done since it began.
type Stats struct {
	Hits         atomic.Int64 // conversations of a batch that were in the cache, or new
	Misses       atomic.Int64 // those loaded from the log
	Loads        atomic.Int64 // queries for that
	Unnamed      atomic.Int64 // conversations of a batch of which the id of an earlier message was looked up
	Rows         atomic.Int64 // verdicts written
	Late         atomic.Int64 // of them on messages that the batch had no event of
	Notes        atomic.Int64 // conversations of other owners touched
	Noted        atomic.Int64 // own conversations that others had touched, classified again
	Swept        atomic.Int64 // conversations classified in sweeps
	Evicted      atomic.Int64 // conversations that left the cache for want of room
	Resident     atomic.Int64 // conversations in the cache now
	CacheBytes   atomic.Int64 // memory of the cache and the latest ids now
	Known        atomic.Int64 // conversations of the log, as far as known
	KnownBytes   atomic.Int64 // memory of what is known of them
	Activation   atomic.Int64 // number of the active tariff, 0 for none
	SweepPending atomic.Int64 // partitions still to be swept
}

// Follower implements ingest.Follower.
type Follower struct {
	Options
	Stats Stats

	name   string // of this process, random
	bounds bounds

	sweeping sync.Mutex // one sweep at a time; taken before mu

	mu         sync.Mutex // holds all below
	take       ingest.Takeover
	shards     []int32         // owned, sorted
	last       map[int32]Owner // of each shard before us
	swept      map[int32]bool  // shards that have been swept under the activation
	next       map[ingest.Partition]int64
	epoch      uint32
	batch      uint64 // number of the latest
	activation Activation
	judge      *judge
	cache      *cache
	known      filter // conversations of the log
	left       filter // messages left out of cached stories
	recent     recent // ids of the latest messages
	shapes     *shapes
	sweep      *sweep // what is to be swept; nil for nothing

	desk   desk // scratch
	story  story
	ids    map[uint64]string // by leftHash: of messages that the cache knows by their hash only
	old    []rating.Event
	record []byte
	rows   []Row

	stop func() // ends the keeper of the generation
	wake chan struct{}
}

// New returns a follower for one process. It is dormant until a tariff is active: then
// it only leaves notes.
func New(o Options) *Follower {
	if o.CacheBytes == 0 {
		o.CacheBytes = 512 << 20
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	ids := newRecent(o.CacheBytes / 16)
	return &Follower{
		Options: o, name: uuid.NewString(), bounds: usualBounds, cache: newCache(o.CacheBytes - ids.bytes()), recent: ids, shapes: newShapes(),
		next: map[ingest.Partition]int64{}, ids: map[uint64]string{}, wake: make(chan struct{}, 1),
	}
}

// Begin implements ingest.Follower.
func (f *Follower) Begin(ctx context.Context, t ingest.Takeover) error {
	f.End()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.take, f.shards, f.last, f.sweep, f.swept = t, nil, nil, nil, map[int32]bool{}
	f.next = map[ingest.Partition]int64{}
	for p, reached := range t.Owned {
		f.next[p] = reached.Covered
		if t.Shards > 0 && p.Topic == t.Topic {
			f.shards = append(f.shards, p.ID)
		}
	}
	slices.Sort(f.shards)
	if len(f.shards) > 0 {
		if err := f.own(ctx); err != nil {
			return err
		}
	}
	if err := f.look(ctx); err != nil {
		return err
	}
	if err := f.trustSweeps(ctx); err != nil {
		return err
	}
	if err := f.catchUpOwned(ctx); err != nil {
		return err
	}
	f.keep(ctx)
	return nil
}

// own takes an epoch for the shards of this generation. The cache stays when nobody else
// has owned any of them since.
func (f *Follower) own(ctx context.Context) error {
	highest, last, err := f.Store.Owners(ctx, f.take.Topic)
	if err != nil {
		return err
	}
	if highest+1 >= 1<<epochBits {
		return fmt.Errorf("live_owners has reached epoch %d, the last one: truncate live_owners, live_messages and live_sweeps to begin anew", highest)
	}
	mine := Owner{f.name, highest + 1}
	if err := f.Store.Own(ctx, f.take.Topic, f.shards, mine); err != nil {
		return err
	}
	if err := f.take.Prove(ctx); err != nil {
		return err
	}
	lasts := make([]uint32, len(f.shards))
	for i, shard := range f.shards {
		lasts[i] = last[shard].Epoch
	}
	if err := f.Store.Adopt(ctx, f.take.Topic, f.shards, lasts, mine.Epoch); err != nil {
		return err
	}
	f.last = last
	stayed := f.epoch != 0
	for _, shard := range f.shards {
		stayed = stayed && last[shard] == Owner{f.name, f.epoch}
	}
	if !stayed {
		f.epoch = 0 // until all that follows is done
		f.forget()
		if f.judge != nil {
			if err := f.know(ctx); err != nil {
				return err
			}
		}
	}
	f.epoch, f.batch = mine.Epoch, 0
	return nil
}

// know fills the filter of the conversations that the log knows.
func (f *Follower) know(ctx context.Context) error {
	f.known.reset()
	if err := f.Store.Hashes(ctx, f.known.add); err != nil {
		return err
	}
	f.gauge()
	return nil
}

// forget empties the cache.
func (f *Follower) forget() {
	f.cache.clear()
	f.left.reset()
	f.shapes = newShapes()
}

// catchUpOwned classifies what a predecessor appended and did not commit: its verdicts may
// be missing, or half written.
func (f *Follower) catchUpOwned(ctx context.Context) error {
	keys := map[Key]bool{}
	for p, reached := range f.take.Owned {
		if reached.Committed < reached.Covered {
			if err := f.Store.Stored(ctx, p, reached.Committed, reached.Covered, func(k Key) { keys[k] = true }); err != nil {
				return err
			}
		}
	}
	own, notes := []Key{}, []Note{}
	for key := range keys {
		switch shard, mine := f.home(key); {
		case mine && len(keys) <= notesSweep:
			own = append(own, key)
		case mine: // the notes are dealt with by a sweep
			notes = append(notes, f.note(key, key.Home(f.take.Shards)))
		default:
			notes = append(notes, f.note(key, shard))
		}
	}
	if err := f.leave(ctx, notes); err != nil {
		return err
	}
	return f.reload(ctx, own)
}

// home is the shard of a conversation, -1 when there is none, and whether it is ours.
func (f *Follower) home(key Key) (shard int32, mine bool) {
	switch n := f.take.Shards; {
	case n == 0:
		return -1, false
	case len(f.shards) == n:
		return -1, true // alone: no need to compute it
	default:
		shard = key.Home(n)
		_, mine = slices.BinarySearch(f.shards, shard)
		return shard, mine
	}
}

func (f *Follower) note(key Key, shard int32) Note {
	return Note{Key: key, Topic: f.take.Topic, Shard: shard, Batch: uuid.NewString()}
}

// leave writes notes.
func (f *Follower) leave(ctx context.Context, notes []Note) error {
	f.Stats.Notes.Add(int64(len(notes)))
	return f.Store.Note(ctx, notes, 0)
}

// End implements ingest.Follower.
func (f *Follower) End() {
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// Wake makes the follower look for a new activation at once.
func (f *Follower) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// look takes notice of the active tariff. A tariff that cannot be had leaves the old one
// in force, with a warning.
func (f *Follower) look(ctx context.Context) error {
	active, err := f.Store.Active(ctx)
	if err != nil {
		return err
	}
	if active.Number >= activations {
		return fmt.Errorf("tariff_activations has reached number %d, the last one", active.Number)
	}
	if active.Number != 0 && active != f.activation {
		tariff, err := f.Tariff(ctx, active.Version)
		if err != nil {
			if f.judge == nil {
				return fmt.Errorf("active tariff %s: %w", active.Version, err)
			}
			f.Logger.Error("the active tariff cannot be read; the one before stays in force here", "tariff", active.Version, "error", err)
			return nil
		}
		f.Logger.Info("tariff in force", "tariff", active.Version, "activation", active.Number)
		if f.judge == nil {
			if err := f.know(ctx); err != nil {
				return err
			}
		}
		if f.activation.Number == active.Number { // the same number under another tariff: no print holds
			f.forget()
		}
		f.judge = newJudge(tariff)
		f.activation = active
		f.sweep, f.swept = nil, map[int32]bool{}
		f.Stats.Activation.Store(int64(active.Number))
	}
	return nil
}

// version is that of the rows of the latest batch.
func (f *Follower) version() uint64 {
	if f.batch >= 1<<batchBits {
		panic(fmt.Sprintf("live classification: batch %d of epoch %d", f.batch, f.epoch))
	}
	return uint64(f.activation.Number)<<(epochBits+batchBits) | uint64(f.epoch)<<batchBits | f.batch
}

// limits are those of a load after which everything below next has been seen.
func (f *Follower) limits(fresh map[ingest.Partition]int64) Limits {
	return Limits{Fresh: fresh, Below: maps.Clone(f.next)}
}

// errBehind says that a read of the log did not show what had been appended to it.
var errBehind = errors.New("the event log does not show what was just appended to it: read and write the same ClickHouse replica")
