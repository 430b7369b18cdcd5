package ingest

import (
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
//	Source --Fetch--> collect --> decode --> Append, Publish --> Observe --> Commit
//	          (messages)   (raw batch)  (batch)      Log         Follower
//
// The stages run side by side, joined by channels of one batch each: what the last
// one cannot take holds the first one back. Batches are appended, observed and
// committed in the order they were read, so that only the contiguous prefix is
// ever committed.
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

	BatchRecords int           // flush at so many records; 0 means 50,000
	BatchBytes   int           // or at so many bytes of values; 0 means 64 MiB
	BatchAge     time.Duration // or when the oldest has waited so long; 0 means 1 s

	Stats Stats
}

// Stats count what a service has made durable since it began.
type Stats struct {
	Records, Events, Refused, Batches atomic.Int64
}

// errCaughtUp ends a service that was asked to stop at the end of the topic.
var errCaughtUp = errors.New("caught up")

// Run consumes until ctx is done (then it finishes the batch in hand, commits
// and returns nil), until caught up where asked, or until something fails that
// only an operator can mend.
func (s *Service) Run(ctx context.Context) error {
	if s.BatchRecords == 0 {
		s.BatchRecords = 50_000
	}
	if s.BatchBytes == 0 {
		s.BatchBytes = 64 << 20
	}
	if s.BatchAge == 0 {
		s.BatchAge = time.Second
	}
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
		case errors.Is(err, errCaughtUp), ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())):
			return nil
		case errors.Is(err, ErrGenerationEnded):
			s.Logger.Info("rebalancing")
		case err != nil:
			return err
		}
	}
}

// generation consumes the partitions of one generation until it ends.
func (s *Service) generation(ctx context.Context, gen Generation) error {
	resume, takeover, err := s.resume(ctx, gen)
	if err != nil {
		return err
	}
	if s.Follower != nil {
		if err := s.Follower.Begin(ctx, takeover); err != nil {
			return fmt.Errorf("live classification: %w", err)
		}
		defer s.Follower.End()
	}
	var ends map[Partition]int64
	if s.UntilCaughtUp {
		bounds, err := gen.Bounds(ctx)
		if err != nil {
			return fmt.Errorf("bounds of the topic: %w", err)
		}
		ends = map[Partition]int64{}
		for p, b := range bounds {
			ends[p] = b.Next
		}
		if caughtUp(resume.next, ends) {
			return s.caughtUp(ctx)
		}
	}
	gen.Start(resume.next)
	finished := maps.Clone(resume.next)

	// When ctx is done only fetching stops; what was read is still stored.
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	raw := make(chan []Message, 1)
	decoded := make(chan *Batch, 1)
	stored := make(chan *Batch, 1)
	done := make(chan struct{})

	go func() { // collect
		defer close(raw)
		if err := s.collect(ctx, work, gen, raw); err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}()
	go func() { // decode
		defer close(decoded)
		for messages := range raw {
			select {
			case decoded <- resume.decode(s.Decoder, messages):
			case <-work.Done():
				return
			}
		}
	}()
	go func() { // store
		defer close(stored)
		for batch := range decoded {
			if err := s.store(work, batch); err != nil {
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
	go func() { // follow and commit
		defer close(done)
		for batch := range stored {
			if err := s.finish(work, gen, batch); err != nil {
				cancel(err)
				return
			}
			if ends != nil && caughtUp(advance(finished, batch), ends) {
				cancel(s.caughtUp(work))
				return
			}
		}
	}()

	<-done
	cancel(nil)
	for range stored { // let the stages before end when this one gave up first
	}
	for range raw {
	}
	if cause := context.Cause(work); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return ctx.Err()
}

// collect gathers fetched messages into raw batches.
func (s *Service) collect(ctx, work context.Context, gen Generation, raw chan<- []Message) error {
	var batch []Message
	var bytes int
	var oldest time.Time
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case raw <- batch:
			batch, bytes = nil, 0
			return nil
		case <-work.Done():
			return context.Cause(work)
		}
	}
	for {
		wait, stop := context.WithCancel(ctx)
		if len(batch) > 0 {
			wait, stop = context.WithDeadline(ctx, oldest.Add(s.BatchAge))
		}
		unhook := context.AfterFunc(work, stop)
		before := len(batch)
		var err error
		batch, err = gen.Fetch(wait, batch)
		unhook()
		late := ctx.Err() == nil && errors.Is(wait.Err(), context.DeadlineExceeded)
		stop()
		if before == 0 && len(batch) > 0 {
			oldest = time.Now()
		}
		for _, m := range batch[before:] {
			bytes += len(m.Key) + len(m.Value)
		}
		switch {
		case work.Err() != nil:
			return nil //nolint:nilerr // the cause is with work's context
		case err != nil && !late:
			if ctx.Err() != nil {
				return flush()
			}
			return err
		case late, len(batch) >= s.BatchRecords, bytes >= s.BatchBytes, len(batch) > 0 && time.Since(oldest) >= s.BatchAge:
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// store makes one batch durable.
func (s *Service) store(ctx context.Context, b *Batch) error {
	if err := s.Log.Append(ctx, b); err != nil {
		return fmt.Errorf("event log: %w", err)
	}
	if s.Refused != nil && len(b.Refused) > 0 {
		if err := s.Refused.Publish(ctx, b.Refused); err != nil {
			return fmt.Errorf("refused topic: %w", err)
		}
	}
	return nil
}

// finish commits a batch that is durable, once the follower has seen it.
func (s *Service) finish(ctx context.Context, gen Generation, b *Batch) error {
	if s.Follower != nil {
		if err := s.Follower.Observe(ctx, b); err != nil {
			return fmt.Errorf("live classification: %w", err)
		}
	}
	next := advance(map[Partition]int64{}, b)
	var records int64
	for _, span := range b.Spans {
		records += span.Records
	}
	s.Stats.Records.Add(records)
	s.Stats.Events.Add(int64(len(b.Events)))
	s.Stats.Refused.Add(int64(len(b.Refused)))
	s.Stats.Batches.Add(1)
	return gen.Commit(ctx, next)
}

// advance notes in next what a batch has finished.
func advance(next map[Partition]int64, b *Batch) map[Partition]int64 {
	for _, span := range b.Spans {
		next[Partition{span.Topic, span.Partition}] = span.To
	}
	return next
}

// caughtUp lets the follower finish too, and returns errCaughtUp.
func (s *Service) caughtUp(ctx context.Context) error {
	if s.Follower != nil {
		if err := s.Follower.CatchUp(ctx); err != nil {
			return fmt.Errorf("live classification: %w", err)
		}
	}
	return errCaughtUp
}

func caughtUp(next, ends map[Partition]int64) bool {
	for p, end := range ends {
		if next[p] < end {
			return false
		}
	}
	return true
}
