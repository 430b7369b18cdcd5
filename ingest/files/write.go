package files

import (
	"context"
	"encoding/binary"
	"io"
	"postage/rating"
	"sync"
)

// write settles what is pending and writes the line of every message, in order.
func (r *run) write(ctx context.Context, out io.Writer, result *Result) error {
	type state struct {
		*codec
		line func([]byte, *rating.Message) []byte
	}
	type done struct {
		lines    []byte
		batch    []byte
		outcomes [rating.Unrated + 1]int64
	}
	workers := make([]state, r.workers())
	for i := range workers {
		workers[i] = state{r.newCodec(), r.Line()}
	}
	spare := sync.Pool{New: func() any { return []byte(nil) }}

	produce := func(submit func([]byte) bool) error {
		in, err := r.all.merge(r.newCodec().compareNames)
		if err != nil {
			return err
		}
		for {
			batch, err := in.batch(spare.Get().([]byte)[:0], batchBytes)
			if err != nil || len(batch) == 0 || !submit(batch) {
				return err
			}
		}
	}
	work := func(worker int, batch []byte) (done, error) {
		w := &workers[worker]
		d := done{lines: spare.Get().([]byte)[:0], batch: batch}
		text := view(batch)
		var m rating.Message
		for at := 0; at < len(text); {
			size := int(binary.LittleEndian.Uint32(batch[at:]))
			w.bySent(text[at:at+size], &m)
			m.Settle(result.AsOf)
			d.outcomes[m.Outcome]++
			d.lines = w.line(d.lines, &m)
			at += size
		}
		return d, nil
	}
	consume := func(d done) error {
		for o, n := range d.outcomes {
			result.Outcomes[o] += n
			result.Messages += n
		}
		_, err := out.Write(d.lines)
		spare.Put(d.lines) //nolint:staticcheck // a slice header per batch costs nothing
		spare.Put(d.batch) //nolint:staticcheck // likewise
		return err
	}
	return inOrder(ctx, len(workers), produce, work, consume)
}
