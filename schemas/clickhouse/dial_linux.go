package clickhouse

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unansweredAtMost bounds for how long what was sent may stay unanswered, and what waits to
// be sent unsent. Without it Linux goes on for about fifteen minutes.
func unansweredAtMost(d time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) (err error) {
		controlErr := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		})
		if controlErr != nil {
			return controlErr
		}
		return err
	}
}
