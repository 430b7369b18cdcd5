package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"postage/ingest"
	"slices"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// Producer writes records to one topic, keyed: records of one key stay in order
// on one partition, the one that Kafka's own clients choose. A record is acknowledged by all replicas before Produce
// returns.
type Producer struct{ w *kafkago.Writer }

// NewProducer returns a producer for a topic.
func NewProducer(brokers []string, topic string) *Producer {
	return &Producer{&kafkago.Writer{
		Addr:         kafkago.TCP(brokers...),
		Topic:        topic,
		Balancer:     kafkago.Murmur2Balancer{},
		RequiredAcks: kafkago.RequireAll,
		Compression:  kafkago.Lz4,
		BatchSize:    2000,
		BatchBytes:   MaxRecordBytes,
		BatchTimeout: 5 * time.Millisecond,
		MaxAttempts:  10,
	}}
}

// Produced is one record to produce. A zero Time means now.
type Produced struct {
	Key, Value []byte
	Time       time.Time
	Headers    map[string]string
}

// Produce writes the records and waits for the acknowledgement.
func (p *Producer) Produce(ctx context.Context, records ...Produced) error {
	messages := make([]kafkago.Message, len(records))
	for i, r := range records {
		messages[i] = kafkago.Message{Key: r.Key, Value: r.Value, Time: r.Time}
		for _, name := range sortedKeys(r.Headers) {
			messages[i].Headers = append(messages[i].Headers, kafkago.Header{Key: name, Value: []byte(r.Headers[name])})
		}
	}
	if err := p.w.WriteMessages(ctx, messages...); err != nil {
		return fmt.Errorf("topic %s: %w", p.w.Topic, err)
	}
	return nil
}

// Publish implements ingest.RefusedSink: the record as it came, its origin and
// the reason in headers.
func (p *Producer) Publish(ctx context.Context, refused []ingest.Refused) error {
	records := make([]Produced, len(refused))
	for i, r := range refused {
		records[i] = Produced{Key: r.Key, Value: r.Value, Headers: map[string]string{
			"postage-reason":    r.Reason,
			"postage-detail":    r.Detail,
			"postage-topic":     r.Topic,
			"postage-partition": strconv.Itoa(int(r.Partition)),
			"postage-offset":    strconv.FormatInt(r.Offset, 10),
			"postage-index":     strconv.Itoa(int(r.Index)),
		}}
	}
	return p.Produce(ctx, records...)
}

// Close flushes and closes.
func (p *Producer) Close() error { return p.w.Close() }

// Topic is a topic to be there.
type Topic struct {
	Name       string
	Partitions int
}

// EnsureTopics creates the topics that do not exist, keeping their records for
// ever. Existing ones are left as they are.
func EnsureTopics(ctx context.Context, brokers []string, topics ...Topic) error {
	client := &kafkago.Client{Addr: kafkago.TCP(brokers...), Timeout: 10 * time.Second}
	req := &kafkago.CreateTopicsRequest{}
	for _, t := range topics {
		req.Topics = append(req.Topics, kafkago.TopicConfig{
			Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: -1,
			ConfigEntries: []kafkago.ConfigEntry{
				{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(MaxRecordBytes)},
				// Retention goes by the record's timestamp: a backfilled month would be
				// deleted before it is read.
				{ConfigName: "retention.ms", ConfigValue: "-1"},
			},
		})
	}
	resp, err := client.CreateTopics(ctx, req)
	if err != nil {
		return fmt.Errorf("kafka %v: create topics: %w", brokers, err)
	}
	for name, err := range resp.Errors {
		if err != nil && !errors.Is(err, kafkago.TopicAlreadyExists) {
			return fmt.Errorf("kafka %v: create topic %s: %w", brokers, name, err)
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
