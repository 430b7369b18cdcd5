// Package contact is about the first contact with a server: is its address one, and what
// does its port speak? The clients of Kafka and ClickHouse use it to say what is wrong.
package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// LookTimeout bounds a look at what a port speaks.
const LookTimeout = 3 * time.Second

// CheckAddr wants host:port with a number for the port.
func CheckAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	number, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || host == "" || number == 0 {
		return fmt.Errorf("address %q: want host:port", addr)
	}
	return nil
}

// IsAlert says whether the other side refused a TLS connection.
func IsAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// SpeaksTLS says whether somebody answers a TLS handshake at host:port. Nothing is sent
// over the connection, so whoever it is need not be known.
func SpeaksTLS(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, LookTimeout)
	defer cancel()
	host, _, _ := net.SplitHostPort(addr)
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: host}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return IsAlert(err)
	}
	_ = conn.Close() // it was only for looking
	return true
}
