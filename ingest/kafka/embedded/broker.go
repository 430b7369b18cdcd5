// Package embedded runs a Kafka-protocol broker inside this process, on
// loopback, with its log on disk. The rest of the program connects to it exactly
// as it would to a cluster.
//
// It owns the broker and its data directory, and the settings that make it safe
// for bills: every batch and every committed offset is on the disk before it is
// acknowledged, nothing expires, and records as large as ours are taken. It
// never produces or consumes.
//
// Invariants:
//   - One broker per data directory, held by a flock the kernel frees.
//   - It listens on 127.0.0.1 only. A directory keeps its port as long as nobody
//     else has taken it, so a configured client finds the broker again.
//   - A default topic that exists is left as it is; its partitions are never
//     changed, since that would move keys to other partitions.
//
// It is the default for one machine and the bench for injected faults. The proof
// that the pipeline works is Apache Kafka itself: see apachekafka.
package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

const (
	partitionsDefault = 8

	// RecordBytesMax is the largest batch the broker takes; Kafka's own default
	// is 1 MB. Records too large for our decoder must still arrive, to be
	// refused and kept.
	RecordBytesMax = 33 << 20

	// Committed offsets of a group without members expire after a week in
	// Kafka. A laptop that was closed for longer must not count all again.
	offsetsRetentionMinutes = 20 * 366 * 24 * 60
)

// Topic is a topic the broker makes at its start if it is not there.
type Topic struct {
	Name       string
	Partitions int               // 0 means Options.Partitions
	Config     map[string]string // such as retention.ms; nil keeps records for ever
}

// Options says where a broker keeps its records and which topics it has.
type Options struct {
	// DataDir is made if absent and belongs to one broker at a time. "" keeps
	// everything in memory, for tests.
	DataDir string

	Topics     []Topic
	Partitions int  // of topics that name no number; 0 means 8
	AutoCreate bool // whether asking for an unknown topic makes it

	// Port is fixed if not 0; otherwise the directory's last port, or a free one.
	Port int

	Log *slog.Logger // warnings and errors of the broker; nil drops them
}

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	addr    string
	cluster *kfake.Cluster
	lock    *os.File
	close   sync.Once
}

// Start brings up the broker and makes the topics that are missing. When it
// returns the broker answers.
func Start(opts Options) (*Broker, error) {
	if opts.Partitions == 0 {
		opts.Partitions = partitionsDefault
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	b := &Broker{}
	if opts.DataDir != "" {
		// Only the owner: the records hold telephone numbers.
		if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("kafka broker: data directory: %w", err)
		}
		lock, err := lockDir(opts.DataDir)
		if err != nil {
			return nil, err
		}
		b.lock = lock
	}
	if err := b.start(opts); err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

func (b *Broker) start(opts Options) error {
	cluster, err := newCluster(opts)
	if err != nil {
		return fmt.Errorf("kafka broker: %w", err)
	}
	b.cluster = cluster
	b.addr = cluster.ListenAddrs()[0]
	if err := makeTopics(cluster, opts); err != nil {
		return err
	}
	if opts.DataDir == "" {
		return nil
	}
	_, port, _ := strings.Cut(b.addr, ":")
	if err := os.WriteFile(portPath(opts.DataDir), []byte(port+"\n"), 0o600); err != nil {
		return fmt.Errorf("kafka broker: keeping its port: %w", err)
	}
	return nil
}

// newCluster starts on the port asked for, else on the directory's last one,
// else on any.
func newCluster(opts Options) (*kfake.Cluster, error) {
	if opts.Port != 0 {
		return kfake.NewCluster(clusterOpts(opts, opts.Port)...)
	}
	if last := lastPort(opts.DataDir); last != 0 {
		cluster, err := kfake.NewCluster(clusterOpts(opts, last)...)
		if err == nil || !errors.Is(err, errAddrInUse) {
			return cluster, err
		}
		opts.Log.Warn("kafka broker: its port is taken, using another", "port", last)
	}
	return kfake.NewCluster(clusterOpts(opts, 0)...)
}

func clusterOpts(opts Options, port int) []kfake.Opt {
	list := []kfake.Opt{
		kfake.Ports(port),
		kfake.ClusterID("postage"),
		kfake.DefaultNumPartitions(opts.Partitions),
		kfake.WithLogger(logger{opts.Log}),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes":         strconv.Itoa(RecordBytesMax),
			"offsets.retention.minutes": strconv.Itoa(offsetsRetentionMinutes),
		}),
	}
	if opts.DataDir != "" {
		list = append(list, kfake.DataDir(logPath(opts.DataDir)), kfake.SyncWrites())
	}
	if opts.AutoCreate {
		list = append(list, kfake.AllowAutoTopicCreation())
	}
	return list
}

func makeTopics(cluster *kfake.Cluster, opts Options) error {
	for _, t := range opts.Topics {
		if cluster.TopicInfo(t.Name) != nil {
			continue
		}
		n := t.Partitions
		if n == 0 {
			n = opts.Partitions
		}
		if err := cluster.CreateTopic(t.Name, int32(n), t.Config); err != nil {
			return fmt.Errorf("kafka broker: topic %s with %d partitions: %w", t.Name, n, err)
		}
	}
	return nil
}

// Addr is host:port, for --kafka and clients.
func (b *Broker) Addr() string { return b.addr }

// Cluster is the broker itself, for tests that inject faults.
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Close stops the broker and frees the data directory. Everything acknowledged
// is on the disk with or without it. Closing twice is harmless.
func (b *Broker) Close() error {
	b.close.Do(b.release)
	return nil
}

func (b *Broker) release() {
	if b.cluster != nil {
		b.cluster.Close()
	}
	if b.lock != nil {
		// Nothing was written through it but the owner's number.
		_ = b.lock.Close()
	}
}

func logPath(dir string) string  { return filepath.Join(dir, "log") }
func portPath(dir string) string { return filepath.Join(dir, "port") }

// lastPort is the port the directory's broker had before; 0 when not known.
func lastPort(dir string) int {
	if dir == "" {
		return 0
	}
	text, err := os.ReadFile(portPath(dir))
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || port < 1 || port > 65535 {
		return 0
	}
	return port
}

// logger passes on what an operator should know; the rest is the broker's chatter.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("kafka broker: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("kafka broker: " + fmt.Sprintf(format, args...))
	}
}
