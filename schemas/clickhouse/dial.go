package clickhouse

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

const (
	// deadAfter is for how long the machine of the server may leave unanswered what we sent, or
	// the question whether it is still there, before the connection counts as broken. It says
	// nothing of how long a query may take: the kernel answers for a server that computes.
	deadAfter = 2 * time.Minute

	// readTimeout is of the driver, which takes it for a bound on the whole of an answer, from the
	// first row to the last: an export may take its time. read_timeout in a DSN replaces it.
	readTimeout = 24 * time.Hour

	// appendTimeout bounds one attempt to make a batch durable: a server that listens and does
	// nothing is left, and asked again. Beside each INSERT of its own the driver has a goroutine that closes the
	// connection when the context ends. On a busy machine it may begin to look only when the INSERT is over,
	// and closes a connection that somebody else has by then if the context has ended, too: so
	// the context goes on for a while.
	appendTimeout = 5 * time.Minute
)

// dialer makes connections that end when the other side has gone without a word, as by a
// power cut or a firewall that forgot about us.
func dialer(timeout, dead time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout: timeout, Control: unansweredAtMost(dead),
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: dead / 4, Interval: dead / 8, Count: 6},
	}
}

// dialWith has the driver use the dialer.
func dialWith(opts *ch.Options) {
	d, config := dialer(opts.DialTimeout, deadAfter), opts.TLS
	opts.DialContext = func(ctx context.Context, addr string) (net.Conn, error) {
		if config != nil {
			return (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, "tcp", addr)
		}
		return d.DialContext(ctx, "tcp", addr)
	}
}
