package files

import (
	"context"
	"io"
	"postage/rating"
	"postage/schemas/events"
	"sync"
)

// Find reads inputs and returns the events that are wanted, copies included, in
// no order. Refusals are left out; Rate reports them.
func Find(ctx context.Context, c Config, inputs []Input, wanted func(*rating.Event) bool) ([]rating.Event, error) {
	var mu sync.Mutex
	var found []rating.Event
	_, err := c.decode(ctx, inputs, io.Discard, func(_ int, items []events.Item) error {
		for i := range items {
			if wanted(&items[i].Event) {
				mu.Lock()
				found = append(found, items[i].Event)
				mu.Unlock()
			}
		}
		return nil
	})
	return found, err
}
