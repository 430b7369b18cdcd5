package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/contact"
	"postage/ingest/kafka"
	"postage/ingest/live"
	"postage/rating"
	"postage/reports/books"
	"postage/schemas/clickhouse"
	"postage/schemas/events"
	"slices"
	"strings"
	"sync/atomic"
	"time"

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

// topicNames are the topics of a pipeline and its consumer group.
type topicNames struct{ events, refused, group string }

// engineFlags say where events come from and where results are kept. Embedded
// and cluster are values of two flags; nothing else in the program knows.
type engineFlags struct {
	Kafka string `placeholder:"HOST:PORT,..." help:"Kafka brokers. Without it a broker runs inside this process, its log under --data."`
	kafkaSecurityFlags
	Clickhouse   string `name:"clickhouse" placeholder:"DSN" help:"ClickHouse, as clickhouse://user@host:9000/database, with ?secure=true for TLS; the password comes from POSTAGE_CLICKHOUSE_PASSWORD. Without it an engine is started for this process, its tables under --data."`
	ClickhouseCA string `name:"clickhouse-ca" placeholder:"FILE" help:"Certificate authority of ClickHouse, PEM; implies TLS (default: those that the system trusts)."`
	Data         string `placeholder:"DIR" help:"Folder of the embedded engines and the books (default: postage in the user's configuration folder)."`
}

func (f *engineFlags) dataDir() string {
	if f.Data == "" {
		return defaultDataDir()
	}
	return f.Data
}

// engines are what the flags name, opened.
type engines struct {
	brokers  []string
	security kafka.Security
	store    *clickhouse.Store
	reached  atomic.Pointer[clickhouse.Store] // the store, for those who look on; nil until it is open
	httpURL  string                           // of the embedded ClickHouse, "" for a server of the user's
	session  time.Duration                    // of our member of the consumer group; 0 for the default
	patient  bool                             // wait for servers that cannot be reached yet; else that is an error
	tariffs  *activeTariffs

	liveCacheBytes int64 // bound of the cache of live classification, 0 for the default

	names       *topicNames   // nil for the usual ones
	connections *atomic.Int64 // to Kafka, of consumers; nil when nobody counts them

	closers []func() error // in order of opening
}

// cluster is Kafka as the flags name it.
func (e *engines) cluster() kafka.Cluster {
	return kafka.Cluster{Brokers: e.brokers, Security: e.security, Connections: e.connections}
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
	password := os.Getenv("POSTAGE_CLICKHOUSE_PASSWORD")
	if dsn == "" && f.ClickhouseCA != "" {
		return usagef("--clickhouse-ca is for a server named by --clickhouse; the embedded engine does not leave this machine")
	}
	if dsn == "" {
		server, err := clickhouseembedded.Start(ctx, clickhouseembedded.Options{
			DataDir: filepath.Join(f.dataDir(), "clickhouse"), Log: s.log, Progress: s.err, Password: password,
		})
		if err != nil {
			return err
		}
		e.closers = append(e.closers, server.Close)
		e.httpURL = "http://" + server.HTTPAddr + "/"
		dsn = server.DSN()
	}
	return e.reach(ctx, s, "ClickHouse", f.Clickhouse, func(ctx context.Context) error {
		store, err := clickhouse.Open(ctx, dsn, clickhouse.Options{
			Password: password, Database: databaseOf(f.Clickhouse), CAFile: f.ClickhouseCA,
		})
		if err != nil {
			return err
		}
		if err := store.Migrate(ctx); err != nil {
			return errors.Join(err, store.Close())
		}
		e.store = store
		e.reached.Store(store)
		e.tariffs = newActiveTariffs(store)
		e.closers = append(e.closers, store.Close)
		return nil
	})
}

// reach does what needs a server. Those who are patient wait for one that the user has
// named, in vain only when it cannot come right by itself.
func (e *engines) reach(ctx context.Context, s *streams, what, named string, try func(context.Context) error) error {
	if !e.patient || named == "" {
		return try(ctx)
	}
	return ingest.Await(ctx, s.log, what, try)
}

// brokerList reads HOST:PORT,...
func brokerList(s string) ([]string, error) {
	brokers := strings.Split(s, ",")
	for _, broker := range brokers {
		if err := contact.CheckAddr(broker); err != nil {
			return nil, usagef("--kafka: %v", err)
		}
	}
	return brokers, nil
}

// databaseOf leaves the database to the user's DSN; the embedded engine has ours.
func databaseOf(dsn string) string {
	if dsn == "" {
		return clickhouse.DefaultDatabase
	}
	return ""
}

// nameKafka reads what the flags say of Kafka, without a look at it.
func (f *engineFlags) nameKafka(e *engines) (err error) {
	if e.security, err = f.openSecurity(f.Kafka == ""); err != nil || f.Kafka == "" {
		return err
	}
	e.brokers, err = brokerList(f.Kafka)
	return err
}

// openKafka opens the brokers and makes our topics where they are missing.
func (f *engineFlags) openKafka(ctx context.Context, s *streams, e *engines) error {
	if err := f.nameKafka(e); err != nil {
		return err
	}
	if f.Kafka == "" {
		broker, err := kafkaembedded.Start(kafkaembedded.Options{DataDir: filepath.Join(f.dataDir(), "kafka"), Log: s.log})
		if err != nil {
			return err
		}
		e.closers = append(e.closers, broker.Close)
		e.brokers = []string{broker.Addr()}
	}
	for _, warning := range e.cluster().Warnings() {
		s.log.Warn(warning)
	}
	return e.reach(ctx, s, "Kafka", f.Kafka, func(ctx context.Context) error {
		if err := e.cluster().Reach(ctx); err != nil {
			return err
		}
		return e.cluster().EnsureTopics(ctx,
			kafka.Topic{Name: eventsTopic, Partitions: topicPartitions}, kafka.Topic{Name: refusedTopic, Partitions: 1})
	})
}

func (f *engineFlags) booksFile() string { return filepath.Join(f.dataDir(), "books.db") }

func (f *engineFlags) openBooks(ctx context.Context, e *engines) (*books.Books, error) {
	b, err := books.Open(ctx, f.booksFile())
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, b.Close)
	return b, nil
}

// existingBooks opens the books for a command that makes no sense without any.
func (f *engineFlags) existingBooks(ctx context.Context, e *engines) (*books.Books, error) {
	if _, err := os.Stat(f.booksFile()); err != nil {
		return nil, fmt.Errorf("no books in %s: nothing was closed there; --data names the folder of another installation", f.dataDir())
	}
	return f.openBooks(ctx, e)
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
	names := e.names
	if names == nil {
		names = &topicNames{eventsTopic, refusedTopic, consumerGroup}
	}
	group, err := e.cluster().JoinGroup(names.events, names.group, s.log, kafka.GroupOptions{SessionTimeout: e.session})
	if err != nil {
		return nil, nil, err
	}
	refused := e.cluster().Producer(names.refused)
	service := e.serviceOn(s, t, group)
	service.Refused = refused
	return service, func() error { return errors.Join(group.Close(), refused.Close()) }, nil
}

// serviceOn wires a source, the log and live classification together. Until a tariff is
// active the decoder knows the senders of t, which may be nil.
func (e *engines) serviceOn(s *streams, t *rating.Tariff, source ingest.Source) *ingest.Service {
	e.tariffs.setSenders(t)
	return &ingest.Service{
		Source: source, Log: e.store, Logger: s.log,
		Decoder:  &events.Decoder{SenderOf: e.tariffs.senderOf},
		Follower: e.newFollower(s),
	}
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
