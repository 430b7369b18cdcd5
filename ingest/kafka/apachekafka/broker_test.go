//go:build linux || darwin

package apachekafka

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

const parentEnv = "POSTAGE_TEST_PARENT_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentEnv); dir != "" {
		b, err := Start(context.Background(), Options{DataDir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(b.PID())
		select {}
	}
	os.Exit(m.Run())
}

func produce(t *testing.T, addr string, n int) {
	t.Helper()
	// A broker that has just started may name no leader; the default transport believes that for seconds.
	transport := &kafka.Transport{MetadataTTL: 200 * time.Millisecond}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(addr), Topic: "letters", RequiredAcks: kafka.RequireAll, Transport: transport, MaxAttempts: 60,
		Balancer: &kafka.RoundRobin{}, BatchTimeout: time.Millisecond, Compression: kafka.Lz4,
	}
	defer w.Close()
	batch := make([]kafka.Message, n)
	for i := range batch {
		batch[i].Value = fmt.Append(nil, i)
	}
	if err := w.WriteMessages(t.Context(), batch...); err != nil {
		t.Fatalf("producing: %v", err)
	}
}

// consume joins the group, reads n records and commits them, and returns where
// its partitions started.
func consume(t *testing.T, addr string, n int) map[int]int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cg, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: "raters", Brokers: []string{addr}, Topics: []string{"letters"}, StartOffset: kafka.FirstOffset,
		JoinGroupBackoff: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cg.Close()
	// A new cluster makes its offsets topic when the first group asks for it, and
	// a restarted one reads it back; until then each attempt to join ends in an
	// error. The embedded broker never does so.
	gen, err := cg.Next(ctx)
	for err != nil && ctx.Err() == nil {
		t.Logf("joining: %v", err)
		gen, err = cg.Next(ctx)
	}
	if err != nil {
		t.Fatalf("joining: %v", err)
	}
	starts, next := map[int]int64{}, map[int]int64{}
	for _, p := range gen.Assignments["letters"] {
		starts[p.ID] = p.Offset
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: "letters", Partition: p.ID, MaxWait: 50 * time.Millisecond})
		defer r.Close()
		if err := r.SetOffset(p.Offset); err != nil {
			t.Fatal(err)
		}
		for range n / len(gen.Assignments["letters"]) {
			m, err := r.ReadMessage(ctx)
			if err != nil {
				t.Fatalf("partition %d: %v", p.ID, err)
			}
			next[p.ID] = m.Offset + 1
		}
	}
	if err := gen.CommitOffsets(map[string]map[int]int64{"letters": next}); err != nil {
		t.Fatalf("committing: %v", err)
	}
	return starts
}

func wantStarts(t *testing.T, when string, got map[int]int64, want int64) {
	t.Helper()
	if len(got) != 3 {
		t.Errorf("%s: got partitions %v, want 3", when, got)
	}
	for p, offset := range got {
		if offset != want {
			t.Errorf("%s: partition %d starts at %d, want %d", when, p, offset, want)
		}
	}
}

func TestRecordsAndOffsetsSurviveRestartAndKill(t *testing.T) {
	begun := time.Now()
	lap := func(what string) {
		t.Logf("%s: %s", what, time.Since(begun).Round(10*time.Millisecond))
		begun = time.Now()
	}
	b, err := Start(t.Context(), Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	lap("start")
	addr := b.Addr()
	if err := b.CreateTopic(t.Context(), "letters", 3, map[string]string{"retention.ms": "-1"}); err != nil {
		t.Fatal(err)
	}
	lap("create topic")
	produce(t, addr, 300)
	lap("produce")
	wantStarts(t, "new group", consume(t, addr, 300), kafka.FirstOffset)
	lap("consume in a new group")
	produce(t, addr, 30)

	if err := b.Restart(t.Context()); err != nil {
		t.Fatalf("Restart: %v", err)
	}
	lap("restart")
	if b.Addr() != addr {
		t.Errorf("address after a restart: got %s, want %s", b.Addr(), addr)
	}
	wantStarts(t, "after a restart", consume(t, addr, 30), 100)
	produce(t, addr, 30)

	begun = time.Now()
	b.Kill()
	if got := b.PID(); got != 0 {
		t.Errorf("PID after Kill: got %d, want 0", got)
	}
	if err := b.Restart(t.Context()); err != nil {
		t.Fatalf("Restart after Kill: %v", err)
	}
	lap("kill and restart")
	wantStarts(t, "after kill -9", consume(t, addr, 30), 110)
	begun = time.Now()
	if err := b.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	lap("stop")
}

func TestUnknownTopicIsRefused(t *testing.T) {
	b, err := Start(t.Context(), Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	w := &kafka.Writer{Addr: kafka.TCP(b.Addr()), Topic: "parcels", AllowAutoTopicCreation: true, MaxAttempts: 2, BatchTimeout: time.Millisecond}
	defer w.Close()
	if err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")}); err == nil {
		t.Error("a record for an unknown topic was taken")
	}
}

func TestBrokerDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+t.TempDir())
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { parent.Process.Kill(); parent.Wait() })
	var pid int
	if _, err := fmt.Fscan(bufio.NewReader(out), &pid); err != nil {
		t.Fatalf("the parent named no process: %v", err)
	}
	t.Cleanup(func() {
		if alive(pid) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if !alive(pid) {
		t.Fatalf("broker %d is not there", pid)
	}
	parent.Process.Kill()
	parent.Wait()
	for deadline := time.Now().Add(5 * time.Second); alive(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("broker %d outlived its parent by 5 s", pid)
		}
	}
}

// alive does not count a dead process nobody has waited for.
func alive(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, state, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(state, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}

func TestMissingPrograms(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := (&Broker{}).java("x"); err == nil || !strings.Contains(err.Error(), "java is not on PATH") {
		t.Errorf("without java: got error %v, want one that says so", err)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	if _, err := fetchJars(t.Context()); err == nil || !strings.Contains(err.Error(), "mvn is not on PATH") {
		t.Errorf("without mvn: got error %v, want one that says so", err)
	}
}
