package books

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// leaseSeconds is for how long a writer may be silent before another may take
// over. It renews three times as often.
const leaseSeconds = 15

// ErrNotHolder says that somebody else holds the lease of the books by now, or
// that it was never taken. Nothing was written.
var ErrNotHolder = errors.New("the books are held by another process; nothing was written, run it again")

// BusyError says who holds the books.
type BusyError struct {
	Host string
	PID  int
	Left time.Duration // until the lease ends, unless it is renewed
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("the books are held by process %d on %s, for %s more unless renewed; wait for it, or run this again then", e.PID, e.Host, e.Left.Round(time.Second))
}

// Acquire takes the lease of the books, which every writing method needs, and
// keeps it until the function returned is called. While another process holds it,
// Acquire waits for up to patience; then it returns a *BusyError. The lease
// of a process that has died ends at once on its own machine, elsewhere after
// 15 seconds.
func (b *Books) Acquire(ctx context.Context, patience time.Duration) (release func(), err error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		token, err := b.acquire(ctx)
		var busy *BusyError
		if err == nil {
			b.token.Store(token)
			return b.keep(ctx, token), nil
		}
		if !errors.As(err, &busy) {
			return nil, fmt.Errorf("books: lease: %w", err)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-timeout.C:
			return nil, busy
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *Books) acquire(ctx context.Context) (token int64, err error) {
	host, err := os.Hostname()
	if err != nil {
		return 0, err
	}
	err = inTx(ctx, b.db, func(tx *sql.Tx) error {
		var holder BusyError
		var left float64
		err := tx.QueryRowContext(ctx, `SELECT token, host, pid, expires_at - unixepoch('subsec') FROM lease`).Scan(&token, &holder.Host, &holder.PID, &left)
		if err != nil {
			return err
		}
		if holder.Left = time.Duration(left * float64(time.Second)); left > 0 && (holder.Host != host || alive(holder.PID)) {
			return &holder
		}
		token++
		_, err = tx.ExecContext(ctx, `UPDATE lease SET token = ?, host = ?, pid = ?, expires_at = unixepoch('subsec') + ?`, token, host, os.Getpid(), leaseSeconds)
		return err
	})
	return token, err
}

// alive says whether a process of this machine exists. A wrong yes makes others
// wait for the end of the lease; a wrong no fences the holder off.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}

// keep renews the lease until the function returned is called, which gives it back.
// A renewal that fails is not reported here: the next write is refused.
func (b *Books) keep(ctx context.Context, token int64) (release func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	extend := func(ctx context.Context, seconds int) {
		_, _ = b.db.ExecContext(ctx, `UPDATE lease SET expires_at = CASE WHEN ?1 = 0 THEN 0 ELSE unixepoch('subsec') + ?1 END WHERE token = ?2`, seconds, token)
	}
	go func() {
		defer close(ended)
		tick := time.NewTicker(leaseSeconds * time.Second / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				extend(ctx, leaseSeconds)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		b.token.CompareAndSwap(token, 0)
		extend(context.WithoutCancel(ctx), 0)
	}
}

// write does something in one transaction, as the holder of the lease.
func (b *Books) write(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, b.db, func(tx *sql.Tx) error {
		var token int64
		if err := tx.QueryRowContext(ctx, `SELECT token FROM lease`).Scan(&token); err != nil {
			return err
		}
		if mine := b.token.Load(); mine == 0 || mine != token {
			return ErrNotHolder
		}
		return do(tx)
	})
}
