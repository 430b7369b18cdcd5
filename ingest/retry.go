package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	pauseMin    = 200 * time.Millisecond
	pauseMax    = 15 * time.Second
	remindEvery = time.Minute // an outage is logged when it begins, and then so often
)

// errStopped ends a service that was asked to stop while something was out of reach.
var errStopped = errors.New("stopped during an outage")

// keepTrying calls try until it succeeds: an outage of the log or the broker, however
// long, only makes the pipeline wait. The pauses double, with jitter, so that processes
// do not come back all at once. It gives up on an error that is hopeless, when
// the generation is over, and when stop is done (errStopped).
func (s *Service) keepTrying(stop, work context.Context, gen Generation, what string, try func(context.Context) error) error {
	var began, reminded time.Time
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		err := try(work)
		switch {
		case err == nil:
			if !began.IsZero() {
				s.Logger.Warn("works again", "what", what, "out_for", time.Since(began).Round(time.Millisecond))
			}
			return nil
		case errors.Is(err, ErrGenerationEnded), errors.Is(err, ErrHopeless):
			return fmt.Errorf("%s: %w", what, err)
		case work.Err() != nil, stop.Err() != nil:
			return fmt.Errorf("%w: %s: %w", errStopped, what, err)
		}
		s.Stats.Retries.Add(1)
		now := time.Now()
		if began.IsZero() {
			began = now
		}
		if now.Sub(reminded) >= remindEvery {
			s.Logger.Warn("does not work, trying on", "what", what, "error", err, "out_for", now.Sub(began).Round(time.Second))
			reminded = now
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-gen.Over():
			return ErrGenerationEnded
		case <-stop.Done():
			return fmt.Errorf("%w: %s: %w", errStopped, what, err)
		}
	}
}
