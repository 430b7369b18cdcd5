package kafka

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"postage/ingest"
	"postage/ingest/kafka/embedded"
	"slices"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// TestBatchTooLarge: a batch that unpacks to more than is allowed ends the reading with its
// topic, partition and offset. Nothing is stepped over, and with a higher bound all is read.
func TestBatchTooLarge(t *testing.T) { // not parallel: the bound is the process's
	codecs := []kafkago.Compression{kafkago.Gzip, kafkago.Snappy, kafkago.Lz4, kafkago.Zstd}
	var topics []embedded.Topic
	for _, codec := range codecs {
		topics = append(topics, embedded.Topic{Name: "events-" + codec.String(), Partitions: 2})
	}
	b, err := embedded.Start(embedded.Options{Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	t.Cleanup(func() { BoundBatches(DefaultBatchBytesMax) })
	for _, codec := range codecs {
		t.Run(codec.String(), func(t *testing.T) {
			topic := "events-" + codec.String()
			client := &kafkago.Client{Addr: kafkago.TCP(b.Addr())}
			send := func(partition int, value string) {
				t.Helper()
				_, err := client.Produce(t.Context(), &kafkago.ProduceRequest{
					Topic: topic, Partition: partition, RequiredAcks: kafkago.RequireAll, Compression: codec,
					Records: kafkago.NewRecordReader(kafkago.Record{Value: kafkago.NewBytes([]byte(value))}),
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			send(0, "before")
			send(0, strings.Repeat("a", 3<<20))
			send(0, "behind")
			send(1, "beside")

			BoundBatches(2 << 20)
			values, err := readAll(t, b.Addr(), topic, 4)
			if want := "topic " + topic + ", partition 0, offset 1: "; !errors.Is(err, ingest.ErrHopeless) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "2 MiB") {
				t.Errorf("got %v, want a hopeless error with %q", err, want)
			}
			for _, v := range values { // perhaps none: the error may come first, and they would be read again
				if v != "before" && v != "beside" {
					t.Errorf("read %.20q, which lies behind what could not be read", v)
				}
			}
			BoundBatches(4 << 20)
			if values, err := readAll(t, b.Addr(), topic, 4); err != nil || len(values) != 4 {
				t.Errorf("with a higher bound: %d records, %v; want 4", len(values), err)
			}
		})
	}
}

// readAll reads a topic from its beginning until it has so many records or an error. Values
// are sorted.
func readAll(t *testing.T, broker, topic string, n int) (values []string, err error) {
	t.Helper()
	group, err := JoinGroup([]string{broker}, topic, "g-"+topic+time.Now().String(), slog.New(slog.DiscardHandler), GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gen, err := group.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer gen.End()
	seen := map[ingest.Origin]string{}
	gen.Start(gen.Owned())
	for len(seen) < n {
		messages, fetchErr := gen.Fetch(ctx, nil)
		for _, m := range messages {
			seen[ingest.Origin{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset}] = string(m.Value)
		}
		if err = fetchErr; err != nil {
			break
		}
	}
	return slices.Sorted(maps.Values(seen)), err
}
