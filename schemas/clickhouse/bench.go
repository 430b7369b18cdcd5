package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed bench/*.sql
var benchFiles embed.FS

// KafkaEngine are the settings of ClickHouse's own Kafka consumer.
type KafkaEngine struct {
	Brokers []string `json:"-"`
	Topic   string   `json:"-"`
	Group   string   `json:"-"`

	Consumers         int64 `json:"kafka_num_consumers"`
	ThreadPerConsumer int64 `json:"kafka_thread_per_consumer"` // 1 or 0
	MaxBlockSize      int64 `json:"kafka_max_block_size"`
	PollMaxBatchSize  int64 `json:"kafka_poll_max_batch_size"`
	FlushIntervalMS   int64 `json:"kafka_flush_interval_ms"`
}

// StartKafkaEngine makes ClickHouse itself fill the table events from a topic, for
// comparison with our own ingest. It consumes until the database is dropped.
func (s *Store) StartKafkaEngine(ctx context.Context, k KafkaEngine) error {
	text, err := benchFiles.ReadFile("bench/kafka_engine.sql")
	if err != nil {
		panic(err) // the name is a literal of this package
	}
	values := strings.NewReplacer(
		"{brokers:String}", quoteText(strings.Join(k.Brokers, ",")), "{topic:String}", quoteText(k.Topic), "{group:String}", quoteText(k.Group),
		"{consumers:Int64}", strconv.FormatInt(k.Consumers, 10), "{thread_per_consumer:Int64}", strconv.FormatInt(k.ThreadPerConsumer, 10),
		"{max_block_size:Int64}", strconv.FormatInt(k.MaxBlockSize, 10), "{poll_max_batch_size:Int64}", strconv.FormatInt(k.PollMaxBatchSize, 10),
		"{flush_interval_ms:Int64}", strconv.FormatInt(k.FlushIntervalMS, 10),
	)
	// The settings of an engine take no server-side parameters.
	for _, statement := range splitStatements(string(text)) {
		if err := s.conn.Exec(ctx, values.Replace(statement)); err != nil {
			return fmt.Errorf("kafka engine: %w", err)
		}
	}
	return nil
}

// quoteText quotes a string literal.
func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// Content tells two logs apart.
type Content struct {
	Events  int64  // rows
	Origins int64  // different origins
	Sum     uint64 // of hashes of the rows, the times of arrival and insertion aside
}

// Content reads the whole log; it is for comparisons and tests.
func (s *Store) Content(ctx context.Context) (c Content, err error) {
	text, err := benchFiles.ReadFile("bench/content.sql")
	if err != nil {
		panic(err) // the name is a literal of this package
	}
	if err := s.conn.QueryRow(ctx, string(text)).Scan(&c.Events, &c.Origins, &c.Sum); err != nil {
		return Content{}, fmt.Errorf("content of the log: %w", err)
	}
	return c, nil
}

// EventRows is how many rows the table events has now; it costs next to nothing.
func (s *Store) EventRows(ctx context.Context) (n uint64, err error) {
	err = s.conn.QueryRow(ctx, "SELECT count() FROM events").Scan(&n)
	return n, err
}

// MergeEvents merges the parts of the table events as time does in a log that has been
// written over a month, and returns how many are left.
func (s *Store) MergeEvents(ctx context.Context) (parts uint64, err error) {
	if err := s.conn.Exec(ctx, "OPTIMIZE TABLE events FINAL"); err != nil {
		return 0, fmt.Errorf("merge events: %w", err)
	}
	err = s.conn.QueryRow(ctx, "SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events'").Scan(&parts)
	return parts, err
}

// InsertedRows is how many rows the server has taken in since it started, of all
// tables, views and databases.
func (s *Store) InsertedRows(ctx context.Context) (n uint64, err error) {
	err = s.conn.QueryRow(ctx, "SELECT sum(value) FROM system.events WHERE event = 'InsertedRows'").Scan(&n)
	return n, err
}

// benchPrefix begins the names of databases that a benchmark may drop.
const benchPrefix = "bench_"

// DropBench drops the database, which must be one of a benchmark: bench_*.
func (s *Store) DropBench(ctx context.Context) error {
	if !strings.HasPrefix(s.database, benchPrefix) {
		panic("DropBench of database " + s.database)
	}
	return s.conn.Exec(ctx, "DROP DATABASE "+quoteName(s.database)+" SYNC")
}
