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

// NewProducer returns a producer over brokers without security: Cluster.Producer.
func NewProducer(brokers []string, topic string) *Producer {
	return Cluster{Brokers: brokers}.Producer(topic)
}

// Producer returns a producer for a topic.
func (c Cluster) Producer(topic string) *Producer {
	return &Producer{&kafkago.Writer{
		Addr:         kafkago.TCP(c.Brokers...),
		Transport:    c.transport(),
		Topic:        topic,
		Balancer:     kafkago.Murmur2Balancer{},
		RequiredAcks: kafkago.RequireAll,
		Compression:  kafkago.Lz4,
		BatchSize:    2000,
		BatchBytes:   MaxRecordBytes,
		BatchTimeout: 5 * time.Millisecond,
		MaxAttempts:  10,
		Completion:   place,
	}}
}

// Produced is one record to produce. A zero Time means now.
type Produced struct {
	Key, Value []byte
	Time       time.Time
	Headers    map[string]string
	Placed     *ingest.Origin // if not nil, filled in with where the record came to lie
}

// place tells those who asked where their records are.
func place(messages []kafkago.Message, err error) {
	if err != nil {
		return
	}
	for i := range messages {
		if to, ok := messages[i].WriterData.(*ingest.Origin); ok {
			*to = ingest.Origin{Topic: messages[i].Topic, Partition: int32(messages[i].Partition), Offset: messages[i].Offset}
		}
	}
}

// Produce writes the records and waits for the acknowledgement.
func (p *Producer) Produce(ctx context.Context, records ...Produced) error {
	messages := make([]kafkago.Message, len(records))
	for i, r := range records {
		messages[i] = kafkago.Message{Key: r.Key, Value: r.Value, Time: r.Time}
		if r.Placed != nil {
			messages[i].WriterData = r.Placed
		}
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
// the reason in headers. A record that is too large for the topic goes without key and
// value, and a header says so: the table has its bytes.
func (p *Producer) Publish(ctx context.Context, refused []ingest.Refused) error {
	return p.publish(ctx, refusedRecords(refused))
}

func (p *Producer) publish(ctx context.Context, records []Produced) error {
	err := p.Produce(ctx, records...)
	tooLarge := errors.Is(err, kafkago.MessageSizeTooLarge)
	if errs := kafkago.WriteErrors(nil); errors.As(err, &errs) {
		var failed []Produced
		for i, err := range errs {
			if err != nil {
				failed = append(failed, records[i])
				tooLarge = tooLarge || errors.Is(err, kafkago.MessageSizeTooLarge)
			}
		}
		records = failed
	}
	switch half := len(records) / 2; {
	case !tooLarge:
		return err
	case half > 0: // which of them, or only all together?
		return errors.Join(p.publish(ctx, records[:half]), p.publish(ctx, records[half:]))
	default:
		records[0].leaveOut()
		return p.Produce(ctx, records[0])
	}
}

// leaveOut replaces key and value by a header that gives their size.
func (r *Produced) leaveOut() {
	r.Headers["postage-left-out-bytes"] = strconv.Itoa(len(r.Key) + len(r.Value))
	r.Key, r.Value = nil, nil
}

func refusedRecords(refused []ingest.Refused) []Produced {
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
	return records
}

// Close flushes and closes.
func (p *Producer) Close() error {
	err := p.w.Close()
	p.w.Transport.(*kafkago.Transport).CloseIdleConnections()
	return err
}

// Topic is a topic to be there.
type Topic struct {
	Name       string
	Partitions int
}

// EnsureTopics is Cluster.EnsureTopics over brokers without security.
func EnsureTopics(ctx context.Context, brokers []string, topics ...Topic) error {
	return Cluster{Brokers: brokers}.EnsureTopics(ctx, topics...)
}

// EnsureTopics creates the topics that do not exist, keeping their records for
// ever. Existing ones are left as they are. A refusal that will stay the same is ErrHopeless.
func (c Cluster) EnsureTopics(ctx context.Context, topics ...Topic) error {
	transport := c.transport()
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Timeout: dialTimeout, Transport: transport}
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
		return fmt.Errorf("kafka %v: create topics: %w", c.Brokers, err)
	}
	for name, err := range resp.Errors {
		if errors.Is(err, kafkago.TopicAuthorizationFailed) {
			if _, unseen := topicMetadata(ctx, client, name); unseen == nil {
				continue // it is there: who may not make topics may still use them
			}
		}
		if err != nil && !errors.Is(err, kafkago.TopicAlreadyExists) {
			err = fmt.Errorf("kafka %v: create topic %s: %w", c.Brokers, name, err)
			if hopeless(err) {
				err = ingest.Hopeless(err)
			}
			return err
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
