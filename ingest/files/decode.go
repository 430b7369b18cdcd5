package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"postage/schemas/events"
	"sync"
)

// Counts say what was read.
type Counts struct {
	Events  int64 // copies included
	Refused int64 // items of records
}

// Decode reads and decodes inputs and drops the events: what a rating cannot be
// faster than. Refusals go to report, as Rate reports them.
func Decode(ctx context.Context, c Config, inputs []Input, report io.Writer) (Counts, error) {
	return c.decode(ctx, inputs, report, func(int, []events.Item) error { return nil })
}

// decode reads inputs on one goroutine and decodes them on several. sink gets the
// events, on the goroutine of that worker, in no order; report gets a line
// "file:line: refused: reason: detail" for every item refused, in the order of
// the input.
func (c *Config) decode(ctx context.Context, inputs []Input, report io.Writer, sink func(worker int, items []events.Item) error) (Counts, error) {
	type done struct {
		Counts
		refusals []byte
		buf      []byte
	}
	type state struct {
		decoder *events.Decoder
		items   []events.Item
	}
	workers := make([]state, c.workers())
	for i := range workers {
		workers[i].decoder = c.Decoder()
	}
	limit := workers[0].decoder.MaxBytes
	if limit == 0 {
		limit = events.MaxBytes
	}
	spare := sync.Pool{New: func() any { return []byte(nil) }}

	produce := func(submit func(block) bool) error {
		for _, in := range inputs {
			if err := readBlocks(in, limit, &spare, submit); err != nil {
				return err
			}
		}
		return nil
	}
	work := func(worker int, b block) (done, error) {
		w := &workers[worker]
		d := done{buf: b.data}
		refuse := func(line int, reason, detail string) {
			d.Refused++
			d.refusals = fmt.Appendf(d.refusals, "%s:%d: refused: %s: %s\n", b.name, line, reason, detail)
		}
		if b.tooLong > 0 {
			refuse(b.line, events.TooLarge, fmt.Sprintf("found %d bytes, expected at most %d", b.tooLong, limit))
		}
		w.items = w.items[:0]
		flush := func(atLeast int) error {
			if len(w.items) < atLeast {
				return nil
			}
			d.Events += int64(len(w.items))
			err := sink(worker, w.items)
			w.items = w.items[:0]
			return err
		}
		for line := range bytes.Lines(b.data) {
			if b.line == 1 {
				line = bytes.TrimPrefix(line, byteOrderMark)
			}
			if len(bytes.TrimSpace(line)) > 0 {
				var refusals []events.Refusal
				w.items, refusals = w.decoder.Decode(w.items, bytes.TrimRight(line, lineEnd), 0)
				for _, r := range refusals {
					refuse(b.line, r.Reason, r.Detail)
				}
			}
			b.line++
			if err := flush(sinkItems); err != nil {
				return d, err
			}
		}
		return d, flush(1)
	}
	var total Counts
	consume := func(d done) error {
		total.Events += d.Events
		total.Refused += d.Refused
		spare.Put(d.buf) //nolint:staticcheck // a slice header per block costs nothing
		if len(d.refusals) == 0 {
			return nil
		}
		_, err := report.Write(d.refusals)
		return err
	}
	err := inOrder(ctx, len(workers), produce, work, consume)
	return total, err
}

// sinkItems is how many events go to the sink together: few, to stay in the
// processor's cache.
const sinkItems = 64

var byteOrderMark = []byte("\ufeff")

// lineEnd is what stands after a record in a file and is not of it: the same bytes
// are as long in a file as in Kafka.
const lineEnd = "\r\n"

// readBlocks submits the blocks of one input.
func readBlocks(in Input, limit int, spare *sync.Pool, submit func(block) bool) error {
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	content, closeIt, err := decompress(f)
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	defer closeIt()
	r := lineReader{name: in.Name, in: content, limit: limit + len(lineEnd)}
	for {
		b, err := r.next(spare.Get().([]byte))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || !submit(b) {
			return err
		}
	}
}
