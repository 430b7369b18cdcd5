package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/schemas/clickhouse"
	"postage/schemas/events/traffic"
	"slices"
	"time"

	kafkaembedded "postage/ingest/kafka/embedded"
	clickhouseembedded "postage/schemas/clickhouse/embedded"
)

// benchPipelineCommand is `postage bench pipeline`: the same topic three times to
// the same kind of table, on one machine with broker and ClickHouse, in turns.
//
//	raw           kafka-go > our decoder > our column writers: no ledger, no commit, no rating
//	kafka_engine  ClickHouse's own Kafka engine and a materialized view
//	rated         the service of `postage ingest`, whole
type benchPipelineCommand struct {
	trafficFlags
	Kafka string `placeholder:"HOST:PORT,..." help:"Kafka brokers; a topic of its own is made there and stays (default: a broker in this process)."`
	kafkaSecurityFlags
	Tariff string `default:"example" placeholder:"DIR" help:"Tariff whose accounts and senders appear (default: the example)."`
	Rounds int    `default:"3" placeholder:"N" help:"How often to measure each; the median counts (default ${default})."`
	JSON   bool   `name:"json" help:"One JSON object."`
}

// pipelineFigures is what the benchmark prints.
type pipelineFigures struct {
	Events             int64                  `json:"events"`
	Copies             int64                  `json:"copies"`
	BytesPerEvent      int64                  `json:"bytes_per_event"`
	Partitions         int                    `json:"partitions"`
	Broker             string                 `json:"broker"` // embedded or the brokers named
	RawPerS            int64                  `json:"raw_events_per_s"`
	KafkaEnginePerS    int64                  `json:"kafka_engine_events_per_s"`
	RatedPerS          int64                  `json:"rated_events_per_s"`
	RatedToRaw         float64                `json:"rated_to_raw"`
	RatedToKafkaEngine float64                `json:"rated_to_kafka_engine"`
	RawCPU             float64                `json:"raw_cpu_us_per_event"`          // of this process, the embedded broker in it, and ClickHouse:
	KafkaEngineCPU     float64                `json:"kafka_engine_cpu_us_per_event"` // what a busy machine tells of the truth
	RatedCPU           float64                `json:"rated_cpu_us_per_event"`
	RowsPerEvent       float64                `json:"rows_written_per_event"` // by the rated leg, in all tables
	PeakRSSMB          int64                  `json:"peak_rss_mb"`            // of this process, the embedded broker in it
	Growth             []pipelineGrowth       `json:"rated_as_log_grows"`     // of the rated leg, in the last round
	Machine            string                 `json:"machine"`
	KafkaEngine        clickhouse.KafkaEngine `json:"kafka_engine_settings"`
	Rounds             []pipelineRound        `json:"rounds"`
}

// pipelineRound is one turn of all three.
type pipelineRound struct {
	RawPerS         int64   `json:"raw_events_per_s"`
	KafkaEnginePerS int64   `json:"kafka_engine_events_per_s"`
	RatedPerS       int64   `json:"rated_events_per_s"`
	RawCPU          float64 `json:"raw_cpu_us_per_event"`
	KafkaEngineCPU  float64 `json:"kafka_engine_cpu_us_per_event"`
	RatedCPU        float64 `json:"rated_cpu_us_per_event"`
	RowsPerEvent    float64 `json:"rows_written_per_event"`
}

// pipelineGrowth is a tenth or so of a rated leg: what an event costs when the log has so many already.
type pipelineGrowth struct {
	Stored int64   `json:"stored_events"` // at the end of it
	PerS   int64   `json:"events_per_s"`
	CPU    float64 `json:"cpu_us_per_event"`
}

// tunedKafkaEngine is what was fastest on two cores: blocks as large as one flush allows,
// a consumer and a thread of its own for each core. JSONEachRow into typed columns
// was faster than JSONAsString and extraction.
var tunedKafkaEngine = clickhouse.KafkaEngine{Consumers: 4, ThreadPerConsumer: 1, MaxBlockSize: 65_536, PollMaxBatchSize: 65_536, FlushIntervalMS: 1000}

