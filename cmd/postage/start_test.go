package main

import (
	"os"
	"os/exec"
	"postage/ingest/kafka"
	"postage/ingest/kafka/apachekafka"
	"postage/schemas/clickhouse/embedded"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestIngestStartsFirst starts `postage ingest` before ClickHouse and Apache Kafka. It waits
// for the one and then for the other, says so, and then works.
func TestIngestStartsFirst(t *testing.T) {
	t.Parallel()
	broker, err := apachekafka.Start(t.Context(), apachekafka.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatalf("this test needs Apache Kafka: %v", err)
	}
	t.Cleanup(broker.Kill)
	if err := broker.Stop(); err != nil { // it keeps its port
		t.Fatal(err)
	}
	store, addr := freeAddr(t), freeAddr(t)
	it := startIngest(t, "--listen", addr, "--kafka", broker.Addr(), "--clickhouse", "clickhouse://"+store+"/postage", "--tariff", "example", "--data", t.TempDir())
	await(t, "http://"+addr+"/readyz", 503, "clickhouse has not been reached yet")
	await(t, "http://"+addr+"/healthz", 200, "ok")
	it.waitFor(2, store, "nobody listens there", "what=ClickHouse")
	it.Process.Signal(syscall.SIGHUP) // the tariff is read again later: nobody dies of it

	engine, err := embedded.Start(t.Context(), embedded.Options{DataDir: t.TempDir(), TCPPort: portOf(store), Progress: os.Stderr, StartTimeout: 2 * time.Minute})
	if err != nil {
		t.Fatalf("this test needs a ClickHouse: %v", err)
	}
	t.Cleanup(func() { engine.Close() })
	it.waitFor(1, "works now", "what=Kafka", broker.Addr())
	await(t, "http://"+addr+"/readyz", 503, "not a member of the consumer group")

	if err := broker.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "http://"+addr+"/readyz", 200, "ok")
	producer := kafka.NewProducer([]string{broker.Addr()}, eventsTopic)
	defer producer.Close()
	if err := producer.Produce(t.Context(), kafka.Produced{Key: []byte("k"), Value: []byte("not JSON")}); err != nil {
		t.Fatal(err)
	}
	await(t, "http://"+addr+"/metrics", 200, "\npostage_records_total 1\n")
	it.Process.Signal(syscall.SIGTERM)
	if err := it.end(); err != nil {
		t.Errorf("asked to stop: %v\n%s", err, it.log.String())
	}
}

// TestIngestStopsWaiting: whoever waits stops when asked to.
func TestIngestStopsWaiting(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	for what, flags := range map[string][]string{
		"ClickHouse": {"--clickhouse", "clickhouse://" + freeAddr(t) + "/postage", "--kafka", p.Kafka},
		"Kafka":      {"--clickhouse", p.Clickhouse, "--kafka", freeAddr(t)},
	} {
		it := startIngest(t, append(flags, "--data", p.Data)...)
		it.waitFor(1, "what="+what)
		asked := time.Now()
		it.Process.Signal(syscall.SIGTERM)
		if err := it.end(); err != nil || time.Since(asked) > 10*time.Second {
			t.Errorf("waiting for %s: ended after %s with %v\n%s", what, time.Since(asked), err, it.log.String())
		}
	}
}

// TestIngestHopeless: what cannot come right by itself is not waited for.
func TestIngestHopeless(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	away := freeAddr(t)
	engine := strings.TrimPrefix(p.Clickhouse, "clickhouse://")
	for _, tt := range []struct{ clickhouse, kafka, more, want string }{
		{"clickhouse://analyst:guess@" + engine, p.Kafka, "", "refuses user analyst"},
		{"clickhouse://nobody@" + engine, p.Kafka, "", "refuses user nobody"},
		{p.Clickhouse + "?secure=true", p.Kafka, "", "does not speak TLS"},
		{"clickhouse://ch/postage", p.Kafka, "", "want host:port"},
		{"ch:9000", p.Kafka, "", "clickhouse DSN"},
		{p.Clickhouse, p.Kafka, "--kafka-tls", "does not speak TLS"},
		{p.Clickhouse, p.Kafka + "," + away, "--kafka-tls", "does not speak TLS"},
		{"clickhouse://" + away + "/postage", "broker", "", `--kafka: address "broker": want host:port`},
		{"clickhouse://" + away + "/postage", p.Kafka, "--kafka-sasl=plain", "add --kafka-user"},
	} {
		args := []string{"--clickhouse", tt.clickhouse, "--kafka", tt.kafka, "--data", p.Data}
		if tt.more != "" {
			args = append(args, tt.more)
		}
		it := startIngest(t, args...)
		if err := it.end(); err == nil || !strings.Contains(it.log.String(), tt.want) || strings.Contains(it.log.String(), "guess") || strings.Contains(it.log.String(), "trying on") {
			t.Errorf("%v: %v, want %q, no password and no second try in\n%s", args, err, tt.want, it.log.String())
		}
	}
}

// startedIngest is a `postage ingest` that runs.
type startedIngest struct {
	*exec.Cmd
	t   *testing.T
	log lockedBuffer // what it says
}

func startIngest(t *testing.T, args ...string) *startedIngest {
	t.Helper()
	it := &startedIngest{Cmd: command(t, append([]string{"ingest"}, args...)...), t: t}
	it.Stderr = &it.log
	if err := it.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { it.Process.Kill() })
	return it
}

// waitFor waits until its log holds each of some words so many times.
func (it *startedIngest) waitFor(times int, words ...string) {
	it.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		said := it.log.String()
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Count(said, w) < times }) {
			return
		}
		if time.Now().After(deadline) {
			it.t.Fatalf("want %q, %d times, in\n%s", words, times, said)
		}
	}
}

// end waits for its end.
func (it *startedIngest) end() error {
	it.t.Helper()
	timer := time.AfterFunc(time.Minute, func() {
		it.t.Errorf("it does not end:\n%s", it.log.String())
		it.Process.Kill()
	})
	defer timer.Stop()
	return it.Wait()
}
