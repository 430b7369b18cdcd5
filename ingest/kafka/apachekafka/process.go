//go:build linux || darwin

package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

var errPortTaken = errors.New("port already in use")

// process is a running java. done is closed after it was waited for.
type process struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; read only after done
}

// java is a command of the node's class path: a small heap, and no optimizing
// compiler, which a run of seconds does not pay back.
func (b *Broker) java(class string, args ...string) (*exec.Cmd, error) {
	bin, err := exec.LookPath("java")
	if err != nil {
		return nil, errors.New("apache kafka: java is not on PATH; install a Java 17 runtime (Debian: default-jre-headless)")
	}
	return exec.Command(bin, append([]string{
		"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
		"-Dlog4j2.level=WARN", "-cp", filepath.Join(b.jars, "*"), class,
	}, args...)...), nil
}

// format writes the identity of a new data directory.
func (b *Broker) format(ctx context.Context, properties string) error {
	if b.isFormatted() {
		return nil
	}
	args := []string{"format", "--cluster-id", clusterID, "--config", properties}
	for user, password := range b.opts.Scram {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", user, password))
	}
	cmd, err := b.java("kafka.tools.StorageTool", args...)
	if err != nil {
		return err
	}
	cmd = withContext(ctx, cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apache kafka: formatting %s: %w\n%s", b.logDir(), err, out)
	}
	return nil
}

func withContext(ctx context.Context, cmd *exec.Cmd) *exec.Cmd {
	return exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
}

// run starts the node. Pdeathsig fires when the thread that forked is gone, and
// Go promises nothing about threads, so the goroutine keeps its own, locked,
// until the node has ended.
func (b *Broker) run(properties string) (*process, error) {
	cmd, err := b.java("kafka.Kafka", properties)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(b.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("apache kafka: %w", err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttr()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		log.Close() // java has its own copy
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("apache kafka: starting java: %w", err)
	}
	return p, nil
}

func (p *process) kill() {
	// An error means it has ended already, which is what is wanted.
	_ = p.cmd.Process.Kill()
	<-p.done
}

// terminate returns nil when the node followed SIGTERM in time: java then ends
// with status 143.
func (p *process) terminate(timeout time.Duration) error {
	select {
	case <-p.done:
		return fmt.Errorf("it had ended before: %w", p.err)
	default:
	}
	// An error means it has ended just now; the select below sees that.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(timeout):
		p.kill()
		return fmt.Errorf("it did not end within %s and was killed", timeout)
	}
	var exit *exec.ExitError
	if p.err == nil || errors.As(p.err, &exit) && (exit.ExitCode() == 143 || signalOf(exit) == syscall.SIGTERM) {
		return nil
	}
	return p.err
}

func signalOf(exit *exec.ExitError) syscall.Signal {
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return 0
}

// tail is the end of the node's output, for error messages.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	const most = 4 << 10
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return strings.TrimSpace(string(text))
}