func (c *benchPipelineCommand) Run(ctx context.Context, s *streams) (err error) {
	if c.Rounds < 1 {
		return usagef("--rounds %d: want at least 1", c.Rounds)
	}
	if c.Format != traffic.V1.String() {
		return usagef("--format %s: ClickHouse's Kafka engine can read only v1", c.Format)
	}
	b := &pipelineBench{streams: s, flags: c, engines: &engines{}}
	if b.tariff, err = (tariffFlag{c.Tariff}).load(); err != nil {
		return err
	}
	defer closeWith(&err, "engines", b.engines.Close)
	if err := b.open(ctx); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	for round := range c.Rounds {
		if err := b.round(ctx, round); err != nil {
			return fmt.Errorf("round %d: %w", round+1, err)
		}
	}
	f := b.summary()
	if c.JSON {
		return json.NewEncoder(s.out).Encode(f)
	}
	_, err = fmt.Fprintf(s.out, "%d events of %d bytes on %s: raw pipe %d/s, ClickHouse's Kafka engine %d/s, the whole ingest %d/s: %.2f of raw, %.2f times the engine; %.3f rows written an event, peak memory %d MB\n",
		f.Events, f.BytesPerEvent, f.Machine, f.RawPerS, f.KafkaEnginePerS, f.RatedPerS, f.RatedToRaw, f.RatedToKafkaEngine, f.RowsPerEvent, f.PeakRSSMB)
	return err
}

// pipelineBench is one run of the benchmark.
type pipelineBench struct {
	*streams
	flags   *benchPipelineCommand
	tariff  *loadedTariff
	engines *engines
	dsn     string
	pid     int    // of ClickHouse
	id      string // of the run; tells its topic and groups from others'
	topic   string

	events, bytes, copies int64
	content               clickhouse.Content // what each leg must come to
	figures               pipelineFigures
}

// open starts the engines in a folder that goes with them.
func (b *pipelineBench) open(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "postage-bench-*")
	if err != nil {
		return err
	}
	closers := &b.engines.closers
	*closers = append(*closers, func() error { return os.RemoveAll(dir) })
	server, err := clickhouseembedded.Start(ctx, clickhouseembedded.Options{DataDir: filepath.Join(dir, "clickhouse"), Log: b.log, Progress: b.err})
	if err != nil {
		return err
	}
	*closers = append(*closers, server.Close)
	b.dsn, b.pid = server.DSN(), server.PID()
	if b.engines.security, err = b.flags.openSecurity(b.flags.Kafka == ""); err != nil {
		return err
	}
	b.figures.Broker = b.flags.Kafka
	if b.flags.Kafka == "" {
		broker, err := kafkaembedded.Start(kafkaembedded.Options{DataDir: filepath.Join(dir, "kafka"), Log: b.log})
		if err != nil {
			return err
		}
		*closers = append(*closers, broker.Close)
		b.engines.brokers, b.figures.Broker = []string{broker.Addr()}, "embedded"
	} else {
		if b.engines.brokers, err = brokerList(b.flags.Kafka); err != nil {
			return err
		}
		if b.engines.security != (kafka.Security{}) {
			return usagef("ClickHouse's Kafka engine is set up here for a broker without TLS and users: name such a one")
		}
	}
	b.id = fmt.Sprintf("%d-%04x", time.Now().Unix(), rand.N(1<<16))
	b.topic = "postage.bench." + b.id
	cluster := b.engines.cluster()
	if err := cluster.Reach(ctx); err != nil {
		return err
	}
	return cluster.EnsureTopics(ctx, kafka.Topic{Name: b.topic, Partitions: topicPartitions}, kafka.Topic{Name: b.topic + ".refused", Partitions: 1})
}

