package live

import (
	"context"
	"math"
	"postage/rating"
	"slices"
	"sync"
	"time"
)

// keep starts what runs beside the batches of a generation, until End.
//
//	watch    notes of other processes, and activations; under the lock
//	sweeps   classifies the log under a new tariff; beside the batches
func (f *Follower) keep(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // that of Begin may end with it
	var work sync.WaitGroup
	work.Go(func() { f.watch(ctx) })
	work.Go(func() { f.sweeps(ctx) })
	f.stop = func() {
		cancel()
		work.Wait()
	}
}

// watch looks for notes, and now and then for a new activation. What fails is tried again.
func (f *Follower) watch(ctx context.Context) {
	tick := time.NewTicker(f.Poll)
	defer tick.Stop()
	for n := 0; ; n++ {
		woken := false
		select {
		case <-tick.C:
		case <-f.wake:
			woken = true
		case <-ctx.Done():
			return
		}
		f.mu.Lock()
		var err error
		if woken || n%5 == 0 {
			err = f.look(ctx)
		}
		if err == nil {
			_, err = f.notes(ctx)
		}
		f.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			f.Logger.Warn("live classification: will try again", "error", err)
		}
	}
}

const (
	notesAtOnce = 5_000   // conversations dealt with under one lock
	notesSweep  = 200_000 // so many are dealt with by a sweep
	routed      = math.MaxUint32
)

// notes deals with the notes on own conversations, and passes on those that belong to
// others. It says whether there may be more.
func (f *Follower) notes(ctx context.Context) (more bool, err error) {
	if f.judge == nil || len(f.shards) == 0 || f.sweep != nil && f.sweep.notes != nil {
		return false, nil
	}
	var own, astray, passed []Note
	err = f.Store.Notes(ctx, f.take.Topic, f.shards, f.epoch, func(n Note) {
		home := n.Home(f.take.Shards)
		if n.Topic == f.take.Topic && n.Shard == home {
			own = append(own, n)
			return
		}
		astray = append(astray, n)
		n.Topic, n.Shard = f.take.Topic, home
		passed = append(passed, n)
	})
	if err != nil {
		return false, err
	}
	if err := f.Store.Note(ctx, passed, 0); err != nil {
		return false, err
	}
	if err := f.Store.Note(ctx, astray, routed); err != nil {
		return false, err
	}
	if len(own) > notesSweep {
		f.forget()
		f.sweep = f.newSweep(f.shards)
		f.sweep.notes = own
		f.Wake()
		return true, nil
	}
	slices.SortFunc(own, func(a, b Note) int { return a.compare(b.Key) })
	for len(own) > 0 {
		some := own[:min(len(own), notesAtOnce)]
		own = own[len(some):]
		keys := make([]Key, 0, len(some))
		for i, n := range some {
			if i == 0 || n.Key != some[i-1].Key {
				keys = append(keys, n.Key)
			}
		}
		if err := f.reload(ctx, keys); err != nil {
			return false, err
		}
		if err := f.Store.Note(ctx, some, f.epoch); err != nil {
			return false, err
		}
		f.Stats.Noted.Add(int64(len(keys)))
	}
	return len(passed) > 0, nil
}

// sweep is what is to be classified from the log, all of it.
type sweep struct {
	activation Activation
	topic      string
	partitions int
	shards     []int32
	version    uint64 // taken before the log is read
	epoch      uint32
	tariff     *rating.Tariff
	notes      []Note // dealt with by it
}

func (f *Follower) newSweep(shards []int32) *sweep {
	f.batch++
	f.Stats.SweepPending.Store(int64(len(shards)))
	return &sweep{
		activation: f.activation, topic: f.take.Topic, partitions: f.take.Shards, shards: slices.Clone(shards),
		version: f.version(), epoch: f.epoch, tariff: f.judge.tariff,
	}
}

// trustSweeps takes over what the last owners say they have swept under the active tariff.
func (f *Follower) trustSweeps(ctx context.Context) error {
	if f.judge == nil || len(f.shards) == 0 {
		return nil
	}
	epochs, err := f.Store.Swept(ctx, f.activation, f.take.Topic, f.take.Shards)
	if err != nil {
		return err
	}
	var trusted []int32
	for _, shard := range f.shards {
		if epoch, ok := epochs[shard]; ok && epoch == f.last[shard].Epoch {
			trusted = append(trusted, shard)
			f.swept[shard] = true
		}
	}
	return f.Store.Sweep(ctx, f.activation, f.take.Topic, f.take.Shards, trusted, f.epoch)
}

// plan plans a sweep of the own shards that have not been swept under the active tariff.
func (f *Follower) plan() {
	if f.judge == nil || f.sweep != nil {
		return
	}
	todo := slices.DeleteFunc(slices.Clone(f.shards), func(shard int32) bool { return f.swept[shard] })
	if len(todo) > 0 {
		f.sweep = f.newSweep(todo)
	}
}

// sweeps carries out planned sweeps.
func (f *Follower) sweeps(ctx context.Context) {
	tick := time.NewTicker(min(f.Poll, 200*time.Millisecond))
	defer tick.Stop()
	for {
		if err := f.sweepNow(ctx); err != nil && ctx.Err() == nil {
			f.Logger.Warn("live classification: sweep will begin again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweepNow carries out the planned sweep, if there is one.
func (f *Follower) sweepNow(ctx context.Context) error {
	f.sweeping.Lock()
	defer f.sweeping.Unlock()
	f.mu.Lock()
	f.plan()
	s := f.sweep
	f.mu.Unlock()
	if s == nil {
		return nil
	}
	if err := f.carryOut(ctx, s); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sweep == s {
		f.sweep = nil
		for _, shard := range s.shards {
			f.swept[shard] = true
		}
		f.Stats.SweepPending.Store(0)
	}
	return nil
}

func (f *Follower) carryOut(ctx context.Context, s *sweep) error {
	const flush = 50_000
	j := newJudge(s.tariff)
	var rows []Row
	err := f.Store.All(ctx, func(key Key, events []rating.Event) error {
		if _, mine := slices.BinarySearch(s.shards, key.Home(s.partitions)); !mine {
			return nil
		}
		for _, m := range j.classify(events) {
			rows = append(rows, Row{m, s.version})
		}
		f.Stats.Swept.Add(1)
		if len(rows) < flush {
			return nil
		}
		err := f.write(ctx, rows)
		rows = rows[:0]
		return err
	})
	if err != nil {
		return err
	}
	if err := f.write(ctx, rows); err != nil {
		return err
	}
	if err := f.Store.Note(ctx, s.notes, s.epoch); err != nil {
		return err
	}
	return f.Store.Sweep(ctx, s.activation, s.topic, s.partitions, s.shards, s.epoch)
}

// CatchUp implements ingest.Follower: no sweep is pending and no note is left.
func (f *Follower) CatchUp(ctx context.Context) error {
	for {
		f.mu.Lock()
		err := f.look(ctx)
		more := false
		if err == nil {
			more, err = f.notes(ctx)
		}
		f.plan()
		pending := f.sweep != nil
		f.mu.Unlock()
		if err != nil {
			return err
		}
		if pending {
			if err := f.sweepNow(ctx); err != nil {
				return err
			}
		} else if !more {
			return nil
		}
	}
}
