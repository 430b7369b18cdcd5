package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"postage/schemas/events"
	"sync/atomic"
	"time"
)

// Service moves records from a Source to a Log.
//
//	Source --Fetch--> collect --> decode --> store ----------> finish
//	          (messages)   (raw batch)  (batch)  Publish, Append   Observe, Commit
//
// The stages run side by side, joined by channels of one batch each: what the last
// one cannot take holds the first one back. Batches are appended, observed and
// committed in the order they were read, so that only the contiguous prefix is
// ever committed. At most seven batches are on the way at a time, and nothing more is
// fetched while they hold twice BatchBytes.
type Service struct {
	Source  Source
	Log     Log
	Refused RefusedSink // may be nil
	// Follower sees every batch between its append and its commit; may be nil.
	Follower Follower
	Decoder  *events.Decoder
	Logger   *slog.Logger

	// UntilCaughtUp stops the service once every owned partition has been read
	// to the end it had when ownership began.
	UntilCaughtUp bool

	BatchRecords int           // flush at so many records; 0 means 100,000
	BatchBytes   int           // or at so many bytes of keys and values; 0 means 32 MiB
	BatchAge     time.Duration // or when the oldest has waited so long; 0 means 1 s

	// StopWithin is how long Run may take to finish what is in hand when it is asked
	// to stop; 0 means 20 s.
	StopWithin time.Duration

	Stats Stats
}

// Stats count what a service has made durable since it began, and its troubles.
type Stats struct {
	Records, Events, Refused, Batches atomic.Int64
	Retries                           atomic.Int64 // of what did not work at once
}

// errCaughtUp ends a service that was asked to stop at the end of the topic.
var errCaughtUp = errors.New("caught up")

// Run consumes until ctx is done (then it finishes what is in hand, commits
// and returns nil), until caught up where asked, or until something fails that
// only an operator can mend. Outages of either side it rides out.
func (s *Service) Run(ctx context.Context) error {
	s.BatchRecords = cmp.Or(s.BatchRecords, 100_000)
	s.BatchBytes = cmp.Or(s.BatchBytes, 32<<20)
	s.BatchAge = cmp.Or(s.BatchAge, time.Second)
	s.StopWithin = cmp.Or(s.StopWithin, 20*time.Second)
	for {
		gen, err := s.Source.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // asked to stop: the error only says so
		case err != nil:
			return fmt.Errorf("consumer group: %w", err)
		}
		err = s.generation(ctx, gen)
		switch {
		case errors.Is(err, errCaughtUp):
			return nil
		case errors.Is(err, errStopped):
			s.Logger.Warn("what was not stored will be read again", "error", err)
			return nil
		case errors.Is(err, ErrGenerationEnded):
			s.Logger.Info("rebalancing")
		case err != nil, ctx.Err() != nil:
			return err
		}
	}
}

// shift is the work on one generation.
type shift struct {
	*Service
	gen  Generation
	stop context.Context // done when asked to stop: nothing more is fetched, what was read is still stored
	work context.Context // done when a stage failed, or when stopping has taken too long

	resume   *resumption
	finished map[Partition]int64 // up to where, exclusive

	held  atomic.Int64  // bytes on the way
	sizes chan int      // of the batches on the way, in their order
	freed chan struct{} // a batch has been finished
}

