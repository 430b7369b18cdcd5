package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	startTimeoutDefault = 60 * time.Second
	closeTimeout        = 20 * time.Second // clickhouse-local itself waits 5 s for open connections
	orphanTimeout       = 20 * time.Second // for the engine of a killed parent to leave
	portAttemptsMax     = 5
)

// Options says where an engine keeps its data and whom it tells about itself.
type Options struct {
	// DataDir is made if absent and belongs to one engine at a time. Required.
	DataDir string

	// Log gets the lines the engine writes to stderr; nil drops them (an error
	// from Start or Err quotes the last of them in any case).
	Log *slog.Logger

	// Progress gets a few lines for a person while the library is fetched,
	// which happens once per version and user; nil drops them.
	Progress io.Writer

	// TCPPort and HTTPPort are fixed ports; 0 chooses a free one.
	TCPPort, HTTPPort int

	// MemoryBytesMax is what the engine may take before queries fail. 0 is half
	// of what the machine (or its control group) has.
	MemoryBytesMax int64

	// StartTimeout bounds one attempt to start; 0 is 60 s. It does not bound
	// the fetching of the library, which only the context does.
	StartTimeout time.Duration

	// Password is what the users, then "postage" and "analyst", must give; "" lets
	// in whoever can reach loopback, as "default". Only its hash is written down.
	// With a pipe as the engine's stdin (not on Linux) it cannot be had.
	Password string

	// ExtraConfig is XML put as it is into the engine's <clickhouse> element,
	// for example <remote_servers> for a Distributed table over two engines.
	ExtraConfig string
}

// Server is a running engine. Its methods may be called from any goroutine.
type Server struct {
	Addr     string // host:port of the native protocol
	HTTPAddr string // host:port of the HTTP interface

	password string
	child    *child
	lock     *dirLock
	stopping atomic.Bool
	finish   sync.Once
	closeErr error
}

// Start brings up the engine on opts.DataDir and returns when it answers. ctx
// bounds the starting only, not the life of the server. A directory in use gives
// an error naming the process; an engine whose parent was killed is waited for.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	src, err := findSource(ctx, opts.Progress)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(ctx, opts.DataDir, orphanTimeout)
	if err != nil {
		return nil, err
	}
	s, err := startLocked(ctx, opts, src, lock)
	if err != nil {
		lock.release()
		return nil, err
	}
	return s, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.DataDir == "" {
		return o, errors.New("clickhouse engine: no data directory given")
	}
	if o.Password != "" && runtime.GOOS != "linux" {
		return o, errors.New("clickhouse engine: a password for the embedded engine is possible on Linux only: unset it, or use a server of your own")
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return o, fmt.Errorf("clickhouse engine: data directory %s: %w", o.DataDir, err)
	}
	o.DataDir = dir
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = startTimeoutDefault
	}
	// Only the owner: the tables hold telephone numbers.
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return o, fmt.Errorf("clickhouse engine: data directory: %w", err)
	}
	return o, nil
}

// startLocked tries ports until the engine could bind them: between choosing a
// free port and the child binding it, someone else may take it.
func startLocked(ctx context.Context, opts Options, src source, lock *dirLock) (*Server, error) {
	for attempt := 1; ; attempt++ {
		s, err := startOnce(ctx, opts, src, lock)
		if err == nil {
			return s, nil
		}
		fixed := opts.TCPPort != 0 && opts.HTTPPort != 0
		if !errors.Is(err, errPortTaken) || fixed || attempt == portAttemptsMax {
			return nil, err
		}
	}
}

func startOnce(ctx context.Context, opts Options, src source, lock *dirLock) (*Server, error) {
	tcp, http, err := choosePorts(opts.TCPPort, opts.HTTPPort)
	if err != nil {
		return nil, err
	}
	config, err := writeConfig(opts, tcp, http)
	if err != nil {
		return nil, err
	}
	c, err := startChild(src, config, lock.file, opts.Log)
	if err != nil {
		return nil, err
	}
	if err := lock.write(os.Getpid(), c.pid); err != nil {
		c.kill()
		return nil, err
	}
	s := &Server{
		Addr:     fmt.Sprintf("127.0.0.1:%d", tcp),
		HTTPAddr: fmt.Sprintf("127.0.0.1:%d", http),
		password: opts.Password,
		child:    c,
		lock:     lock,
	}
	if err := waitReady(ctx, s, enginePath(opts.DataDir), opts.StartTimeout); err != nil {
		c.kill()
		return nil, err
	}
	return s, nil
}

// DSN is what clickhouse-go parses to connect as the user who may do everything;
// the password is not in it.
func (s *Server) DSN() string {
	if s.password == "" {
		return "clickhouse://" + s.Addr + "/default"
	}
	return "clickhouse://" + s.User() + "@" + s.Addr + "/default"
}

// User is the name of that user.
func (s *Server) User() string {
	if s.password == "" {
		return userDefault
	}
	return userWithPassword
}

// PID is the process of the engine.
func (s *Server) PID() int { return s.child.pid }

// Done is closed when the engine's process has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// Err is nil while the engine runs and after Close or Kill; after any other end
// it says how the process ended and quotes its last words.
func (s *Server) Err() error {
	select {
	case <-s.child.done:
	default:
		return nil
	}
	if s.stopping.Load() {
		return nil
	}
	return fmt.Errorf("clickhouse engine ended by itself: %w", s.child.exitError())
}

// Close stops the engine in good order and frees the data directory. Close
// clients first: the engine waits 5 s for connections that are still open.
// Closing twice is harmless.
func (s *Server) Close() error {
	s.finish.Do(func() {
		early := s.Err()
		s.stopping.Store(true)
		err := s.child.stop(closeTimeout)
		s.lock.release()
		s.closeErr = err
		if early != nil {
			s.closeErr = early
		}
	})
	return s.closeErr
}

// Kill ends the engine as a crash would (kill -9) and frees the data directory.
func (s *Server) Kill() {
	s.finish.Do(func() {
		s.stopping.Store(true)
		s.child.kill()
		s.lock.release()
	})
}

// lastWords joins an error with what the process wrote last.
func lastWords(err error, tail string) error {
	if tail = strings.TrimSpace(tail); tail == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, tail)
}
