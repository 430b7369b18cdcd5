package embedded

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const childEnv = "POSTAGE_TEST_BROKER_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		beBroker(dir)
	}
	os.Exit(m.Run())
}

// beBroker runs a broker, says where, and stays until killed or until its stdin
// ends, so that it does not outlive the test.
func beBroker(dir string) {
	b, err := Start(Options{DataDir: dir, Topics: testTopics})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(b.Addr())
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

var testTopics = []Topic{{Name: "letters", Partitions: 3}}

func start(t *testing.T, opts Options) *Broker {
	t.Helper()
	b, err := Start(opts)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// produce writes records from..to-1, record i to partition i%3 with value i.
func produce(t *testing.T, addr string, from, to int) {
	t.Helper()
	w := &kafka.Writer{
		Addr: kafka.TCP(addr), Topic: "letters", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, parts ...int) int { return int(m.Key[0]) % len(parts) }),
	}
	defer w.Close()
	var batch []kafka.Message
	for i := from; i < to; i++ {
		batch = append(batch, kafka.Message{Key: []byte{byte(i % 3)}, Value: fmt.Append(nil, i)})
	}
	if err := w.WriteMessages(t.Context(), batch...); err != nil {
		t.Fatalf("producing: %v", err)
	}
}

// consume joins group, reads n records, commits what it read, leaves, and
// returns the committed offset it started from by partition and the values.
func consume(t *testing.T, addr, group string, n int) (starts map[int]int64, values []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cg, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{addr}, Topics: []string{"letters"}, StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cg.Close()
	gen, err := cg.Next(ctx)
	if err != nil {
		t.Fatalf("joining group %s: %v", group, err)
	}
	starts = map[int]int64{}
	next := map[int]int64{}
	found := make(chan kafka.Message)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, p := range gen.Assignments["letters"] {
		starts[p.ID] = p.Offset
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: "letters", Partition: p.ID, MaxWait: 50 * time.Millisecond})
		defer r.Close()
		if err := r.SetOffset(p.Offset); err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				m, err := r.ReadMessage(ctx)
				if err != nil {
					return
				}
				select {
				case found <- m:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	for range n {
		select {
		case m := <-found:
			values = append(values, string(m.Value))
			next[m.Partition] = m.Offset + 1
		case <-ctx.Done():
			t.Fatalf("read %d records, want %d", len(values), n)
		}
	}
	if err := gen.CommitOffsets(map[string]map[int]int64{"letters": next}); err != nil {
		t.Fatalf("committing: %v", err)
	}
	return starts, values
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

func TestRecordsAndOffsetsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir, Topics: testTopics})
	addr := b.Addr()
	produce(t, addr, 0, 300)
	starts, _ := consume(t, addr, "raters", 300)
	wantStarts(t, "new group", starts, kafka.FirstOffset)
	produce(t, addr, 300, 360)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = start(t, Options{DataDir: dir, Topics: append(testTopics, Topic{Name: "refused"})})
	if b.Addr() != addr {
		t.Errorf("address after a restart: got %s, want %s", b.Addr(), addr)
	}
	if got := len(b.Cluster().PartitionInfos("refused")); got != partitionsDefault {
		t.Errorf("partitions of a topic added later: got %d, want %d", got, partitionsDefault)
	}
	starts, values := consume(t, addr, "raters", 60)
	wantStarts(t, "after a restart", starts, 100)
	for _, v := range values {
		if len(v) != 3 || v < "300" {
			t.Errorf("after a restart: got record %s again", v)
		}
	}
	if _, values = consume(t, addr, "auditors", 360); len(values) != 360 {
		t.Errorf("another group: got %d records, want 360", len(values))
	}
}

func TestRecordsAndOffsetsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+dir)
	child.Stderr = os.Stderr
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill(); child.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the broker said nothing: %v", err)
	}
	addr := strings.TrimSpace(line)
	produce(t, addr, 0, 300)
	consume(t, addr, "raters", 300)
	produce(t, addr, 300, 360)

	if _, err := Start(Options{DataDir: dir}); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", child.Process.Pid)) {
		t.Errorf("a second broker: got error %v, want one naming process %d", err, child.Process.Pid)
	}
	child.Process.Kill()
	child.Wait()

	b := start(t, Options{DataDir: dir, Topics: testTopics})
	starts, _ := consume(t, b.Addr(), "raters", 60)
	wantStarts(t, "after kill -9", starts, 100)
}

func TestLargeRecord(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Options{DataDir: dir, Topics: testTopics})
	b.Close()
	b = start(t, Options{DataDir: dir, Topics: testTopics}) // the setting must hold for an old directory too
	w := &kafka.Writer{Addr: kafka.TCP(b.Addr()), Topic: "letters", RequiredAcks: kafka.RequireAll, BatchBytes: RecordBytesMax}
	defer w.Close()
	value := bytes.Repeat([]byte("letter"), 4<<20) // 24 MB
	if err := w.WriteMessages(t.Context(), kafka.Message{Key: []byte{0}, Value: value}); err != nil {
		t.Errorf("a record of %d MB: %v", len(value)>>20, err)
	}
}

func TestUnknownTopic(t *testing.T) {
	for _, auto := range []bool{false, true} {
		b := start(t, Options{AutoCreate: auto, Partitions: 2})
		w := &kafka.Writer{
			Addr: kafka.TCP(b.Addr()), Topic: "parcels", RequiredAcks: kafka.RequireAll,
			AllowAutoTopicCreation: true, MaxAttempts: 3, BatchTimeout: time.Millisecond,
		}
		err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")})
		w.Close()
		if made := err == nil; made != auto {
			t.Errorf("AutoCreate %t: got error %v", auto, err)
		}
	}
}

func TestInjectedFault(t *testing.T) {
	b := start(t, Options{Topics: testTopics})
	h := b.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: "letters", Err: kerr.NotEnoughReplicas, Count: 1,
	})
	w := &kafka.Writer{Addr: kafka.TCP(b.Addr()), Topic: "letters", RequiredAcks: kafka.RequireAll, MaxAttempts: 1, BatchTimeout: time.Millisecond}
	defer w.Close()
	err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")})
	if !errors.Is(err, kafka.NotEnoughReplicas) {
		var many kafka.WriteErrors
		if !errors.As(err, &many) || !errors.Is(many[0], kafka.NotEnoughReplicas) {
			t.Errorf("got error %v, want %v", err, kafka.NotEnoughReplicas)
		}
	}
	if got := h.Hits(); got != 1 {
		t.Errorf("fault hits: got %d, want 1", got)
	}
}
