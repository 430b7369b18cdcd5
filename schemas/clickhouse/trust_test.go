package clickhouse

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/schemas/clickhouse/embedded"
	"strings"
	"testing"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// withTLS is an address that speaks TLS, as 127.0.0.1, with the shared engine behind it,
// and the file of its authority. clickhouse-local cannot listen with TLS itself (SYSTEM
// START LISTEN knows only TCP and HTTP there).
func withTLS(t *testing.T) (addr, ca string) {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				if client.(*tls.Conn).HandshakeContext(t.Context()) != nil {
					return // the engine is not troubled with it
				}
				upstream, err := net.Dial("tcp4", engine.Addr)
				if err != nil {
					return
				}
				defer upstream.Close()
				go func() {
					_, _ = io.Copy(upstream, client) // however the client went
					_ = upstream.(*net.TCPConn).CloseWrite()
				}()
				_, _ = io.Copy(client, upstream)
			}()
		}
	}()
	return l.Addr().String(), ca
}

func TestTLS(t *testing.T) {
	addr, ca := withTLS(t)
	for _, dsn := range []string{"clickhouse://" + addr + "/postage", "clickhouse://" + addr + "/postage?secure=true"} {
		s, err := Open(t.Context(), dsn, Options{CAFile: ca})
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
		s.Close()
	}
	plain := engine.Addr
	for _, tt := range []struct {
		dsn, ca, want string
	}{
		{addr + "/postage?secure=true", "", "name its file with --clickhouse-ca"},
		{strings.Replace(addr, "127.0.0.1", "localhost", 1) + "/postage", ca, "use a name that it lists"},
		{addr + "/postage", "", "?secure=true"},
		{plain + "/postage?secure=true", "", "does not speak TLS on this port"},
		{"127.0.0.1:1/postage", "", "nobody listens there"},
		{"analyst:guess@" + plain + "/postage", "", "refuses user analyst"},
		{addr + "/postage", "/nowhere.pem", "/nowhere.pem"},
		{addr + "/postage", os.DevNull, "holds no certificate"},
	} {
		_, err := Open(t.Context(), "clickhouse://"+tt.dsn, Options{CAFile: tt.ca})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, authority %q: got %v, want %q in the error", tt.dsn, tt.ca, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "guess") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}

// TestPassword: an engine with a password lets in nobody without it, neither user.
func TestPassword(t *testing.T) {
	const password = "correct <horse> & battery"
	dir := t.TempDir()
	server, err := embedded.Start(t.Context(), embedded.Options{DataDir: dir, Progress: os.Stderr, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := Open(t.Context(), server.DSN(), Options{Password: password, Database: DefaultDatabase})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendBatch(t, s, ingest.Batch{Events: traffic(1, 10, 0)})

	for _, user := range []string{server.User(), "analyst", "default"} {
		for _, given := range []string{password, "", "wrong"} {
			got, err := readAs(t, server.Addr, user, given)
			if may := given == password && user != "default"; may != (err == nil) || may && got != 10 {
				t.Errorf("%s with password %q: read %d rows, %v; want all or nothing, and all: %t", user, given, got, err, may)
			}
		}
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), "battery") {
			t.Errorf("the password is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// readAs counts the events as a user.
func readAs(t *testing.T, addr, user, password string) (n uint64, err error) {
	t.Helper()
	conn, err := ch.Open(&ch.Options{Addr: []string{addr}, Auth: ch.Auth{Username: user, Password: password}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.QueryRow(t.Context(), "SELECT count() FROM postage.events").Scan(&n)
	return n, err
}