// generation consumes the partitions of one generation until it ends.
func (s *Service) generation(stop context.Context, gen Generation) error {
	defer gen.End()
	work, cancel := context.WithCancelCause(context.WithoutCancel(stop))
	defer cancel(nil)
	defer context.AfterFunc(stop, func() {
		time.AfterFunc(s.StopWithin, func() { cancel(errStopped) })
	})()

	w := &shift{Service: s, gen: gen, stop: stop, work: work, finished: map[Partition]int64{}, sizes: make(chan int, 8), freed: make(chan struct{}, 1)}
	err := s.keepTrying(stop, work, gen, "taking over", func(ctx context.Context) (err error) {
		w.resume, err = s.resume(ctx, gen)
		return err
	})
	if err != nil {
		return err
	}
	maps.Copy(w.finished, w.resume.next)
	if s.Follower != nil {
		err := w.keepTrying(stop, work, gen, "live classification", func(ctx context.Context) error {
			return s.follow(ctx, gen, w.resume)
		})
		if err != nil {
			return err
		}
		defer s.Follower.End()
	}
	if s.UntilCaughtUp && w.caughtUp() {
		return w.catchUp()
	}
	gen.Start(w.resume.next)

	raw := make(chan []Message, 1)
	decoded := make(chan *Batch, 1)
	stored := make(chan *Batch, 1)
	done := make(chan struct{})
	go func() { // collect
		defer close(raw)
		if err := w.collect(raw); err != nil {
			cancel(err)
		}
	}()
	go func() { // decode
		defer close(decoded)
		for messages := range raw {
			select {
			case decoded <- w.resume.decode(s.Decoder, messages):
			case <-work.Done():
				return
			}
		}
	}()
	go func() { // store
		defer close(stored)
		for batch := range decoded {
			if closed(gen.Over()) {
				return // this batch and those behind it are for the successor
			}
			if err := w.store(batch); err != nil {
				cancel(err)
				return
			}
			select {
			case stored <- batch:
			case <-work.Done():
				return
			}
		}
	}()
	go func() { // finish
		defer close(done)
		for batch := range stored {
			if err := w.finish(batch); err != nil {
				cancel(err)
				return
			}
			select {
			case w.resume.spare <- batch.Events[:0]:
			default:
			}
			w.held.Add(-int64(<-w.sizes))
			select {
			case w.freed <- struct{}{}:
			default:
			}
		}
	}()

	select {
	case <-done:
	case <-work.Done():
		select {
		case <-done:
		case <-time.After(s.StopWithin): // a write into a dead connection; the fence holds
		}
	}
	cancel(nil)
	for range raw { // let the stages before end when a later one gave up first
	}
	for range decoded {
	}
	switch cause := context.Cause(work); {
	case !errors.Is(cause, context.Canceled):
		return cause
	case stop.Err() != nil:
		return nil
	default:
		return ErrGenerationEnded
	}
}

// collect gathers fetched messages into raw batches until it is to stop or the
// generation is over. The first batches are smaller, so that all stages soon have work; where
// nobody waits for more than there was, the last does not wait to grow old.
func (w *shift) collect(raw chan<- []Message) error {
	var batch []Message
	var bytes int
	var oldest time.Time
	full := max(w.BatchRecords/firstBatches, 1)
	unread := maps.Clone(w.resume.ends) // what UntilCaughtUp waits for
	maps.DeleteFunc(unread, func(p Partition, end int64) bool { return !w.UntilCaughtUp || w.resume.next[p] >= end })
	flush := func() {
		if len(batch) == 0 {
			return
		}
		select {
		case raw <- batch:
			w.sizes <- bytes
			full = min(2*full, w.BatchRecords)
			batch, bytes = make([]Message, 0, len(batch)+len(batch)/8), 0 // the next is likely about as long
		case <-w.work.Done():
		}
	}
	for w.work.Err() == nil {
		if w.held.Load() >= int64(2*w.BatchBytes) {
			flush()
			w.waitForRoom()
		}
		wait, cancel := context.WithCancel(w.stop)
		if len(batch) > 0 {
			wait, cancel = context.WithDeadline(w.stop, oldest.Add(w.BatchAge))
		}
		unhook := context.AfterFunc(w.work, cancel)
		before := len(batch)
		var err error
		batch, err = w.gen.Fetch(wait, batch)
		unhook()
		late := errors.Is(wait.Err(), context.DeadlineExceeded)
		cancel()
		if before == 0 && len(batch) > 0 {
			oldest = time.Now()
		}
		had := bytes
		last := len(unread) > 0
		for i := range batch[before:] {
			m := &batch[before+i]
			bytes += len(m.Key) + len(m.Value)
			if len(unread) > 0 {
				if p := (Partition{m.Topic, m.Partition}); m.Offset+1 >= unread[p] {
					delete(unread, p)
				}
			}
		}
		last = last && len(unread) == 0
		w.held.Add(int64(bytes - had))
		switch {
		case w.stop.Err() != nil:
			flush()
			return nil //nolint:nilerr // asked to stop: the error only says so
		case errors.Is(err, ErrGenerationEnded):
			return nil // what is not yet being stored is for the successor
		case err != nil && !late && w.work.Err() == nil:
			return err
		case late, last, len(batch) >= full, bytes >= w.BatchBytes, len(batch) > 0 && time.Since(oldest) >= w.BatchAge:
			flush()
		}
	}
	return nil
}

