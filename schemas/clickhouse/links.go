package clickhouse

import (
	"context"
	"errors"
	"sync"
)

// links keeps connections of the block interface that nobody needs at the moment.
type links struct {
	mu     sync.Mutex
	idle   []*link
	closed bool
}

// idleLinks is how many are kept.
const idleLinks = 16

// take returns an idle connection or a new one.
func (p *links) take(ctx context.Context, s *Store) (*link, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	for l := p.pop(); l != nil; l = p.pop() {
		if l.answers(ctx) { // the server may have closed it meanwhile
			return l, nil
		}
		_ = l.Close() // it is of no use
	}
	if p.isClosed() {
		return nil, errClosed
	}
	return s.dial(ctx)
}

// answers says whether the server answers on the connection before ctx ends.
func (l *link) answers(ctx context.Context) bool {
	inTime := context.AfterFunc(ctx, func() { _ = l.Close() }) // a Ping that reads looks at no context
	err := l.Ping(ctx)
	return inTime() && err == nil
}

var errClosed = errors.New("clickhouse: the store is closed")

func (p *links) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// pop takes out the connection that was used last, nil when there is none.
func (p *links) pop() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	l := p.idle[last]
	p.idle = p.idle[:last]
	return l
}

// give takes a connection back after what was done with it has ended, with err or well. One
// on which something went wrong is closed.
func (p *links) give(l *link, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || p.closed || l.IsClosed() || len(p.idle) >= idleLinks {
		_ = l.Close() // the first error is the one that explains
		return
	}
	p.idle = append(p.idle, l)
}

// close closes what is idle, and what is under way as soon as it is given back.
func (p *links) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.idle {
		_ = l.Close() // nothing is under way on it
	}
	p.idle, p.closed = nil, true
}
