package files

import (
	"context"
	"encoding/binary"
	"postage/rating"
)

// batchBytes is how many bytes of messages are handled together.
const batchBytes = 128 << 10

// price prices the shards side by side and adds their messages to the others.
func (r *run) price(ctx context.Context) error {
	return each(ctx, len(r.charge), func(ctx context.Context, shard int) error {
		c := r.newCodec()
		p := shardPricer{run: r, codec: c, binder: rating.NewBinder(r.Tariff), pricer: rating.NewPricer(r.Tariff), all: r.all.writer(c.compareNames)}
		in, err := r.charge[shard].merge(c.compareNames)
		if err != nil {
			return err
		}
		var batch []byte
		for {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if batch, err = in.batch(batch[:0], batchBytes); err != nil {
				return err
			}
			if len(batch) == 0 {
				break
			}
			if err := p.price(batch); err != nil {
				return err
			}
		}
		if err := p.finish(); err != nil {
			return err
		}
		return p.all.close()
	})
}

// shardPricer prices the groups of one shard, one after another.
type shardPricer struct {
	run     *run
	codec   *codec
	binder  *rating.Binder
	pricer  *rating.Pricer
	all     *sortWriter
	group   uint32
	waiting pile // of this group: messages priced by the tier that the month reaches
	chunk   []byte
	m       rating.Message
}

// price prices records in order.
func (p *shardPricer) price(records []byte) error {
	text := view(records)
	for at := 0; at < len(records); {
		size := int(binary.LittleEndian.Uint32(records[at:]))
		if group := binary.LittleEndian.Uint32(records[at+4:]); group != p.group {
			if err := p.finish(); err != nil {
				return err
			}
			p.group = group
		}
		body := records[at+recordHead : at+size]
		p.codec.byDelivery(text[at:at+size], &p.m)
		p.binder.Bind(&p.m)
		done := p.pricer.Next(&p.m)
		p.codec.putVerdicts(body, &p.m)
		var err error
		if done {
			err = p.put(body)
		} else {
			err = p.wait(records[at : at+size])
		}
		if err != nil {
			return err
		}
		at += size
	}
	return nil
}

// put hands a priced message on, sorted by the time of sending now.
func (p *shardPricer) put(body []byte) error {
	binary.LittleEndian.PutUint64(body[atOther:], uint64(p.m.DeliveredAt))
	return p.all.done(append(p.all.add(0, uint64(p.m.SentAt)), body...))
}

// wait keeps a record until its group is through.
func (p *shardPricer) wait(record []byte) error {
	if len(p.chunk)+len(record) > cap(p.chunk) {
		if err := p.setAside(); err != nil {
			return err
		}
		p.chunk = make([]byte, 0, max(batchBytes, len(record)))
	}
	p.chunk = append(p.chunk, record...)
	return nil
}

func (p *shardPricer) setAside() error {
	if len(p.chunk) == 0 {
		return nil
	}
	p.waiting.add(p.chunk)
	over := p.run.add(int64(cap(p.chunk)))
	p.chunk = nil
	if over {
		return p.waiting.spill(p.run.spool, p.run.budget, func([]byte) {})
	}
	return nil
}

// finish prices what waits for the end of the group.
func (p *shardPricer) finish() error {
	if err := p.setAside(); err != nil {
		return err
	}
	return p.waiting.drain(p.run.spool, p.run.budget, func(records []byte) error {
		text := view(records)
		for at := 0; at < len(records); {
			size := int(binary.LittleEndian.Uint32(records[at:]))
			body := records[at+recordHead : at+size]
			p.codec.byDelivery(text[at:at+size], &p.m)
			p.binder.Bind(&p.m)
			p.pricer.Last(&p.m)
			p.codec.putVerdicts(body, &p.m)
			if err := p.put(body); err != nil {
				return err
			}
			at += size
		}
		return nil
	})
}
