package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"postage/ingest"
	"postage/ingest/live"
	"postage/rating"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire stands between a store and the engine. Once armed it lets so many bytes more go to the engine, by all
// connections, and calls reached, once; what follows then goes nowhere: the connections are cut, or stay open
// and silent in both directions, as those of a stopped server do.
type wire struct {
	listener net.Listener
	engine   string

	mu      sync.Mutex
	conns   []net.Conn
	passed  int // bytes, to the engine
	armed   bool
	left    int
	broken  chan struct{} // closed when it is broken
	reached func()
}

func newWire(t *testing.T, engine string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, engine: engine, broken: make(chan struct{})}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", engine)
			if err != nil {
				_ = client.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, client, server)
			w.mu.Unlock()
			go w.pump(server, client, true)
			go w.pump(client, server, false)
		}
	}()
	t.Cleanup(w.cut)
	return w
}

// pump carries bytes until one end closes, and nothing any more once the wire is broken.
func (w *wire) pump(to, from net.Conn, up bool) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if w.pass(up, &n) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass says whether n bytes, or fewer, go on.
func (w *wire) pass(up bool, n *int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.isBroken():
		return false
	case !up:
		return true
	}
	w.passed += *n
	if !w.armed {
		return true
	}
	*n = min(*n, w.left)
	if w.left -= *n; w.left == 0 {
		close(w.broken)
		go w.reached()
	}
	return true
}

func (w *wire) isBroken() bool {
	select {
	case <-w.broken:
		return true
	default:
		return false
	}
}

func (w *wire) sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passed
}

func (w *wire) arm(left int, reached func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.left, w.reached = true, left, reached
}

// cut closes all connections and takes no more.
func (w *wire) cut() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
}

// through opens the database of a store by way of a wire.
func through(t *testing.T, s *Store) (*Store, *wire) {
	t.Helper()
	dsn, err := url.Parse(engine.DSN())
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, dsn.Host)
	dsn.Host = w.listener.Addr().String()
	far, err := Open(t.Context(), dsn.String(), Options{Database: s.Database()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return far, w
}

// promptly fails the test when try does not return, and returns what it returned.
func promptly(t *testing.T, what string, try func() error) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- try() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(30 * time.Second): // of a busy machine
		t.Fatalf("%s: does not return", what)
		return nil
	}
}

// TestBrokenOff: an append breaks off anywhere, from the first byte to the last, because the connection is cut or
// because the server is silent and we are to stop. It returns at once, what it says is
// no reason to give up, and what is missing can be sent again: nothing is lost, nothing there twice.
func TestBrokenOff(t *testing.T) {
	s := open(t)
	batch := batchOf(1, 12_001) // two blocks
	batch.Refused = []ingest.Refused{{Origin: ingest.Origin{Topic: topic, Offset: 12_001}, Reason: "not_json"}}
	whole, w := through(t, s)
	appendBatch(t, whole, *batchOf(0, 1)) // opens the connections
	before := w.sent()
	appendBatch(t, whole, *batch)
	total := w.sent() - before
	for _, after := range []int{1, 700, 1500, total / 2, total - 1000, total - 1} {
		for _, silent := range []bool{false, true} {
			for _, warm := range []bool{false, true} {
				if !warm && after >= total/2 {
					continue // by then it makes no difference
				}
				what := fmt.Sprintf("silent %v, after %d of %d bytes, on open connections %v", silent, after, total, warm)
				for _, table := range []string{"events", "refused", "ledger"} {
					if err := s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table); err != nil {
						t.Fatal(err)
					}
				}
				far, w := through(t, s)
				if warm {
					appendBatch(t, far, *batchOf(0, 1))
				} else {
					appendBatch(t, s, *batchOf(0, 1))
				}
				ctx, cancel := context.WithCancel(t.Context())
				w.arm(after, func() {
					if silent {
						cancel()
					} else {
						w.cut()
					}
				})
				owner := owner(1, "m")
				err := promptly(t, what, func() error { return far.Append(ctx, tenure{owner, proved}, batch) })
				if err == nil || errors.Is(err, ingest.ErrHopeless) || silent && !errors.Is(err, context.Canceled) {
					t.Errorf("%s: got %v, want an error that time may mend", what, err)
				}
				cancel()
				w.cut()
				if err := s.Settle(t.Context(), owner); err != nil {
					t.Fatal(err)
				}
				stored, err := s.StoredFrom(t.Context(), topic, 0, 0)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Append(t.Context(), tenure{owner, proved}, batch.Without(stored)); err != nil {
					t.Fatalf("%s: again: %v", what, err)
				}
				if got, want := storedTwice(t, s), "12002\t0"; got != want {
					t.Errorf("%s: origins, repeated: got %q, want %q", what, got, want)
				}
			}
		}
	}
}

// TestVerdictsBrokenOff: the same of an INSERT that waits for nothing before its rows, and has a context without an end.
func TestVerdictsBrokenOff(t *testing.T) {
	s := open(t)
	rows := make([]live.Row, 12_000)
	for i := range rows {
		rows[i] = live.Row{Message: rating.Message{Sender: "+442079460000", User: "+447700900123", MessageID: fmt.Sprint(i)}, Version: 1}
	}
	for _, silent := range []bool{false, true} {
		for _, after := range []int{1, 30, 1500, 100_000} {
			for range 3 {
				what := fmt.Sprintf("silent %v, after %d bytes", silent, after)
				far, w := through(t, s)
				if err := (Live{far}).Write(t.Context(), rows[:1]); err != nil {
					t.Fatal(err)
				}
				liveColumns.pool.Get() // so that the next are new: they know nothing of the table
				ctx, cancel := context.WithCancel(t.Context())
				if silent {
					w.arm(after, cancel)
				} else {
					w.arm(after, w.cut)
				}
				err := promptly(t, what, func() error { return (Live{far}).Write(ctx, rows) })
				if err == nil || errors.Is(err, ingest.ErrHopeless) || strings.Contains(err.Error(), "column") {
					t.Errorf("%s: got %v, want an error that time may mend", what, err)
				}
				cancel()
			}
		}
	}
}

// TestForeignTable: a table with a column of another type is somebody's to mend, and known at once.
func TestForeignTable(t *testing.T) {
	s := open(t)
	if err := s.conn.Exec(t.Context(), "ALTER TABLE events MODIFY COLUMN client String"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err := promptly(t, "append", func() error { return s.Append(t.Context(), tenure{owner(1, "m"), proved}, batchOf(0, 10)) })
	if !errors.Is(err, ingest.ErrHopeless) || !strings.Contains(err.Error(), "column client") {
		t.Errorf("got %v after %s, want a hopeless error that names the column", err, time.Since(began))
	}
}
