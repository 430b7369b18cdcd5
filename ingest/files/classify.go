package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"postage/rating"
	"strings"
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
	run *run
	talkReader
	codec      *codec
	classifier *rating.Classifier
	all        *sortWriter
	charge     []*sortWriter
	groups     map[string]group // by account

	buf      []byte
	messages []rating.Message
}

// group says where the messages of an account are priced.
type group struct {
	shard  int
	number uint32
}

func newJudge(r *run) *judge {
	c := r.newCodec()
	j := &judge{
		run: r, talkReader: talkReader{eventCodec: r.newEventCodec()}, codec: c, classifier: rating.NewClassifier(r.Tariff),
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
	j.load(pieces, uint(level*partitionBits))
	p.clear(j.run.budget)
	return j.each(ctx, j.talk)
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
		g.number = j.run.groups.number(account)
		g.shard = int(g.number) % len(j.charge)
		j.groups[strings.Clone(account)] = g
	}
	return g
}
