package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports/closing"
	"postage/schemas/clickhouse/embedded"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	kafkago "github.com/segmentio/kafka-go"

	kafkaembedded "postage/ingest/kafka/embedded"
)

// TestMain makes this binary three things: the tests, the embedded engine (as the
// command itself is), and, under the name postage on PATH, the command.
func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	testscript.Main(withEngine{m}, map[string]func(){"postage": main})
}

type withEngine struct{ m *testing.M }

// Run stops the shared engine after the tests.
func (w withEngine) Run() int {
	code := w.m.Run()
	if engine.server != nil {
		if err := engine.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if engine.dir != "" {
		os.RemoveAll(engine.dir)
	}
	return code
}

// engine is the ClickHouse that the tests share; each has its own database in it.
var engine struct {
	once   sync.Once
	dir    string
	server *embedded.Server
	err    error
}

func sharedEngine(t testing.TB) *embedded.Server {
	t.Helper()
	engine.once.Do(func() {
		if engine.dir, engine.err = os.MkdirTemp("", "postage-cmd-"); engine.err != nil {
			return
		}
		engine.server, engine.err = embedded.Start(context.Background(), embedded.Options{DataDir: engine.dir, Progress: os.Stderr, StartTimeout: 2 * time.Minute})
	})
	if engine.err != nil {
		t.Fatalf("these tests need a ClickHouse: %v", engine.err)
	}
	return engine.server
}

// gentle is the address of the shared engine behind a relay that closes connections
// in good order when a client dies. libchdb aborts when an idle connection is reset,
// which a ClickHouse server does not; a test that kills clients needs the relay.
func gentle(t testing.TB) string {
	t.Helper()
	server := sharedEngine(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp4", server.Addr)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(upstream, client) // however the client went
				_ = upstream.(*net.TCPConn).CloseWrite()
			}()
			go func() {
				_, _ = io.Copy(client, upstream)
				_, _ = io.Copy(io.Discard, upstream) // what a dead client left unread
				client.Close()
				upstream.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// embeddedBroker is a broker of the test's own.
func embeddedBroker(t testing.TB) string {
	t.Helper()
	b, err := kafkaembedded.Start(kafkaembedded.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatalf("embedded broker: %v", err)
	}
	t.Cleanup(func() { b.Close() })
	return b.Addr()
}

// plant is one pipeline, wired by the functions that the commands use.
type plant struct {
	engineFlags
	*streams
	t        *testing.T
	engines  *engines
	tariff   *loadedTariff
	database string
	httpAddr string // of the engine
}

var databases atomic.Int32

// newPlant opens the pipeline on a broker and a fresh database. tariffName is what
// --tariff would be.
func newPlant(t *testing.T, brokers, tariffName string) *plant {
	t.Helper()
	return newPlantOn(t, sharedEngine(t), brokers, tariffName)
}

// newPlantOn is newPlant on an engine of the test's own.
func newPlantOn(t *testing.T, server *embedded.Server, brokers, tariffName string) *plant {
	t.Helper()
	p := &plant{t: t, engines: &engines{}, database: fmt.Sprintf("cmd_%d", databases.Add(1)), httpAddr: server.HTTPAddr}
	p.engineFlags = engineFlags{Kafka: brokers, Clickhouse: "clickhouse://" + server.Addr + "/" + p.database, Data: t.TempDir()}
	p.streams = &streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard, log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))}
	var err error
	if p.tariff, err = (tariffFlag{tariffName}).load(); err != nil {
		t.Fatalf("tariff: %v", err)
	}
	t.Cleanup(func() {
		if err := p.engines.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := p.openStore(t.Context(), p.streams, p.engines); err != nil {
		t.Fatalf("store: %v", err)
	}
	if err := p.openKafka(t.Context(), p.streams, p.engines); err != nil {
		t.Fatalf("kafka: %v", err)
	}
	return p
}

// produce sends records to the events topic.
func (p *plant) produce(records ...kafka.Produced) {
	p.t.Helper()
	producer := kafka.NewProducer(p.engines.brokers, eventsTopic)
	err := producer.Produce(p.t.Context(), records...)
	if err := errors.Join(err, producer.Close()); err != nil {
		p.t.Fatalf("produce: %v", err)
	}
}

// ingest reads the topic to its end, as `postage ingest --until-caught-up` does.
func (p *plant) ingest() *ingest.Service {
	p.t.Helper()
	service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
	if err != nil {
		p.t.Fatalf("ingest: %v", err)
	}
	service.UntilCaughtUp = true
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	err = errors.Join(service.Run(ctx), ctx.Err(), closeService())
	if err != nil {
		p.t.Fatalf("ingest: %v", err)
	}
	return service
}

// closer opens the books of the plant.
func (p *plant) closer() *closing.Closer {
	p.t.Helper()
	c, err := p.newCloser(p.t.Context(), p.streams, p.engines, p.tariff, date("2026-11-02"))
	if err != nil {
		p.t.Fatalf("closer: %v", err)
	}
	c.Approval = &closing.Approval{By: "tester", Why: "a test"}
	return c
}

func (p *plant) close(c *closing.Closer, m rating.Month) *closing.Result {
	p.t.Helper()
	r, err := c.Close(p.t.Context(), m)
	if err != nil {
		p.t.Fatalf("close of %s: %v", m, err)
	}
	if r.Refused != nil {
		p.t.Fatalf("close of %s: %v: %v", m, r.Refused, r.Exceptions)
	}
	return r
}

// sql runs a query over HTTP, as an analyst would, and returns rows of columns.
func (p *plant) sql(query string) [][]string {
	p.t.Helper()
	params := url.Values{"database": {p.database}, "default_format": {"TabSeparatedRaw"}}
	resp, err := http.Post("http://"+p.httpAddr+"/?"+params.Encode(), "text/plain", strings.NewReader(query))
	if err != nil {
		p.t.Fatalf("sql: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("sql: status %d, %v: %s\n%s", resp.StatusCode, err, body, query)
	}
	var rows [][]string
	for line := range strings.Lines(string(body)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// one is the single value of a query.
func (p *plant) one(query string) string {
	p.t.Helper()
	rows := p.sql(query)
	if len(rows) != 1 || len(rows[0]) != 1 {
		p.t.Fatalf("%s: got %v, want one value", query, rows)
	}
	return rows[0][0]
}

// checkLedger: every offset of the topic ended as stored or refused, once, and the
// ledger, the cut-off and the broker agree on how many there are.
func (p *plant) checkLedger(records int) {
	p.t.Helper()
	ends := topicEnds(p.t, p.engines.brokers[0], eventsTopic)
	cutoff, err := p.engines.store.Cutoff(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	reached := map[int]int64{}
	for _, c := range cutoff {
		reached[int(c.Partition)] = c.Offset
	}
	var produced int64
	for partition, end := range ends {
		produced += end
		if reached[partition] != end {
			p.t.Errorf("partition %d: cut-off %d, topic ends at %d", partition, reached[partition], end)
		}
	}
	if produced != int64(records) {
		p.t.Errorf("topic holds %d records, %d were produced", produced, records)
	}
	// A span may be there twice after a crash, an origin never.
	got := p.sql(`SELECT uniqExact(partition, offset), count() - uniqExact(topic, partition, offset, item) FROM
		(SELECT topic, partition, offset, item FROM events UNION ALL SELECT topic, partition, offset, item FROM refused)`)[0]
	if want := []string{fmt.Sprint(records), "0"}; fmt.Sprint(got) != fmt.Sprint(want) {
		p.t.Errorf("records stored or refused, and origins kept twice: got %v, want %v", got, want)
	}
	if got := p.one(`SELECT countIf(stored + refused != records) FROM ledger`); got != "0" {
		p.t.Errorf("ledger: %s spans whose stored and refused records do not add up", got)
	}
}

func topicEnds(t *testing.T, broker, topic string) map[int]int64 {
	t.Helper()
	conn, err := kafkago.DialContext(t.Context(), "tcp", broker)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	partitions, err := conn.ReadPartitions(topic)
	if err != nil {
		t.Fatalf("topic %s: %v", topic, err)
	}
	ends := map[int]int64{}
	for _, p := range partitions {
		leader, err := kafkago.DialLeader(t.Context(), "tcp", broker, topic, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		ends[p.ID], err = leader.ReadLastOffset()
		leader.Close()
		if err != nil {
			t.Fatalf("topic %s, partition %d: %v", topic, p.ID, err)
		}
	}
	return ends
}

// readTopic reads all there is in a topic of one partition.
func readTopic(t *testing.T, broker, topic string) []kafkago.Message {
	t.Helper()
	return readPartition(t, broker, topic, 0, topicEnds(t, broker, topic)[0])
}

// readPartition reads a partition from its beginning to an offset.
func readPartition(t *testing.T, broker, topic string, partition int, end int64) []kafkago.Message {
	t.Helper()
	r := kafkago.NewReader(kafkago.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: partition, MaxBytes: kafka.MaxRecordBytes, MaxWait: 100 * time.Millisecond})
	defer r.Close()
	var all []kafkago.Message
	for int64(len(all)) < end {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		m, err := r.ReadMessage(ctx)
		cancel()
		if err != nil {
			t.Fatalf("topic %s, %d of %d read: %v", topic, len(all), end, err)
		}
		all = append(all, m)
	}
	return all
}

// monthOf makes a month of traffic for the accounts of the plant's tariff.
func monthOf(t *testing.T, tariff *rating.Tariff, m rating.Month, messages int, format traffic.Format) []kafka.Produced {
	t.Helper()
	accounts, err := traffic.AccountsOf(tariff.Rows, m, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := traffic.New(traffic.Config{Month: m, Messages: messages, Seed: 7, Accounts: accounts, Format: format})
	if err != nil {
		t.Fatal(err)
	}
	var records []kafka.Produced
	for r := range g.Records() {
		records = append(records, kafka.Produced{Key: []byte(r.Key), Value: r.Value, Time: r.Arrived.Time()})
	}
	return records
}

// randomly is a source of chance whose seed is printed, so that a failure can be
// repeated: POSTAGE_TEST_SEED=N.
func randomly(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("POSTAGE_TEST_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatalf("POSTAGE_TEST_SEED: %v", err)
		}
	}
	t.Logf("POSTAGE_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// offline rates records without broker, log or books: decode, evaluate, fold. It
// is what the pipeline must come out at.
func offline(t *testing.T, tariff *rating.Tariff, m rating.Month, records []kafka.Produced) []rating.Statement {
	t.Helper()
	return offlineStatements(t, tariff, m, offlineRated(t, tariff, records))
}

func offlineRated(t *testing.T, tariff *rating.Tariff, records []kafka.Produced) *rating.Rated {
	t.Helper()
	in := newEventReader(tariff)
	for _, r := range records {
		items, _ := in.decoder.Decode(nil, r.Value, rating.At(r.Time))
		for _, it := range items {
			k := talk{it.Event.Sender, it.Event.User}
			in.byTalk[k] = append(in.byTalk[k], it.Event)
		}
	}
	rated, err := rating.Evaluate(tariff, in.conversations(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return rated
}

func offlineStatements(t *testing.T, tariff *rating.Tariff, m rating.Month, rated *rating.Rated) []rating.Statement {
	t.Helper()
	var statements []rating.Statement
	for _, account := range tariff.Accounts(m) {
		f := rating.NewFolder(tariff, account, m)
		for _, message := range rated.Messages {
			if message.Account == account && message.StatementMonth() == m {
				f.Add(message)
			}
		}
		s, err := f.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Lines) > 0 || s.Counts.Messages > 0 {
			statements = append(statements, *s)
		}
	}
	return statements
}

// equalJSON compares two values by their JSON, and shows the first difference.
func equalJSON(t *testing.T, what string, got, want any) {
	t.Helper()
	g, gErr := json.Marshal(got)
	w, wErr := json.Marshal(want)
	if err := cmp.Or(gErr, wErr); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(g, w) {
		return
	}
	at := 0
	for at < min(len(g), len(w)) && g[at] == w[at] {
		at++
	}
	excerpt := func(b []byte) []byte { return b[max(0, at-200):min(len(b), at+200)] }
	t.Errorf("%s differs at byte %d:\n got ...%s...\nwant ...%s...", what, at, excerpt(g), excerpt(w))
}

func month(s string) rating.Month {
	m, err := rating.ParseMonth(s)
	if err != nil {
		panic(err)
	}
	return m
}

func date(s string) rating.Date {
	d, err := rating.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// at reads an instant, RFC 3339.
func at(s string) time.Time {
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return v
}

// v1 is an event as a record that arrives a second after it happened.
func v1(e rating.Event) kafka.Produced {
	return kafka.Produced{Key: []byte(e.Sender + "|" + e.User), Value: events.AppendV1(nil, &e), Time: e.At.Time().Add(time.Second)}
}
