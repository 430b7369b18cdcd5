package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"
)

// child is the engine's process. done is closed after it was waited for.
type child struct {
	pid   int
	stdin io.Closer
	cmd   *exec.Cmd
	tail  *tail
	done  chan struct{}
	err   error // of Wait; read only after done
}

// startChild starts the engine. It dies with this process in two ways: of its
// stdin, a terminal or a pipe, only we hold the other end, and it reads the
// closing of that as the order to stop; and on Linux the kernel kills it when
// the thread that started it is gone. Go gives no promise about threads, so the
// goroutine below keeps its own one, locked, until the child has ended. Stdin
// alone would do; but an engine may take seconds to follow it, and one that
// hangs would never do so.
func startChild(src source, config string, lock *os.File, log *slog.Logger) (*child, error) {
	in, err := openStdin(log)
	if err != nil {
		return nil, err
	}
	defer in.theirs.Close() // the child has its own copy by then
	cmd, err := src.command(config, in.terminal)
	if err != nil {
		in.ours.Close()
		return nil, err
	}
	cmd.Stdin = in.theirs
	t := &tail{log: log}
	cmd.Stderr = t
	cmd.Stdout = io.Discard
	cmd.ExtraFiles = []*os.File{lock} // the child holds the lock as long as it lives
	cmd.SysProcAttr = childAttr()
	c := &child{stdin: in.ours, cmd: cmd, tail: t, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			c.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		c.err = cmd.Wait()
		c.endStdin()
		close(c.done)
	}()
	if err := <-started; err != nil {
		c.endStdin()
		return nil, fmt.Errorf("clickhouse engine: starting %s: %w", cmd.Path, err)
	}
	return c, nil
}

// stdin is what the child reads and the end of it that we hold.
type stdin struct {
	ours, theirs *os.File
	terminal     bool
}

// openStdin makes a terminal, or a pipe where there is none to be had.
func openStdin(log *slog.Logger) (stdin, error) {
	master, slave, err := openTerminal()
	if err == nil {
		return stdin{ours: master, theirs: slave, terminal: true}, nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		log.Warn("clickhouse engine: no pseudo-terminal; a wrong login or a dropped connection may end it", "error", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return stdin{}, fmt.Errorf("clickhouse engine: stdin: %w", err)
	}
	return stdin{ours: w, theirs: r}, nil
}

// endStdin is the order to stop.
func (c *child) endStdin() {
	// An error here means it is closed already, which is what is wanted.
	_ = c.stdin.Close()
}

// stop asks for an orderly end and kills only when it does not come.
func (c *child) stop(timeout time.Duration) error {
	c.endStdin()
	ctx, cancel := awake(context.Background(), timeout)
	defer cancel()
	select {
	case <-c.done:
		if c.err != nil {
			return fmt.Errorf("clickhouse engine: closing: %w", c.exitError())
		}
		return nil
	case <-ctx.Done():
		c.kill()
		return fmt.Errorf("clickhouse engine: did not stop within %s and was killed", timeout)
	}
}

// kill is kill -9; it returns when the process is gone.
func (c *child) kill() {
	// An error here means it has ended already, which is what is wanted.
	_ = c.cmd.Process.Kill()
	<-c.done
}

// exitError says how the process ended, with its last words. Only after done.
func (c *child) exitError() error {
	err := c.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	return lastWords(err, c.tail.String())
}

// environ is ours without the variables that mark a child, plus some.
func environ(add ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return hasName(kv, markerEnv) || hasName(kv, childLibEnv) || hasName(kv, "TZ") || hasName(kv, "TERM")
	})
	// A terminal that can do nothing: the engine then reads lines and edits none.
	return append(append(env, "TZ=UTC", "TERM=dumb"), add...)
}

func hasName(kv, name string) bool {
	return len(kv) > len(name) && kv[:len(name)] == name && kv[len(name)] == '='
}
