package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"postage/rating"
	"slices"
	"strings"
)

// talkReader reads conversations back from records of events in no order: load
// them, then visit each. It serves one goroutine, and its memory is reused.
type talkReader struct {
	*eventCodec
	entries []talkEntry
	spare   []talkEntry
	counts  []int
	text    []byte // the records of each conversation together, in the order of the entries
	events  []rating.Event
}

// talkEntry is a record: whose conversation, and where.
type talkEntry struct {
	hash  uint32
	piece uint32
	at    uint32
}

// each calls visit for every conversation that was loaded. The events are valid
// during the call only.
func (r *talkReader) each(ctx context.Context, visit func([]rating.Event) error) (err error) {
	records := view(r.text)
	for first := 0; first < len(r.entries); {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		last := first + 1
		for last < len(r.entries) && r.entries[last].hash == r.entries[first].hash {
			last++
		}
		if records, err = r.talks(records, last-first, visit); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// talks calls visit for the conversations of one hash, nearly always one: the
// first n of the records. It returns the other records.
func (r *talkReader) talks(records string, n int, visit func([]rating.Event) error) (rest string, err error) {
	r.events = slices.Grow(r.events[:0], n)[:n]
	same := true
	for i := range r.events {
		e := &r.events[i]
		size := (&reader{s: records}).uint32()
		r.read(records[:size], e)
		records = records[size:]
		same = same && e.Sender == r.events[0].Sender && e.User == r.events[0].User
	}
	if same {
		return records, visit(r.events)
	}
	return records, several(r.events, visit)
}

// several visits the conversations of events that belong to more than one.
func several(events []rating.Event, visit func([]rating.Event) error) error {
	byTalk := func(a, b rating.Event) int {
		return cmp.Or(strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
	}
	slices.SortFunc(events, byTalk)
	for first := 0; first < len(events); {
		last := first + 1
		for last < len(events) && byTalk(events[first], events[last]) == 0 {
			last++
		}
		if err := visit(events[first:last]); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// load takes the records of pieces, which may go afterwards. Their hashes should be
// equal below bit shift, so that the bits above it tell conversations apart.
func (r *talkReader) load(pieces [][]byte, shift uint) {
	r.entries = r.entries[:0]
	size := 0
	for i, piece := range pieces {
		size += len(piece)
		for at := 0; at < len(piece); {
			r.entries = append(r.entries, talkEntry{binary.LittleEndian.Uint32(piece[at+4:]), uint32(i), uint32(at)})
			at += int(binary.LittleEndian.Uint32(piece[at:]))
		}
	}
	r.sort(shift)
	r.text = slices.Grow(r.text[:0], size)
	for _, e := range r.entries {
		record := pieces[e.piece][e.at:]
		r.text = append(r.text, record[:binary.LittleEndian.Uint32(record)]...)
	}
}

// sort sorts the entries by hash. The bits from shift on spread them evenly over
// buckets of a few.
func (r *talkReader) sort(shift uint) {
	const bits = 14
	if len(r.entries) < 1<<8 || shift+bits > hashBits {
		sortTalks(r.entries)
		return
	}
	r.counts = append(r.counts[:0], make([]int, 1<<bits+1)...)
	bucket := func(e talkEntry) int { return int(e.hash >> shift & (1<<bits - 1)) }
	for _, e := range r.entries {
		r.counts[bucket(e)+1]++
	}
	for i := range 1 << bits {
		r.counts[i+1] += r.counts[i]
	}
	r.spare = slices.Grow(r.spare[:0], len(r.entries))[:len(r.entries)]
	for _, e := range r.entries {
		b := bucket(e)
		r.spare[r.counts[b]] = e
		r.counts[b]++ // now the end of the bucket
	}
	r.entries, r.spare = r.spare, r.entries
	from := 0
	for _, to := range r.counts[:1<<bits] {
		sortTalks(r.entries[from:to])
		from = to
	}
}

func sortTalks(entries []talkEntry) {
	same := true
	for i := range entries {
		same = same && entries[i].hash == entries[0].hash
	}
	if same { // one conversation, most likely
		return
	}
	slices.SortFunc(entries, func(a, b talkEntry) int { return cmp.Compare(a.hash, b.hash) })
}
