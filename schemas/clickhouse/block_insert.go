package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"postage/ingest"
	"slices"
	"sync"

	chgo "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// blockRows is how many rows putAll and insert put into one native block. Small blocks stay in the processor's
// cache, keep buffers small, and let the server begin while we go on. The server
// joins the blocks of one INSERT again, up to about a million rows or 256 MB
// (min_insert_block_size_rows, _bytes), before it writes a part.
const blockRows = 10_000

// blockInsert is one INSERT that takes blocks for as long as it is open. It works on a goroutine of
// its own: while one block travels, the next can be made. It serves one caller at a time.
type blockInsert[R any] struct {
	blocks chan []*R
	taken  chan error    // for each block, once nothing of it is needed any more
	begun  chan struct{} // closed when the server has answered the statement
	done   chan struct{} // closed at the end
	err    error         // valid once done
	rows   []*R          // scratch of putAll
}

// insertSettings keep what the server gathers before it writes a part to about 128 MB, and
// its patience long: between two blocks a large group of accounts may be rated.
var insertSettings = []chgo.Setting{
	{Key: "min_insert_block_size_rows", Value: "500000"},
	{Key: "min_insert_block_size_bytes", Value: "134217728"},
	{Key: "receive_timeout", Value: "86400"},
}

// beginBlocks opens an INSERT. Call end. An INSERT is not cut short when ctx ends, for the
// sake of the embedded engine (see readSlice), but ends with the blocks that were put into it.
func beginBlocks[R any](ctx context.Context, s *Store, table string, columns []blockColumn[R]) (*blockInsert[R], error) {
	return beginQuery(ctx, context.WithoutCancel(ctx), s, table, columns, chgo.Query{Settings: insertSettings})
}

// beginQuery opens an INSERT with the name and the settings of query: until opening ends on a
// connection, and until working ends, which breaks it off, for the rest.
func beginQuery[R any](opening, working context.Context, s *Store, table string, columns []blockColumn[R], query chgo.Query) (*blockInsert[R], error) {
	l, err := s.links.take(opening, s)
	if err != nil {
		return nil, classed(err)
	}
	i := &blockInsert[R]{blocks: make(chan []*R), taken: make(chan error), begun: make(chan struct{}), done: make(chan struct{})}
	fill := func(rows []*R) error {
		for _, c := range columns {
			if err := c.fill(rows); err != nil {
				return ingest.Hopeless(err)
			}
		}
		return nil
	}
	if err := fill(nil); err != nil { // an insert that was broken off may have left rows: they would be sent again
		return nil, errors.Join(err, l.Close())
	}
	work, breakOff := context.WithCancel(working)
	var unfit error // what a column could not take
	query.Input = input(columns)
	query.Body = query.Input.Into(table)
	// Without a Result of ours the client would go on to the rows also when there is no answer any more.
	answer := proto.ColInfoInput{}
	answered := sync.OnceFunc(func() { close(i.begun) })
	query.Result = &answer
	query.OnResult = func(context.Context, proto.Block) error {
		if err := infer(query.Input, answer); err != nil {
			return ingest.Hopeless(err)
		}
		answered()
		return nil
	}
	query.OnInput = func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-i.begun:
		}
		select {
		case <-ctx.Done(): // the server has refused, or working has ended
			return ctx.Err()
		case rows, more := <-i.blocks:
			if !more {
				return errors.Join(fill(nil), io.EOF)
			}
			if unfit = fill(rows); unfit != nil {
				breakOff() // the server would wait for more
			}
			i.taken <- unfit
			return unfit
		}
	}
	go func() {
		defer close(i.done)
		defer breakOff()
		inTime := context.AfterFunc(work, func() { _ = l.Close() }) // a Do that reads looks at no context
		err := l.Do(work, query)
		if !inTime() && err == nil {
			s.links.give(l, work.Err())
		} else {
			s.links.give(l, err)
		}
		if cause := context.Cause(working); err != nil && cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		if err = cmp.Or(unfit, err); err != nil {
			i.err = classed(fmt.Errorf("insert into %s: %w", table, err))
		}
	}()
	return i, nil
}

// infer tells columns of the types that the table has.
func infer(input proto.Input, table proto.ColInfoInput) error {
	for _, t := range table {
		for _, c := range input {
			data, ok := c.Data.(proto.Inferable)
			if !ok || c.Name != t.Name {
				continue
			}
			if err := data.Infer(t.Type); err != nil {
				return fmt.Errorf("column %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// wait returns when the server has answered the statement: from then on the query is in
// system.processes. What wait returns end returns, too.
func (i *blockInsert[R]) wait() error {
	select {
	case <-i.begun:
		return nil
	case <-i.done:
		return i.err
	}
}

// put adds a block of at most blockMax rows. They may be changed after it returns.
func (i *blockInsert[R]) put(rows []*R) error {
	if len(rows) == 0 {
		return nil
	}
	select {
	case <-i.done:
		return i.err
	case i.blocks <- rows:
		return <-i.taken
	}
}

// putAll adds rows, in blocks.
func (i *blockInsert[R]) putAll(rows []R) error {
	for block := range slices.Chunk(rows, blockRows) {
		i.rows = i.rows[:0]
		for n := range block {
			i.rows = append(i.rows, &block[n])
		}
		if err := i.put(i.rows); err != nil {
			return err
		}
	}
	return nil
}

// send adds rows and waits until all are durable.
func (i *blockInsert[R]) send(rows []R) error {
	err := i.putAll(rows)
	if ended := i.end(); ended != nil { // it says more
		return ended
	}
	return err
}

// end waits until all rows are durable.
func (i *blockInsert[R]) end() error {
	close(i.blocks)
	<-i.done
	return i.err
}

// columnPool keeps columns from one insert to the next, since their memory is large and they serve
// one at a time.
type columnPool[R any] struct{ pool sync.Pool }

func newColumnPool[R any](columns func() []blockColumn[R]) *columnPool[R] {
	return &columnPool[R]{sync.Pool{New: func() any { c := columns(); return &c }}}
}

// lend returns columns that nobody uses. Call back when they are not needed any more.
func (p *columnPool[R]) lend() (columns []blockColumn[R], back func()) {
	c := p.pool.Get().(*[]blockColumn[R])
	return *c, func() { p.pool.Put(c) }
}
