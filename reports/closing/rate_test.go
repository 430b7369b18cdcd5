package closing

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"slices"
	"strings"
	"sync"
	"testing"
)

// collected is a run writer that remembers the messages.
type collected struct {
	reports.RunWriter
	mu       sync.Mutex
	messages []rating.Message
}

func (c *collected) WriteMessages(_ context.Context, messages []rating.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range messages {
		if m.Rate != nil { // pricers may be used again
			rate := *m.Rate
			m.Rate = &rate
		}
		c.messages = append(c.messages, m)
	}
	return nil
}

// TestGroupsRateAsAll: a month rated portion by portion from the log, with limits so small that groups
// are cut into slices and wait in the spool, says the same as the rating function over everything at once.
func TestGroupsRateAsAll(t *testing.T) {
	first := rand.Uint64N(1 << 40)
	t.Logf("seeds from %d", first)
	spooled, several, statements := 0, 0, 0
	for n := range uint64(12) {
		seed := first + n
		w := newWorld(rand.New(rand.NewPCG(seed, 1)))
		tariff, err := rating.NewTariff(w.rows)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		run := reports.Run{ID: "r", Month: w.month, Cutoff: appendWorld(t, fmt.Sprintf("world-%d", seed), w.events)}
		wantStatements, wantMessages := rateAtOnce(t, tariff, w)
		for _, small := range []limits{{sliceEvents: 12, sliceSenders: 2, groupMessages: 3}, usualLimits} {
			rows := &collected{}
			log := &countingLog{EventLog: store}
			r := &monthRating{log: log, tariff: tariff, run: run, before: previous(w.month), rows: rows, limits: small}
			e, err := r.rate(t.Context(), nil)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if small == usualLimits && log.spools > 0 {
				t.Errorf("seed %d: %d spools for a small world", seed, log.spools)
			}
			spooled += log.spools
			several += log.slices
			statements += len(e.Statements)
			compare(t, seed, "statements", lines(e.Statements), lines(wantStatements))
			compare(t, seed, "messages", sorted(rows.messages), sorted(wantMessages))
		}
		// A few accounts say the same of themselves.
		account := w.rows.Accounts[0].Account
		e, err := rateMonth(t.Context(), store, tariff, run, monthOptions{Accounts: []string{account}})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		of := func(s []rating.Statement) []string {
			return lines(slices.DeleteFunc(slices.Clone(s), func(s rating.Statement) bool { return s.Account != account }))
		}
		compare(t, seed, "statement of "+account+" alone", of(e.Statements), of(wantStatements))
		if t.Failed() {
			return
		}
	}
	if spooled < 6 || several < 60 || statements < 24 {
		t.Errorf("%d spools, %d slices, %d statements: the worlds are too small to show anything", spooled, several, statements)
	}
}

// countingLog counts what a large group needs.
type countingLog struct {
	reports.EventLog
	mu             sync.Mutex
	spools, slices int
}

func (c *countingLog) Spool(ctx context.Context) (reports.Spool, error) {
	c.mu.Lock()
	c.spools++
	c.mu.Unlock()
	return c.EventLog.Spool(ctx)
}

func (c *countingLog) Conversations(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	c.mu.Lock()
	c.slices++
	c.mu.Unlock()
	return c.EventLog.Conversations(ctx, upTo, of)
}

// appendWorld puts events into the log, in two parts, under a topic of their own. What lies
// beyond the cut-off it returns must not count.
func appendWorld(t *testing.T, topic string, events []rating.Event) reports.Cutoff {
	t.Helper()
	var records []ingest.Record
	for i, e := range events {
		records = append(records, ingest.Record{Origin: ingest.Origin{Topic: topic, Partition: int32(i % 3), Offset: int64(i / 3)}, ArrivedAt: e.At, Event: e})
	}
	end := int64(len(events)/3 + 1)
	beyond := records[0]
	beyond.Offset, beyond.Event.Type, beyond.Event.At, beyond.Event.MessageID = end, rating.Delivered, beyond.Event.At+90*rating.Day, "beyond"
	records = append(records, beyond)
	for half := range slices.Chunk(records, len(records)/2+1) {
		if err := store.Append(t.Context(), ingest.Sole{}, &ingest.Batch{Events: half}); err != nil {
			t.Fatal(err)
		}
	}
	return reports.Cutoff{{Topic: topic, Partition: 0, Offset: end}, {Topic: topic, Partition: 1, Offset: end}, {Topic: topic, Partition: 2, Offset: end}}
}

// rateAtOnce is the reference: everything in memory, nothing left out, one pricer.
func rateAtOnce(t *testing.T, tariff *rating.Tariff, w *world) (statements []rating.Statement, messages []rating.Message) {
	t.Helper()
	type talk struct{ sender, user string }
	talks := map[talk][]rating.Event{}
	for _, e := range w.events {
		talks[talk{e.Sender, e.User}] = append(talks[talk{e.Sender, e.User}], e)
	}
	rated, err := rating.Evaluate(tariff, func(yield func([]rating.Event, error) bool) {
		for _, events := range talks {
			if !yield(events, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]*rating.Folder{}
	for _, account := range tariff.Accounts(w.month) {
		folders[account] = rating.NewFolder(tariff, account, w.month)
	}
	for _, m := range rated.Messages {
		switch of := m.StatementMonth(); {
		case of == w.month:
			folders[m.Account].Add(m)
			messages = append(messages, *m)
		case of.IsZero() && monthOfSending(m) == w.month:
			messages = append(messages, *m)
		}
	}
	for _, f := range folders {
		f.AddInbounds(rated.Inbounds)
		s, err := f.Statement()
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, *s)
	}
	slices.SortFunc(statements, func(a, b rating.Statement) int { return strings.Compare(a.Account, b.Account) })
	return statements, messages
}

func lines[T any](values []T) (out []string) {
	for i := range values {
		b, err := json.Marshal(&values[i])
		if err != nil {
			panic(err)
		}
		out = append(out, string(b))
	}
	return out
}

func sorted(messages []rating.Message) []string {
	out := lines(messages)
	slices.Sort(out)
	return out
}

func compare(t *testing.T, seed uint64, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("seed %d: %s: got %d, want %d", seed, what, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("seed %d: %s:\ngot  %s\nwant %s", seed, what, got[i], want[i])
			return
		}
	}
}
