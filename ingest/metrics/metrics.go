// Package metrics watches an ingest service from outside, through the seams it has
// anyway: a Source and a Log that pass everything on and count. It owns the
// Prometheus client, and what "healthy" and "ready" mean. It never changes, holds
// up or retries anything, and does nothing per event but to look for recent copies.
package metrics

import (
	"net/http"
	"postage/ingest"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the figures of one process. Its methods may be called from any
// goroutine, but Source and Log are for one service.
type Metrics struct {
	// Connections and Warnings are for others to count: connections opened to
	// Kafka, and lines logged that say something is wrong.
	Connections, Warnings atomic.Int64

	registry *prometheus.Registry
	activity activity
	copies   recent

	records, events, recentCopies           prometheus.Counter
	refused                                 *prometheus.CounterVec
	batchRecords, batchEvents               prometheus.Histogram
	appendSeconds, commitSeconds            prometheus.Histogram
	appendErrors, commitErrors, generations prometheus.Counter
	partitions                              prometheus.Gauge
	lagRecords, lagSeconds, nextOffset      *prometheus.GaugeVec
	unrated, alarms                         *prometheus.GaugeVec
}

// New makes the figures, all of them 0.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), activity: activity{begun: make(chan struct{}, 1)}}
	counter := func(name, help string) prometheus.Counter {
		return add(m, prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help}))
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return add(m, prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}))
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return add(m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels))
	}
	perPartition := func(name, help string) *prometheus.GaugeVec { return gauges(name, help, "topic", "partition") }
	m.records = counter("postage_records_total", "Kafka records made durable, refused ones included.")
	m.events = counter("postage_events_total", "Events made durable; a webhook body holds several.")
	m.refused = add(m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postage_refused_total", Help: "Records and items of webhook bodies refused, by reason."}, []string{"reason"}))
	m.recentCopies = counter("postage_recent_copies_total", "Events that repeat one of about the last million by identity. Older copies are recognised when the log is read, not here.")
	rows := prometheus.ExponentialBuckets(10, 4, 9) // 10 to 655,360
	m.batchRecords = histogram("postage_batch_records", "Kafka records in one batch.", rows)
	m.batchEvents = histogram("postage_batch_events", "Events in one batch.", rows)
	seconds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	m.appendSeconds = histogram("postage_append_seconds", "Time to make one batch durable in ClickHouse, in seconds, failures included.", seconds)
	m.commitSeconds = histogram("postage_commit_seconds", "Time to commit the offsets of one batch to Kafka, in seconds, failures included.", seconds)
	m.appendErrors = counter("postage_append_errors_total", "Batches that ClickHouse did not take; each is tried again, or the process ends.")
	m.commitErrors = counter("postage_commit_errors_total", "Commits that Kafka did not take, rebalances among them.")
	m.generations = counter("postage_generations_total", "Times this process joined the consumer group, anew after each rebalance.")
	m.partitions = add(m, prometheus.NewGauge(prometheus.GaugeOpts{Name: "postage_partitions", Help: "Partitions that this process owns now."}))
	m.lagRecords = perPartition("postage_lag_records", "Offsets of an owned partition that are not durable yet, as of the last look, every 10 seconds.")
	m.lagSeconds = perPartition("postage_lag_seconds", "How far an owned partition is behind, in seconds: now minus the Kafka timestamp of the last durable record, 0 when nothing waits.")
	m.nextOffset = perPartition("postage_next_offset", "Next offset of an owned partition to be made durable.")
	m.unrated = gauges("postage_live_unrated", "Messages that are unrated before prices, by reason and billing month; of the whole log, so the same in every process.", "reason", "month")
	m.alarms = gauges("postage_live_alarms", "Messages with a flag that counts as an alarm, by flag and billing month; of the whole log, so the same in every process.", "flag", "month")
	m.concerns(nil)
	m.Counter("postage_kafka_connections_total", "Connections opened to Kafka, reconnections among them.", m.Connections.Load)
	m.Counter("postage_log_warnings_total", "Lines logged as warnings or errors; what the Kafka client complains of is among them.", m.Warnings.Load)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func add[C prometheus.Collector](m *Metrics, c C) C {
	m.registry.MustRegister(c)
	return c
}

// Counter publishes a figure that somebody else counts and that only rises. The
// name ends in _total. value is called at each scrape, from any goroutine.
func (m *Metrics) Counter(name, help string, value func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
}

// Gauge publishes a figure that somebody else keeps and that rises and falls.
func (m *Metrics) Gauge(name, help string, value func() int64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
}

// Handler answers /metrics in the text format of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func labels(p ingest.Partition) prometheus.Labels {
	return prometheus.Labels{"topic": p.Topic, "partition": strconv.Itoa(int(p.ID))}
}