// fill writes the topic that all legs read.
func (b *pipelineBench) fill(ctx context.Context) (err error) {
	g, err := b.flags.generator(b.tariff.Tariff)
	if err != nil {
		return err
	}
	producer := b.engines.cluster().Producer(b.topic)
	defer closeWith(&err, "producer", producer.Close)
	const slab = 10_000
	batch := make([]kafka.Produced, 0, slab)
	for r := range g.Records() {
		batch = append(batch, kafka.Produced{Key: []byte(r.Key), Value: r.Value, Time: r.Arrived.Time()})
		b.events, b.bytes = b.events+1, b.bytes+int64(len(r.Value))
		if len(batch) == slab {
			if err := producer.Produce(ctx, batch...); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	b.copies = g.Facts().Total.Copies
	if b.events == 0 {
		return usagef("--messages %d: nothing to measure", b.flags.Messages)
	}
	return producer.Produce(ctx, batch...)
}

// round measures all three once, beginning with another one each time.
func (b *pipelineBench) round(ctx context.Context, n int) error {
	var r pipelineRound
	legs := []struct {
		name string
		run  legFunc
		perS *int64
		cpu  *float64
	}{{"raw", b.raw, &r.RawPerS, &r.RawCPU}, {"kafka_engine", b.kafkaEngine, &r.KafkaEnginePerS, &r.KafkaEngineCPU}, {"rated", b.rated, &r.RatedPerS, &r.RatedCPU}}
	for i := range legs {
		leg := legs[(i+n)%len(legs)]
		result, err := b.leg(ctx, fmt.Sprintf("%s_%d", leg.name, n), leg.run)
		if err != nil {
			return fmt.Errorf("%s: %w", leg.name, err)
		}
		*leg.perS, *leg.cpu = perSecond(b.events, result.took), float64(result.cpu.Microseconds())/float64(b.events)
		if leg.name == "rated" {
			r.RowsPerEvent = float64(result.rows) / float64(b.events)
		}
		fmt.Fprintf(b.err, "round %d, %s: %d events in %.2f s, %.2f s of processor time\n", n+1, leg.name, b.events, result.took.Seconds(), result.cpu.Seconds())
	}
	b.figures.Rounds = append(b.figures.Rounds, r)
	return nil
}

// legFunc consumes the topic into a store and says how long that took.
type legFunc func(ctx context.Context, store *clickhouse.Store, group string) (time.Duration, error)

// legResult is what one leg took.
type legResult struct {
	took time.Duration
	cpu  time.Duration // from joining the group to the last row, of this process and ClickHouse
	rows uint64        // written to any table
}

// leg runs one leg into a database of its own, checks that it holds each event once with
// the content that the first leg found, and drops it.
func (b *pipelineBench) leg(ctx context.Context, name string, run legFunc) (r legResult, err error) {
	store, err := clickhouse.Open(ctx, b.dsn, clickhouse.Options{Database: "bench_" + name})
	if err != nil {
		return r, err
	}
	defer closeWith(&err, "database", store.Close)
	if err := store.Migrate(ctx); err != nil {
		return r, err
	}
	before, err := store.InsertedRows(ctx)
	if err != nil {
		return r, err
	}
	cpu := cpuTime() + cpuTimeOf(b.pid)
	if r.took, err = run(ctx, store, "postage-bench-"+b.id+"-"+name); err != nil {
		return r, err
	}
	r.cpu = cpuTime() + cpuTimeOf(b.pid) - cpu
	after, err := store.InsertedRows(ctx)
	if err != nil {
		return r, err
	}
	r.rows = after - before
	content, err := store.Content(ctx)
	if err != nil {
		return r, err
	}
	if b.content == (clickhouse.Content{}) {
		b.content = content
	}
	if content.Events != b.events || content.Origins != b.events || content != b.content {
		return r, fmt.Errorf("the table holds %+v; want %d events, each once, with the content of the legs before: %+v", content, b.events, b.content)
	}
	return r, store.DropBench(ctx)
}

func (b *pipelineBench) summary() pipelineFigures {
	f := b.figures
	f.Events, f.Copies, f.BytesPerEvent, f.Partitions = b.events, b.copies, b.bytes/b.events, topicPartitions
	f.KafkaEngine, f.Machine, f.PeakRSSMB = tunedKafkaEngine, machineName(), peakRSS()>>10
	f.RawPerS = median(f.Rounds, func(r pipelineRound) int64 { return r.RawPerS })
	f.KafkaEnginePerS = median(f.Rounds, func(r pipelineRound) int64 { return r.KafkaEnginePerS })
	f.RatedPerS = median(f.Rounds, func(r pipelineRound) int64 { return r.RatedPerS })
	f.RawCPU = median(f.Rounds, func(r pipelineRound) float64 { return r.RawCPU })
	f.KafkaEngineCPU = median(f.Rounds, func(r pipelineRound) float64 { return r.KafkaEngineCPU })
	f.RatedCPU = median(f.Rounds, func(r pipelineRound) float64 { return r.RatedCPU })
	f.RowsPerEvent = median(f.Rounds, func(r pipelineRound) float64 { return r.RowsPerEvent })
	f.RatedToRaw = float64(f.RatedPerS) / float64(f.RawPerS)
	f.RatedToKafkaEngine = float64(f.RatedPerS) / float64(f.KafkaEnginePerS)
	return f
}

func median[T int64 | float64](rounds []pipelineRound, of func(pipelineRound) T) T {
	values := make([]T, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

var errNoPartitions = errors.New("the group gave this process no partition")
