package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"postage/rating"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// classify judges every conversation and sorts the messages: those that concern a
// Pricer by shard, the others for output.
func (r *run) classify(ctx context.Context) error {
	var next atomic.Int64
	return each(ctx, r.workers(), func(ctx context.Context, _ int) error {
		j := newJudge(r)
		for {
			i := next.Add(1) - 1
			if i >= partitionCount || ctx.Err() != nil {
				break
			}
			if err := j.partition(ctx, &r.events.piles[i], 1); err != nil {
				return err
			}
		}
		return j.close()
	})
}

// judge classifies on one goroutine.
type judge struct {
	run        *run
	eventCodec *eventCodec
	codec      *codec
	classifier *rating.Classifier
	all        *sortWriter
	charge     []*sortWriter
	groups     map[string]group // by account

	buf      []byte
	text     []byte
	index    []talkEntry
	spare    []talkEntry
	counts   []int
	events   []rating.Event
	messages []rating.Message
}

// group says where the messages of an account are priced.
type group struct {
	shard  int
	number uint32
}

// talkEntry is an event of a partition: whose conversation, and where.
type talkEntry struct {
	hash  uint32
	piece uint32
	at    uint32
}

func newJudge(r *run) *judge {
	c := r.newCodec()
	j := &judge{
		run: r, eventCodec: r.newEventCodec(), codec: c, classifier: rating.NewClassifier(r.Tariff),
		all: r.all.writer(c.compareNames), groups: map[string]group{},
	}
	for _, s := range r.charge {
		j.charge = append(j.charge, s.writer(c.compareNames))
	}
	return j
}

func (j *judge) close() error {
	for latest := int64(j.classifier.Latest()); ; {
		old := j.run.asOf.Load()
		if old >= latest || j.run.asOf.CompareAndSwap(old, latest) {
			break
		}
	}
	err := j.all.close()
	for _, w := range j.charge {
		err = cmp.Or(err, w.close())
	}
	return err
}

