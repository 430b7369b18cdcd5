package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"postage/ingest"
	"postage/ingest/kafka/apachekafka"
	"postage/ingest/kafka/embedded"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestTransactions: records of committed transactions are read, those of aborted ones are
// not, and every offset is accounted for, up to the last one, where no record ever comes.
func TestTransactions(t *testing.T) {
	t.Run("embedded broker", func(t *testing.T) {
		t.Parallel()
		b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: "events", Partitions: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		testTransactions(t, b.Addr())
	})
	t.Run("Apache Kafka", func(t *testing.T) {
		t.Parallel()
		b, err := apachekafka.Start(t.Context(), apachekafka.Options{DataDir: t.TempDir()})
		if err != nil {
			t.Fatalf("this test needs Apache Kafka: %v", err)
		}
		t.Cleanup(func() {
			if err := b.Stop(); err != nil {
				t.Errorf("stopping Apache Kafka: %v", err)
			}
		})
		if err := b.CreateTopic(t.Context(), "events", 2, nil); err != nil {
			t.Fatal(err)
		}
		testTransactions(t, b.Addr())
	})
}

func testTransactions(t *testing.T, broker string) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	producer := func(id string) *kgo.Client {
		c, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic("events"), kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RequestTimeoutOverhead(20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	one, other := producer("one"), producer("other")
	var want []string
	send := func(c *kgo.Client, kind string, n int) {
		t.Helper()
		for i := range n {
			for partition := range int32(2) {
				value := fmt.Sprintf("%s %d", kind, i)
				if r := c.ProduceSync(ctx, &kgo.Record{Partition: partition, Value: []byte(value)}); r.FirstErr() != nil {
					t.Fatalf("produce: %v", r.FirstErr())
				}
				if strings.HasPrefix(kind, "good") {
					want = append(want, value)
				}
			}
		}
	}
	begin := func(c *kgo.Client) {
		t.Helper()
		if err := c.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func(c *kgo.Client, how kgo.TransactionEndTry) {
		t.Helper()
		if err := errors.Join(c.Flush(ctx), c.EndTransaction(ctx, how)); err != nil {
			t.Fatal(err)
		}
	}
	begin(one)
	send(one, "good", 3)
	end(one, kgo.TryCommit)
	begin(one)
	begin(other) // two at a time, one of them in vain
	send(one, "bad", 2)
	send(other, "good between", 2)
	send(one, "bad too", 2)
	end(other, kgo.TryCommit)
	end(one, kgo.TryAbort)
	begin(one)
	send(one, "good again", 1)
	end(one, kgo.TryCommit)
	begin(one)
	send(one, "bad at the end", 2)
	end(one, kgo.TryAbort)
	group, err := JoinGroup([]string{broker}, "events", "g", slog.New(slog.DiscardHandler), GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { group.Close() })
	gen, err := group.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gen.End)
	// Apache Kafka answers before the ends of transactions are in every partition: what is open must not come before them.
	const lastStable = 17 // 3 + 1, 2 + 2 + 2, 2 ends, 1 + 1, 2 + 1: the open one lies behind
	var bounds map[ingest.Partition]ingest.Bounds
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if bounds, err = gen.Bounds(ctx); err != nil {
			t.Fatal(err)
		}
		complete := true
		for _, b := range bounds {
			complete = complete && b.Next == lastStable
		}
		if complete || time.Now().After(deadline) {
			break
		}
	}
	begin(other)
	send(other, "open: neither good nor bad yet", 1)
	t.Cleanup(func() { _ = other.EndTransaction(context.Background(), kgo.TryAbort) })
	if bounds, err = gen.Bounds(ctx); err != nil {
		t.Fatal(err)
	}
	next := gen.Owned()
	gen.Start(next)
	values := map[string]int{}
	var records int
	reached := func() bool {
		for p, b := range bounds {
			if next[p] < b.Next {
				return false
			}
		}
		return true
	}
	for !reached() {
		messages, err := gen.Fetch(ctx, nil)
		if err != nil {
			t.Fatalf("Fetch with %v of %v: %v", next, bounds, err)
		}
		for _, m := range messages {
			next[ingest.Partition{Topic: m.Topic, ID: m.Partition}] = m.Offset + 1
			if !m.Gap {
				records++
				values[string(m.Value)]++
			}
		}
	}
	if records != len(want) {
		t.Errorf("records: got %d, want %d", records, len(want))
	}
	for _, v := range want {
		if values[v] != 2 { // on two partitions
			t.Errorf("%q: read %d times, want 2", v, values[v])
		}
	}
	for p, b := range bounds {
		if b.First != 0 || b.Next != lastStable {
			t.Errorf("bounds of %v: got %v, want 0 to %d", p, b, lastStable)
		}
	}
}
