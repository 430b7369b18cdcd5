package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const parentEnv = "POSTAGE_TEST_PARENT_OF"

func TestMain(m *testing.M) {
	MaybeRunChild()
	if dir := os.Getenv(parentEnv); dir != "" {
		beParent(dir)
	}
	if os.Getenv(awakeEnv) != "" {
		beAwake()
	}
	os.Exit(m.Run())
}

// beParent starts an engine, says where, and waits to be killed.
func beParent(dir string) {
	s, err := Start(context.Background(), Options{DataDir: dir, Progress: os.Stderr})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(s.HTTPAddr, s.PID())
	select {}
}

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	opts.Progress = os.Stderr
	begun := time.Now()
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Logf("started in %s, process %d", time.Since(begun).Round(time.Millisecond), s.PID())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func sql(t *testing.T, addr, query string) string {
	t.Helper()
	got, err := ask(t.Context(), addr, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.TrimSpace(got)
}

func makeTable(t *testing.T, addr string) {
	t.Helper()
	sql(t, addr, "CREATE DATABASE letters")
	sql(t, addr, "CREATE TABLE letters.sent (id UInt64, month Date) ENGINE = MergeTree PARTITION BY month ORDER BY id")
	sql(t, addr, "INSERT INTO letters.sent SELECT number, '2026-10-01' FROM numbers(1000)")
}

const (
	sumQuery = "SELECT count(), sum(id) FROM letters.sent"
	sumWant  = "1000\t499500"
)

func TestOrderlyStop(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	if got, want := s.DSN(), "clickhouse://"+s.Addr+"/default"; got != want {
		t.Errorf("DSN: got %s, want %s", got, want)
	}
	if got, want := sql(t, s.HTTPAddr, "SELECT timezone()"), "UTC"; got != want {
		t.Errorf("timezone: got %s, want %s", got, want)
	}
	makeTable(t, s.HTTPAddr)
	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if got, most := time.Since(begun), 4*time.Second; got > most {
		t.Errorf("closing without clients took %s, want less than %s", got, most)
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err after Close: got %v, want nil", err)
	}
	s = start(t, Options{DataDir: dir})
	if got := sql(t, s.HTTPAddr, sumQuery); got != sumWant {
		t.Errorf("after a restart: got %q, want %q", got, sumWant)
	}
}

func TestDataSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	makeTable(t, s.HTTPAddr)
	s.Kill()
	if alive(s.PID()) {
		t.Fatalf("process %d is alive after Kill", s.PID())
	}
	s = start(t, Options{DataDir: dir})
	if got := sql(t, s.HTTPAddr, sumQuery); got != sumWant {
		t.Errorf("after kill -9: got %q, want %q", got, sumWant)
	}
}

func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	start(t, Options{DataDir: dir})
	begun := time.Now()
	second, err := Start(t.Context(), Options{DataDir: dir})
	if err == nil {
		second.Kill()
		t.Fatal("a second engine started on the same directory")
	}
	want := fmt.Sprintf("data directory %s is in use by process %d", dir, os.Getpid())
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got error %q, want one containing %q", err, want)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("refusing took %s, want no waiting for an owner that lives", took)
	}
}

func TestEngineDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { parent.Process.Kill(); parent.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the parent said nothing: %v", err)
	}
	var addr string
	var engine int
	if _, err := fmt.Sscan(line, &addr, &engine); err != nil {
		t.Fatalf("the parent said %q", line)
	}
	makeTable(t, addr)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	// At once: the engine may still be there and must be waited for.
	s := start(t, Options{DataDir: dir})
	if alive(engine) {
		t.Errorf("engine %d outlived its parent", engine)
	}
	if got := sql(t, s.HTTPAddr, sumQuery); got != sumWant {
		t.Errorf("after kill -9 of the parent: got %q, want %q", got, sumWant)
	}
}

func TestUnexpectedDeathIsReported(t *testing.T) {
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err while running: got %v, want nil", err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("Done is not closed 10 s after the engine was killed")
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "ended by itself: signal: killed") {
		t.Errorf("Err: got %v, want one that says the engine was killed", err)
	}
	if err := s.Close(); err == nil {
		t.Error("Close of a dead engine: got nil, want its end as an error")
	}
}

func TestFixedPortTaken(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	free, _, err := choosePorts(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), TCPPort: port, HTTPPort: free, Progress: os.Stderr})
	if err == nil {
		s.Kill()
		t.Fatal("an engine started on a port that is taken")
	}
	if !errors.Is(err, errPortTaken) || !strings.Contains(err.Error(), "Address already in use") {
		t.Errorf("got error %q, want one that says the address is in use", err)
	}
}

func TestAnalystOnlyReadsTables(t *testing.T) {
	s := start(t, Options{DataDir: t.TempDir()})
	makeTable(t, s.HTTPAddr)
	analyst := func(query string) (string, error) {
		return askPath(t.Context(), s.HTTPAddr, "/?user=analyst", query)
	}
	got, err := analyst(sumQuery)
	if err != nil || strings.TrimSpace(got) != sumWant {
		t.Errorf("reading: got %q, %v; want %q", got, err, sumWant)
	}
	for _, query := range []string{
		"INSERT INTO letters.sent VALUES (1, '2026-10-01')",
		"ALTER TABLE letters.sent DELETE WHERE 1",
		"DROP TABLE letters.sent",
		"SELECT * FROM file('/etc/hostname', LineAsString)",
		"SELECT * FROM url('http://" + s.HTTPAddr + "/ping', LineAsString)",
	} {
		if got, err := analyst(query); err == nil || !strings.Contains(err.Error(), "ACCESS_DENIED") &&
			!strings.Contains(err.Error(), "READONLY") {
			t.Errorf("%s: got %q, %v; want a refusal", query, got, err)
		}
	}
}

func TestMemoryLimitAndExtraConfig(t *testing.T) {
	s := start(t, Options{
		DataDir:        t.TempDir(),
		MemoryBytesMax: 1 << 30,
		ExtraConfig: `<remote_servers><pair><shard><replica><host>127.0.0.1</host><port>1</port></replica></shard>
			<shard><replica><host>127.0.0.1</host><port>2</port></replica></shard></pair></remote_servers>`,
	})
	got := sql(t, s.HTTPAddr, "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'")
	if want := "1073741824"; got != want {
		t.Errorf("max_server_memory_usage: got %s, want %s", got, want)
	}
	got = sql(t, s.HTTPAddr, "SELECT groupArray(port) FROM (SELECT port FROM system.clusters WHERE cluster = 'pair' ORDER BY port)")
	if want := "[1,2]"; got != want {
		t.Errorf("ports of the cluster: got %s, want %s", got, want)
	}
}