// partition judges the conversations of a partition. One that takes too much
// memory is split first, unless it has been split as far as the hash goes.
func (j *judge) partition(ctx context.Context, p *pile, level int) error {
	most := max(j.run.Memory/8/int64(j.run.workers()), 64<<10)
	if size := p.total.Load(); size > most && (level+1)*partitionBits <= hashBits {
		return j.split(ctx, p, level)
	}
	pieces, buf, err := p.pieces(j.run.spool, j.buf)
	j.buf = buf
	if err != nil {
		return err
	}
	j.index = j.index[:0]
	for i, piece := range pieces {
		for at := 0; at < len(piece); {
			j.index = append(j.index, talkEntry{binary.LittleEndian.Uint32(piece[at+4:]), uint32(i), uint32(at)})
			at += int(binary.LittleEndian.Uint32(piece[at:]))
		}
	}
	j.sortIndex(level)
	// Events point into the text, in which those of a conversation stand together.
	j.text = slices.Grow(j.text[:0], int(p.total.Load()))
	for _, e := range j.index {
		record := pieces[e.piece][e.at:]
		j.text = append(j.text, record[:binary.LittleEndian.Uint32(record)]...)
	}
	p.clear(j.run.budget)
	records := view(j.text)
	for first := 0; first < len(j.index); {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		last := first + 1
		for last < len(j.index) && j.index[last].hash == j.index[first].hash {
			last++
		}
		if records, err = j.talks(records, last-first); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// sortIndex sorts the index by hash. The bits that follow those which chose the
// partition spread it evenly over buckets of a few entries.
func (j *judge) sortIndex(level int) {
	const bits = 12
	if len(j.index) > 1<<8 && level*partitionBits+bits <= hashBits {
		j.counts = append(j.counts[:0], make([]int, 1<<bits+1)...)
		bucket := func(e talkEntry) int { return int(e.hash >> (level * partitionBits) & (1<<bits - 1)) }
		for _, e := range j.index {
			j.counts[bucket(e)+1]++
		}
		for i := range 1 << bits {
			j.counts[i+1] += j.counts[i]
		}
		j.spare = slices.Grow(j.spare[:0], len(j.index))[:len(j.index)]
		for _, e := range j.index {
			b := bucket(e)
			j.spare[j.counts[b]] = e
			j.counts[b]++ // now the end of the bucket
		}
		j.index, j.spare = j.spare, j.index
		from := 0
		for _, to := range j.counts[:1<<bits] {
			sortTalks(j.index[from:to])
			from = to
		}
		return
	}
	sortTalks(j.index)
}

func sortTalks(index []talkEntry) {
	slices.SortFunc(index, func(a, b talkEntry) int { return cmp.Compare(a.hash, b.hash) })
}

// split spreads a partition over others by further bits of the hash.
func (j *judge) split(ctx context.Context, p *pile, level int) error {
	finer := j.run.newPartitions(level)
	w := eventWriter{to: finer}
	size := p.total.Load()
	err := p.drain(j.run.spool, j.run.budget, func(records []byte) error {
		for len(records) > 0 {
			n := binary.LittleEndian.Uint32(records)
			if err := w.record(records[:n]); err != nil {
				return err
			}
			records = records[n:]
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	for i := range finer.piles {
		next := level + 1
		if finer.piles[i].total.Load() == size {
			next = hashBits // most likely one conversation: splitting on is of no use
		}
		if err := j.partition(ctx, &finer.piles[i], next); err != nil {
			return err
		}
	}
	return nil
}

// talks judges the conversations of one hash, nearly always one: the first n of
// the records. It returns the others.
func (j *judge) talks(records string, n int) (rest string, err error) {
	j.events = slices.Grow(j.events[:0], n)[:n]
	same := true
	for i := range j.events {
		e := &j.events[i]
		size := (&reader{s: records}).uint32()
		j.eventCodec.read(records[:size], e)
		records = records[size:]
		same = same && e.Sender == j.events[0].Sender && e.User == j.events[0].User
	}
	if same {
		return records, j.talk(j.events)
	}
	return records, j.several(j.events)
}

// several judges events of more than one conversation.
func (j *judge) several(events []rating.Event) error {
	byTalk := func(a, b rating.Event) int {
		return cmp.Or(strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
	}
	slices.SortFunc(events, byTalk)
	for first := 0; first < len(events); {
		last := first + 1
		for last < len(events) && byTalk(events[first], events[last]) == 0 {
			last++
		}
		if err := j.talk(events[first:last]); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// talk judges one conversation.
func (j *judge) talk(events []rating.Event) error {
	j.messages = j.classifier.Classify(j.messages[:0], events)
	for i := range j.messages {
		m := &j.messages[i]
		w, number, key, other := j.all, uint32(0), m.SentAt, m.DeliveredAt
		if m.Chargeable() {
			g := j.group(m.Account)
			w, number, key, other = j.charge[g.shard], g.number, m.DeliveredAt, m.SentAt
		}
		if err := w.done(j.codec.append(w.add(number, uint64(key)), m, other)); err != nil {
			return err
		}
	}
	return nil
}

// group finds the group of an account.
func (j *judge) group(account string) group {
	g, ok := j.groups[account]
	if !ok {
		g.number = j.run.groups.number(j.run.Tariff.Group(account))
		g.shard = int(g.number) % len(j.charge)
		j.groups[strings.Clone(account)] = g
	}
	return g
}

// groupTable numbers groups of accounts. Only accounts of the tariff are charged,
// so there are no more than that.
type groupTable struct {
	mu      sync.Mutex
	numbers map[string]uint32
}

func (t *groupTable) number(name string) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.numbers == nil {
		t.numbers = map[string]uint32{}
	}
	n, ok := t.numbers[name]
	if !ok {
		n = uint32(len(t.numbers))
		t.numbers[name] = n
	}
	return n
}
