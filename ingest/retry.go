package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	pauseMin    = 200 * time.Millisecond
	pauseMax    = 15 * time.Second
	remindEvery = time.Minute // an outage is logged when it begins, and then so often

	// At the start somebody may be watching, and what is waited for comes soon or never.
	startPauseMax    = 3 * time.Second
	startRemindEvery = 5 * time.Second
)

// errStopped ends a service that was asked to stop while something was out of reach.
var errStopped = errors.New("stopped during an outage")

// keepTrying calls try until it succeeds: an outage of the log or the broker, however
// long, only makes the pipeline wait. It gives up on an error that is hopeless, when
// the generation is over, and when stop is done (errStopped).
func (s *Service) keepTrying(stop, work context.Context, gen Generation, what string, try func(context.Context) error) error {
	p := patience{what, s.Logger, &s.Stats.Retries, pauseMax, remindEvery}
	return p.keepTrying(stop, work, gen.Over(), try)
}

// Await calls try until it succeeds, before there is a service: what it reaches for may be
// started later than we are. It gives up on an error that is hopeless and when ctx is done.
func Await(ctx context.Context, logger *slog.Logger, what string, try func(context.Context) error) error {
	p := patience{what, logger, new(atomic.Int64), startPauseMax, startRemindEvery}
	return p.keepTrying(ctx, ctx, nil, try)
}

// patience is how an outage of what is ridden out. The pauses double, with jitter, so that
// processes do not come back all at once.
type patience struct {
	what        string
	logger      *slog.Logger
	retries     *atomic.Int64
	pauseMax    time.Duration
	remindEvery time.Duration
}

func (p patience) keepTrying(stop, work context.Context, over <-chan struct{}, try func(context.Context) error) error {
	var began, reminded time.Time
	for pause := pauseMin; ; pause = min(2*pause, p.pauseMax) {
		err := try(work)
		switch {
		case err == nil:
			if !began.IsZero() {
				p.logger.Warn("works now", "what", p.what, "out_for", time.Since(began).Round(time.Millisecond))
			}
			return nil
		case errors.Is(err, ErrGenerationEnded), errors.Is(err, ErrHopeless):
			return fmt.Errorf("%s: %w", p.what, err)
		case work.Err() != nil, stop.Err() != nil:
			return fmt.Errorf("%w: %s: %w", errStopped, p.what, err)
		}
		p.retries.Add(1)
		now := time.Now()
		if began.IsZero() {
			began = now
		}
		if now.Sub(reminded) >= p.remindEvery {
			p.logger.Warn("does not work, trying on", "what", p.what, "error", err, "out_for", now.Sub(began).Round(time.Second))
			reminded = now
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-over:
			return ErrGenerationEnded
		case <-stop.Done():
			return fmt.Errorf("%w: %s: %w", errStopped, p.what, err)
		}
	}
}
