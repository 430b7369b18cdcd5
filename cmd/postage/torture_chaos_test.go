package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"postage/ingest/kafka/apachekafka"
	"postage/schemas/clickhouse/embedded"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// chaos is what the torture is done to: a broker, an engine, and consumers, each a process
// of its own.
type chaos struct {
	t         *testing.T
	chance    *rand.Rand
	broker    *apachekafka.Broker
	engine    *embedded.Server
	engineDir string
	consumers []*consumer
	args      []string       // of a consumer
	done      map[string]int // what was done, how often
}

// tortureSession is the session timeout of the consumers. Pauses are longer.
const tortureSession = 3 * time.Second

// consumer is one `postage ingest`.
type consumer struct {
	c    *chaos
	cmd  *exec.Cmd
	log  string // file
	died chan error
	born time.Time
}

// acts are what can be done, by name.
func (c *chaos) acts() map[string]func() {
	return map[string]func(){
		"kill -9": func() { // at once, or as soon as it has something in hand
			it := c.anyone()
			c.sleep(0, 1500)
			it.kill()
			it.start()
		},
		"kill both": func() {
			for _, it := range c.consumers {
				it.kill()
			}
			for _, it := range c.consumers {
				it.start()
			}
		},
		"stop in order": func() {
			it := c.anyone()
			it.stop()
			it.start()
		},
		"pause": func() {
			it := c.anyone()
			c.sleep(0, 500)
			it.signal(syscall.SIGSTOP)
			time.Sleep(tortureSession * 3 / 2)
			it.signal(syscall.SIGCONT)
		},
		"a third consumer comes and goes": func() {
			it := c.newConsumer()
			it.start()
			c.sleep(2500, 4000)
			if c.chance.IntN(2) == 0 {
				it.stop()
			} else {
				it.kill()
			}
		},
		"ClickHouse dies": func() {
			c.engine.Kill()
			c.sleep(0, 2000)
			c.startEngine()
		},
		"broker dies": func() {
			c.broker.Kill()
			c.sleep(0, 1000)
			c.startBroker()
		},
		"broker restarts": func() { c.startBroker() },
	}
}

func (c *chaos) anyone() *consumer { return c.consumers[c.chance.IntN(len(c.consumers))] }

// sleep waits for so many milliseconds.
func (c *chaos) sleep(least, most int) {
	time.Sleep(time.Duration(least+c.chance.IntN(most-least)) * time.Millisecond)
}

func (c *chaos) startBroker() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.broker.Restart(ctx); err != nil {
		c.t.Errorf("broker: %v", err)
	}
}

// startEngine starts the engine, on the same ports as before.
func (c *chaos) startEngine() {
	c.t.Helper()
	opts := embedded.Options{DataDir: c.engineDir, StartTimeout: 2 * time.Minute, Progress: os.Stderr}
	if c.engine != nil {
		opts.TCPPort, opts.HTTPPort = portOf(c.engine.Addr), portOf(c.engine.HTTPAddr)
		if err := c.engine.Err(); err != nil {
			c.t.Errorf("engine: %v", err)
		}
	}
	engine, err := embedded.Start(context.Background(), opts)
	if err != nil {
		c.t.Fatalf("engine: %v", err)
	}
	c.engine = engine
}

func portOf(addr string) int {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return n
}

func (c *chaos) newConsumer() *consumer {
	return &consumer{c: c, log: filepath.Join(c.t.TempDir(), "log")}
}

// act does one thing. No consumer may end by itself.
func (c *chaos) act(name string) {
	c.t.Logf("%s", name)
	c.done[name]++
	c.acts()[name]()
	for _, it := range c.consumers {
		select {
		case err := <-it.died:
			it.died <- err
			c.t.Errorf("a consumer ended by itself: %v\n%s", err, it.lastWords())
			it.start()
		default:
		}
	}
}

func (it *consumer) start() {
	it.c.t.Helper()
	log, err := os.OpenFile(it.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		it.c.t.Fatal(err)
	}
	defer log.Close()
	it.cmd = command(it.c.t, it.c.args...)
	it.cmd.Stderr = log
	if err := it.cmd.Start(); err != nil {
		it.c.t.Fatal(err)
	}
	it.died, it.born = make(chan error, 1), time.Now()
	go func(cmd *exec.Cmd, died chan<- error) { died <- cmd.Wait() }(it.cmd, it.died)
}

func (it *consumer) signal(s os.Signal) {
	if err := it.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		it.c.t.Errorf("signal %s: %v", s, err)
	}
}

func (it *consumer) kill() {
	it.signal(syscall.SIGKILL)
	<-it.died
}

// stop ends it in order: it finishes what it has in hand, in good time, with status 0. (A
// process that has just begun does not yet listen to signals.)
func (it *consumer) stop() {
	time.Sleep(time.Until(it.born.Add(2 * time.Second)))
	began := time.Now()
	it.signal(syscall.SIGTERM)
	select {
	case err := <-it.died:
		if err != nil {
			it.c.t.Errorf("stopped in order: %v\n%s", err, it.lastWords())
		}
	case <-time.After(40 * time.Second):
		it.c.t.Errorf("a consumer did not stop within %s", time.Since(began))
		it.kill()
	}
}

// lastWords are the end of its log.
func (it *consumer) lastWords() []byte {
	log, err := os.ReadFile(it.log)
	if err != nil {
		return fmt.Append(nil, err)
	}
	return log[max(0, len(log)-2000):]
}