// firstBatches is how much smaller the first batch of a generation is; each after it is twice the one before.
const firstBatches = 8

// waitForRoom returns when less is held, or when there is something else to do.
func (w *shift) waitForRoom() {
	for w.held.Load() >= int64(2*w.BatchBytes) {
		select {
		case <-w.freed:
		case <-w.gen.Over():
			return
		case <-w.stop.Done():
			return
		case <-w.work.Done():
			return
		}
	}
}

// store makes one batch durable. What is refused is published first: once the ledger has
// it, nobody would come back to it.
func (w *shift) store(b *Batch) error {
	if w.Refused != nil && len(b.Refused) > 0 {
		err := w.keepTrying(w.stop, w.work, w.gen, "topic of the refused", func(ctx context.Context) error {
			return w.Refused.Publish(ctx, b.Refused)
		})
		if err != nil {
			return err
		}
	}
	rest, again := b.Without(w.resume.stored), false
	return w.keepTrying(w.stop, w.work, w.gen, "event log", func(ctx context.Context) (err error) {
		if again {
			if rest, err = w.missing(ctx, w.gen, b); err != nil {
				return err
			}
		}
		again = true
		return w.Log.Append(ctx, w.gen, rest)
	})
}

// finish commits a batch that is durable, once the follower has seen it.
func (w *shift) finish(b *Batch) error {
	if w.Follower != nil {
		if err := w.Follower.Observe(w.work, b); err != nil {
			return w.anew(fmt.Errorf("live classification: %w", err))
		}
	}
	next := map[Partition]int64{}
	for _, span := range b.Spans {
		p := Partition{span.Topic, span.Partition}
		next[p], w.finished[p] = span.To, span.To
		w.Stats.Records.Add(span.Records)
	}
	if len(b.Refused) > 0 { // the details, which may quote a user's number, are in the table
		first := &b.Refused[0]
		w.Logger.Info("records refused", "count", len(b.Refused), "first_topic", first.Topic, "first_partition", first.Partition, "first_offset", first.Offset, "reason", first.Reason)
	}
	w.Stats.Events.Add(int64(len(b.Events)))
	w.Stats.Refused.Add(int64(len(b.Refused)))
	w.Stats.Batches.Add(1)
	if err := w.gen.Commit(w.work, next); err != nil {
		return err
	}
	if w.UntilCaughtUp && w.caughtUp() {
		return w.catchUp()
	}
	return nil
}

// anew is what to return when the generation has to be begun anew because of err.
func (w *shift) anew(err error) error {
	switch {
	case errors.Is(err, ErrHopeless), errors.Is(err, ErrGenerationEnded), w.gen.Over() == nil: // a source that gives no other
		return err
	case w.stop.Err() != nil:
		return fmt.Errorf("%w: %w", errStopped, err)
	}
	w.Stats.Retries.Add(1)
	w.Logger.Warn("beginning anew", "error", err)
	w.gen.GiveUp()
	return ErrGenerationEnded
}

// catchUp lets the follower finish too, and returns errCaughtUp.
func (w *shift) catchUp() error {
	if w.Follower != nil {
		if err := w.keepTrying(w.stop, w.work, w.gen, "live classification", w.Follower.CatchUp); err != nil {
			return err
		}
	}
	return errCaughtUp
}

// caughtUp says whether all is finished that was there when ownership began.
func (w *shift) caughtUp() bool {
	for p, end := range w.resume.ends {
		if w.finished[p] < end {
			return false
		}
	}
	return true
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
