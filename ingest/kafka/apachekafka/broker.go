//go:build linux || darwin

// Package apachekafka runs Apache Kafka itself, for tests: one node in KRaft
// mode (broker and controller), on loopback, in a process of its own. It is the
// proof that what works with the embedded broker works with the real one.
//
// It owns the process, its data directory while it runs, and the jars in the
// user's cache (fetched once by Maven, from the pom.xml in this folder). It
// never produces or consumes; the product never imports it.
//
// Invariants:
//   - It needs java (17 or later) and, the first time, mvn. Where they are
//     missing it fails and says so: a proof that is skipped proves nothing.
//   - Stop, Kill and Restart keep port and data, so that a client's address stays
//     good across them.
//   - On Linux the broker dies with the process that started it, even by kill -9
//     (Pdeathsig, on a thread that is kept for it). Elsewhere only a process that
//     ends in order takes it along, through Stop.
//   - Topics are made by CreateTopic only; asking for an unknown one is an error.
package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	startTimeout    = 60 * time.Second
	stopTimeout     = 30 * time.Second
	portAttemptsMax = 5
)

// Options says where a broker keeps its data.
type Options struct {
	DataDir    string // made if absent; required; a test gives t.TempDir()
	Partitions int    // num.partitions; 0 means 4
	// Config adds to server.properties or replaces what is there.
	Config map[string]string
	// Secure adds a listener for SASL over TLS; Config holds its certificate and
	// mechanisms, as listener.name.secure.*.
	Secure bool
	// Scram are users of SCRAM-SHA-512, by name, with their passwords.
	Scram map[string]string
}

// Broker is one Apache Kafka node.
type Broker struct {
	opts       Options
	jars       string
	port       int // of clients
	controller int // of the node's own quorum
	secure     int // of clients over TLS

	mu sync.Mutex
	p  *process // nil when stopped
}

// Start formats the data directory if it is new and starts the node; it returns
// when the node takes requests. ctx bounds the starting, not the broker's life.
func Start(ctx context.Context, opts Options) (*Broker, error) {
	if opts.DataDir == "" {
		return nil, errors.New("apache kafka: no data directory given")
	}
	if opts.Partitions == 0 {
		opts.Partitions = 4
	}
	if err := os.MkdirAll(opts.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("apache kafka: %w", err)
	}
	jars, err := fetchJars(ctx)
	if err != nil {
		return nil, err
	}
	b := &Broker{opts: opts, jars: jars}
	for attempt := 1; ; attempt++ {
		ports, err := freePorts(3)
		if err != nil {
			return nil, err
		}
		b.port, b.controller, b.secure = ports[0], ports[1], ports[2]
		// Someone may take a free port before the broker binds it.
		if err = b.Restart(ctx); err == nil {
			return b, nil
		}
		if !errors.Is(err, errPortTaken) || attempt == portAttemptsMax {
			return nil, err
		}
	}
}

// Addr is host:port for clients; the same after a Restart.
func (b *Broker) Addr() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }

// SecureAddr is host:port of the listener that Options.Secure adds.
func (b *Broker) SecureAddr() string { return fmt.Sprintf("127.0.0.1:%d", b.secure) }

// PID is the process of the node; 0 when it is stopped.
func (b *Broker) PID() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p == nil {
		return 0
	}
	return b.p.pid
}

// LogPath is the file the node's output goes to.
func (b *Broker) LogPath() string { return filepath.Join(b.opts.DataDir, "broker.log") }

// Restart stops the node if it runs and starts it on the same port and data.
func (b *Broker) Restart(ctx context.Context) error {
	if err := b.Stop(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	properties, err := b.writeProperties()
	if err != nil {
		return err
	}
	if err := b.format(ctx, properties); err != nil {
		return err
	}
	p, err := b.run(properties)
	if err != nil {
		return err
	}
	if err := waitAnswers(ctx, b.Addr(), p); err != nil {
		p.kill()
		return fmt.Errorf("apache kafka did not start: %w\n%s", err, tail(b.LogPath()))
	}
	b.p = p
	return nil
}

// Stop is an orderly shutdown (SIGTERM). A stopped broker can be restarted.
func (b *Broker) Stop() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p == nil {
		return nil
	}
	p := b.p
	b.p = nil
	if err := p.terminate(stopTimeout); err != nil {
		return fmt.Errorf("apache kafka: stopping: %w\n%s", err, tail(b.LogPath()))
	}
	return nil
}

// Kill is a crash (kill -9). A killed broker can be restarted.
func (b *Broker) Kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p != nil {
		b.p.kill()
		b.p = nil
	}
}
