package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// endless is an answer no client here reads to its end.
const endless = "SELECT number, toString(number) FROM numbers(1000000000)"

// TestBadClientsDoNotEndTheEngine: without a terminal two or three of these are
// enough for the engine to abort.
func TestBadClientsDoNotEndTheEngine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the engine has a terminal on Linux only")
	}
	s := start(t, Options{DataDir: t.TempDir()})
	makeTable(t, s.HTTPAddr)

	for i := range 50 {
		for _, bad := range []clickhouse.Auth{
			{Database: "nowhere", Username: "default"},
			{Database: "default", Username: "default", Password: "wrong"},
			{Database: "default", Username: "nobody"},
		} {
			if err := nativePing(t.Context(), s.Addr, bad); err == nil {
				t.Fatalf("native, round %d: %+v was let in", i, bad)
			}
			path := fmt.Sprintf("/?database=%s&user=%s&password=%s", bad.Database, bad.Username, bad.Password)
			if _, err := askPath(t.Context(), s.HTTPAddr, path, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "Code: ") {
				t.Fatalf("HTTP, round %d: %s: got %v, want a refusal", i, path, err)
			}
		}
	}
	stillWhole(t, s)

	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := dropHTTP(s.HTTPAddr, i%2 == 0); err != nil {
				t.Errorf("dropping HTTP: %v", err)
			}
		})
		wg.Go(func() {
			if err := dropNative(t.Context(), s.Addr); err != nil {
				t.Errorf("dropping native: %v", err)
			}
		})
	}
	// Not even a protocol: a connection closed in mid-word, on both ports.
	for _, addr := range []string{s.Addr, s.HTTPAddr} {
		conn, err := net.Dial("tcp4", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("\x00\x05Post"))
		conn.Close()
	}
	wg.Wait()
	stillWhole(t, s)
}

// stillWhole waits for the queries of the clients that left, so that whatever
// their end does to the engine is done, and then looks at engine and data.
func stillWhole(t *testing.T, s *Server) {
	t.Helper()
	const running = "SELECT count() FROM system.processes WHERE query NOT LIKE '%system.processes%'"
	for deadline := time.Now().Add(10 * time.Second); sql(t, s.HTTPAddr, running) != "0"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("queries of clients that left are still running after 10 s")
		}
	}
	time.Sleep(300 * time.Millisecond)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if got := sql(t, s.HTTPAddr, sumQuery); got != sumWant {
		t.Errorf("the table: got %q, want %q", got, sumWant)
	}
	if err := nativePing(t.Context(), s.Addr, clickhouse.Auth{Database: "letters", Username: "default"}); err != nil {
		t.Errorf("native: %v", err)
	}
}

func nativePing(ctx context.Context, addr string, auth clickhouse.Auth) error {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}, Auth: auth})
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Ping(ctx)
}

// dropNative cancels a query in the middle of its answer.
func dropNative(ctx context.Context, addr string) error {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}, Auth: clickhouse.Auth{Username: "default"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := conn.Query(ctx, endless)
	if err != nil {
		return err
	}
	for range 1000 {
		if !rows.Next() {
			return fmt.Errorf("the answer ended early: %w", rows.Err())
		}
	}
	cancel()
	_ = rows.Close() // tells of the cancelling
	return nil
}

// dropHTTP hangs up in the middle of an answer, politely or with a reset.
func dropHTTP(addr string, reset bool) error {
	conn, err := net.Dial("tcp4", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/", strings.NewReader(endless))
	if err != nil {
		return err
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, conn, 200_000); err != nil {
		return err
	}
	if reset {
		return conn.(*net.TCPConn).SetLinger(0)
	}
	return nil
}

// TestTerminalStaysOutOfSight: being interactive must neither give the engine a
// controlling terminal nor show in the log or in the user's home.
func TestTerminalStaysOutOfSight(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the engine has a terminal on Linux only")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache) // the library stays where it is
	t.Setenv("HOME", home)
	t.Setenv("CLICKHOUSE_HISTORY_FILE", home+"/history")
	s := start(t, Options{DataDir: t.TempDir()})

	stdin, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", s.PID()))
	if err != nil || !strings.HasPrefix(stdin, "/dev/pts/") {
		t.Errorf("stdin: got %q, %v; want a pseudo-terminal", stdin, err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	// After the name in parentheses: state, parent, group, session, terminal.
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if got, want := f[3], fmt.Sprint(s.PID()); got != want {
		t.Errorf("session: got %s, want its own, %s", got, want)
	}
	if got, want := f[4], "0"; got != want {
		t.Errorf("controlling terminal: got %s, want none", got)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if said := s.child.tail.String(); strings.TrimSpace(said) != "" {
		t.Errorf("an engine in good health said %q", said)
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) != 0 {
		t.Errorf("in the home directory: got %v, %v; want nothing", left, err)
	}
}

// TestFailedStartIsQuick: an interactive engine outlives a query that fails, and
// whoever has the port accepts connections without ever answering.
func TestFailedStartIsQuick(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tcp, _, err := choosePorts(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), TCPPort: tcp, HTTPPort: l.Addr().(*net.TCPAddr).Port})
	if err == nil {
		s.Kill()
		t.Fatal("an engine started on a port that is taken")
	}
	if !errors.Is(err, errPortTaken) {
		t.Errorf("got error %q, want one that says the port is taken", err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("failing took %s, want no waiting for the time of starting to run out", took)
	}
}
