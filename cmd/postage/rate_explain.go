package main

import (
	"context"
	"fmt"
	"io"
	"postage/ingest/files"
	"postage/rating"
	"slices"
	"strings"
	"sync"
)

// explain rates all the files, because tiers and free tiers depend on all of
// them, and prints in words how one message came to its price. Message ids repeat
// across conversations; each message of that id is explained.
func (c *rateCommand) explain(ctx context.Context, s *streams, t *loadedTariff, config files.Config, inputs []files.Input) error {
	if len(c.Files) == 0 || slices.Contains(c.Files, "-") {
		return usagef("--explain reads the events twice; name files instead of standard input")
	}
	var mu sync.Mutex
	var found []rating.Message
	config.Line = func() func([]byte, *rating.Message) []byte {
		return func(dst []byte, m *rating.Message) []byte {
			if m.MessageID == c.Explain {
				mu.Lock()
				found = append(found, *m)
				mu.Unlock()
			}
			return dst
		}
	}
	if _, err := files.Rate(ctx, config, inputs, s.err, io.Discard); err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no outbound message %q in %s", c.Explain, strings.Join(c.Files, ", "))
	}
	events, err := files.Find(ctx, config, inputs, func(e *rating.Event) bool {
		return slices.ContainsFunc(found, func(m rating.Message) bool { return m.Sender == e.Sender && m.User == e.User })
	})
	if err != nil {
		return err
	}
	for i := range found {
		m := &found[i]
		talk := slices.DeleteFunc(slices.Clone(events), func(e rating.Event) bool { return e.Sender != m.Sender || e.User != m.User })
		for _, line := range t.Explain(m, talk) {
			if _, err := fmt.Fprintln(s.out, line); err != nil {
				return err
			}
		}
	}
	return nil
}
