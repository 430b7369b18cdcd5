package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"

	chgo "github.com/ClickHouse/ch-go"
)

// blockInsert is one INSERT that takes blocks for as long as it is open. It works on a goroutine of
// its own: while one block travels, the next can be made. It serves one caller at a time.
type blockInsert[R any] struct {
	blocks chan []*R
	taken  chan error    // for each block, once nothing of it is needed any more
	done   chan struct{} // closed at the end
	err    error         // valid once done
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
	l, err := s.links.take(ctx, s)
	if err != nil {
		return nil, err
	}
	i := &blockInsert[R]{blocks: make(chan []*R), taken: make(chan error), done: make(chan struct{})}
	in := input(columns)
	fill := func(rows []*R) error {
		for _, c := range columns {
			if err := c.fill(rows); err != nil {
				return err
			}
		}
		return nil
	}
	go func() {
		defer close(i.done)
		i.err = l.Do(context.WithoutCancel(ctx), chgo.Query{
			Body: in.Into(table), Input: in, Settings: insertSettings,
			OnInput: func(ctx context.Context) error {
				select {
				case <-ctx.Done(): // the server has refused
					return ctx.Err()
				case rows, more := <-i.blocks:
					if !more {
						return errors.Join(fill(nil), io.EOF)
					}
					err := fill(rows)
					i.taken <- err
					return err
				}
			},
		})
		s.links.give(l, i.err)
		if i.err != nil {
			i.err = classed(fmt.Errorf("insert into %s: %w", table, i.err))
		}
	}()
	return i, nil
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

// end waits until all rows are durable.
func (i *blockInsert[R]) end() error {
	close(i.blocks)
	<-i.done
	return i.err
}
