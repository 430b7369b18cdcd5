package kafka

import (
	"bytes"
	"context"
	"fmt"
	"postage/ingest"
	"postage/ingest/kafka/embedded"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// TestPublishTooLarge: a refused record that its topic does not take is announced without
// its bytes, and holds nothing up; those that fit keep theirs.
func TestPublishTooLarge(t *testing.T) {
	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: "refused", Partitions: 1, Config: map[string]string{"max.message.bytes": "20000"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	noise := func(n int) []byte { // nothing compresses it
		v := make([]byte, n)
		x := uint64(88172645463325252)
		for i := range v {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			v[i] = byte(x)
		}
		return v
	}
	sizes := []int{0, 9_000, 9_001, 9_002, 30_000, 12_000, MaxRecordBytes + 5, 10}
	var refused []ingest.Refused
	for i, n := range sizes {
		refused = append(refused, ingest.Refused{Origin: ingest.Origin{Topic: "t", Offset: int64(i)}, Reason: "not_json", Value: noise(n)})
	}
	p := NewProducer([]string{b.Addr()}, "refused")
	t.Cleanup(func() { p.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Publish(ctx, refused); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	r := kafkago.NewReader(kafkago.ReaderConfig{Brokers: []string{b.Addr()}, Topic: "refused", MaxWait: 50 * time.Millisecond})
	t.Cleanup(func() { r.Close() })
	for range sizes {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		headers := map[string]string{}
		for _, h := range m.Headers {
			headers[h.Key] = string(h.Value)
		}
		var i int
		if _, err := fmt.Sscan(headers["postage-offset"], &i); err != nil {
			t.Fatal(err)
		}
		if leftOut := headers["postage-left-out-bytes"]; sizes[i] > 20_000 {
			if leftOut != fmt.Sprint(sizes[i]) || m.Value != nil {
				t.Errorf("record of %d bytes: header says %q left out, value of %d bytes", sizes[i], leftOut, len(m.Value))
			}
		} else if leftOut != "" || !bytes.Equal(m.Value, noise(sizes[i])) {
			t.Errorf("record of %d bytes: %q left out, value of %d bytes; want it as it came", sizes[i], leftOut, len(m.Value))
		}
	}
}
