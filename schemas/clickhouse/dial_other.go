//go:build !linux

package clickhouse

import (
	"syscall"
	"time"
)

// unansweredAtMost: other systems have no such setting. Keep-alive still ends a
// connection on which nothing waits to be sent.
func unansweredAtMost(time.Duration) func(network, address string, c syscall.RawConn) error {
	return nil
}
