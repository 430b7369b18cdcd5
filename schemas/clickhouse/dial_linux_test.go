package clickhouse

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestUnanswered: a connection on which nothing moves any more ends when it has been so for as
// long as it may. Here the other side reads nothing, so that what we send has to wait.
func TestUnanswered(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := dialer(time.Second, 2*time.Second).DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = conn.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("got %v, want that the kernel gives the connection up", err)
	}
}
