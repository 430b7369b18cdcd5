package embedded

import (
	"context"
	"fmt"
	"time"
)

// awake returns a context that ends after a time during which this process could run. One
// that was stopped, or whose machine slept, must not find all time gone when it goes on:
// the engine was stopped as well, and has had none of it.
func awake(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		const step = 250 * time.Millisecond // what a stop may cost
		for left := d; left > 0; left -= step {
			select {
			case <-time.After(min(step, left)):
			case <-ctx.Done():
				return
			}
		}
		cancel(fmt.Errorf("%w after %s", context.DeadlineExceeded, d))
	}()
	return ctx, func() { cancel(context.Canceled) }
}
