package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/ingest/live"
	"postage/rating"
	"postage/reports/books"
	"postage/schemas/clickhouse"
	"postage/schemas/events"
	"slices"
	"strings"

	kafkaembedded "postage/ingest/kafka/embedded"
	clickhouseembedded "postage/schemas/clickhouse/embedded"
)

// The topics of DESIGN, "Events", and our consumer group.
const (
	eventsTopic     = "postage.events"
	refusedTopic    = "postage.refused"
	consumerGroup   = "postage"
	topicPartitions = 4 // of topics that we create; existing ones stay as they are
)

// engineFlags say where events come from and where results are kept. Embedded
// and cluster are values of two flags; nothing else in the program knows.
type engineFlags struct {
	Kafka      string `placeholder:"HOST:PORT,..." help:"Kafka brokers. Without it a broker runs inside this process, its log under --data."`
	Clickhouse string `name:"clickhouse" placeholder:"DSN" help:"ClickHouse, as clickhouse://user@host:9000/database; the password comes from POSTAGE_CLICKHOUSE_PASSWORD. Without it an engine is started for this process, its tables under --data."`
	Data       string `placeholder:"DIR" help:"Folder of the embedded engines and the books (default: postage in the user's configuration folder)."`
}

func (f *engineFlags) dataDir() string {
	if f.Data == "" {
		return defaultDataDir()
	}
	return f.Data
}

// engines are what the flags name, opened.
type engines struct {
	brokers []string
	store   *clickhouse.Store
	httpURL string // of the embedded ClickHouse, "" for a server of the user's
	tariffs *activeTariffs

	liveCacheBytes int64 // bound of the cache of live classification, 0 for the default

	closers []func() error // in order of opening
}

// Close closes clients before the engines they talk to.
func (e *engines) Close() error {
	var errs []error
	for _, closer := range slices.Backward(e.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// openStore opens ClickHouse and brings its tables up to date.
func (f *engineFlags) openStore(ctx context.Context, s *streams, e *engines) error {
	dsn := f.Clickhouse
	if dsn == "" {
		server, err := clickhouseembedded.Start(ctx, clickhouseembedded.Options{
			DataDir: filepath.Join(f.dataDir(), "clickhouse"), Log: s.log, Progress: s.err,
		})
		if err != nil {
			return err
		}
		e.closers = append(e.closers, server.Close)
		e.httpURL = "http://" + server.HTTPAddr + "/"
		dsn = server.DSN()
	}
	store, err := clickhouse.Open(ctx, dsn, clickhouse.Options{Password: os.Getenv("POSTAGE_CLICKHOUSE_PASSWORD"), Database: databaseOf(f.Clickhouse)})
	if err != nil {
		return err
	}
	e.store = store
	e.tariffs = newActiveTariffs(store)
	e.closers = append(e.closers, store.Close)
	return store.Migrate(ctx)
}

// databaseOf leaves the database to the user's DSN; the embedded engine has ours.
func databaseOf(dsn string) string {
	if dsn == "" {
		return clickhouse.DefaultDatabase
	}
	return ""
}

// openKafka opens the brokers and makes our topics where they are missing.
func (f *engineFlags) openKafka(ctx context.Context, s *streams, e *engines) error {
	if f.Kafka == "" {
		broker, err := kafkaembedded.Start(kafkaembedded.Options{DataDir: filepath.Join(f.dataDir(), "kafka"), Log: s.log})
		if err != nil {
			return err
		}
		e.closers = append(e.closers, broker.Close)
		e.brokers = []string{broker.Addr()}
	} else {
		e.brokers = strings.Split(f.Kafka, ",")
	}
	return kafka.EnsureTopics(ctx, e.brokers,
		kafka.Topic{Name: eventsTopic, Partitions: topicPartitions}, kafka.Topic{Name: refusedTopic, Partitions: 1})
}

func (f *engineFlags) openBooks(ctx context.Context, e *engines) (*books.Books, error) {
	b, err := books.Open(ctx, filepath.Join(f.dataDir(), "books.db"))
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, b.Close)
	return b, nil
}

// newDecoder reads wire records, knowing the senders that a tariff registers by
// the carrier's id of their number. t may be nil.
func newDecoder(t *rating.Tariff) *events.Decoder {
	byID := phoneNumberIDs(t)
	return &events.Decoder{SenderOf: func(phoneNumberID string) (string, bool) {
		sender, ok := byID[phoneNumberID]
		return sender, ok
	}}
}

// newService wires broker, log and live classification together. t is the tariff whose senders the
// decoder knows until one is active; it may be nil. The caller closes what it returns.
func (e *engines) newService(s *streams, t *rating.Tariff) (*ingest.Service, func() error, error) {
	group, err := kafka.JoinGroup(e.brokers, eventsTopic, consumerGroup, s.log)
	if err != nil {
		return nil, nil, err
	}
	refused := kafka.NewProducer(e.brokers, refusedTopic)
	e.tariffs.setSenders(t)
	service := &ingest.Service{
		Source: group, Log: e.store, Refused: refused, Logger: s.log,
		Decoder:  &events.Decoder{SenderOf: e.tariffs.senderOf},
		Follower: e.newFollower(s),
	}
	return service, func() error { return errors.Join(group.Close(), refused.Close()) }, nil
}

// newFollower classifies what a service stores. Of a source that is no topic it leaves notes for the
// consumers of the topic.
func (e *engines) newFollower(s *streams) *live.Follower {
	return live.New(live.Options{
		Store: clickhouse.Live{Store: e.store}, Tariff: e.tariffs.tariff, CacheBytes: e.liveCacheBytes, Logger: s.log,
	})
}

func closeWith(err *error, what string, closer func() error) {
	if closeErr := closer(); closeErr != nil && *err == nil {
		*err = fmt.Errorf("closing %s: %w", what, closeErr)
	}
}
