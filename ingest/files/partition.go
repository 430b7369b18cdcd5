package files

import (
	"encoding/binary"
	"postage/rating"
	"sync"
)

// partitions spread events by conversation, so that each can be judged on its
// own: all events of one are in one partition. They rest in memory as far as the
// budget goes; beyond it the largest go to the spool.
type partitions struct {
	*store
	shift      uint // which bits of the hash choose the partition
	chunkBytes int
	piles      [partitionCount]pile

	mu    sync.Mutex
	spare [][]byte
}

const (
	partitionBits  = 8
	partitionCount = 1 << partitionBits
)

// eventWriter fills partitions. It serves one goroutine; close it at the end.
type eventWriter struct {
	to     *partitions
	chunks [partitionCount][]byte
}

// event adds an event.
func (w *eventWriter) event(c *eventCodec, e *rating.Event) error {
	sender := senderHash(e.Sender)
	talk := talkHash(sender, e.User)
	chunk, err := w.room(talk, eventBytesMax(e))
	if err != nil {
		return err
	}
	*chunk = c.append(*chunk, sender, talk, e)
	return nil
}

// record adds the record of an event.
func (w *eventWriter) record(record []byte) error {
	chunk, err := w.room(binary.LittleEndian.Uint32(record[4:]), len(record))
	if err != nil {
		return err
	}
	*chunk = append(*chunk, record...)
	return nil
}

// room returns the chunk for a record of that hash, with room for size bytes
// unless that is more than a chunk: then it is empty and will grow.
func (w *eventWriter) room(hash uint32, size int) (*[]byte, error) {
	partition := int(hash >> w.to.shift % partitionCount)
	chunk := &w.chunks[partition]
	if len(*chunk)+size > cap(*chunk) {
		if len(*chunk) > 0 {
			if err := w.seal(partition, *chunk); err != nil {
				return nil, err
			}
		}
		*chunk = w.to.chunk()
	}
	return chunk, nil
}

// close hands over what is left.
func (w *eventWriter) close() error {
	for i, chunk := range w.chunks {
		if len(chunk) > 0 {
			if err := w.seal(i, append(make([]byte, 0, len(chunk)), chunk...)); err != nil {
				return err
			}
		}
		w.chunks[i] = nil
	}
	return nil
}

func (w *eventWriter) seal(partition int, chunk []byte) error {
	p := w.to
	p.piles[partition].add(chunk)
	if !p.add(int64(cap(chunk))) {
		return nil
	}
	for p.used.Load() > p.limit {
		largest := &p.piles[0]
		for i := range p.piles {
			if p.piles[i].resident.Load() > largest.resident.Load() {
				largest = &p.piles[i]
			}
		}
		if largest.resident.Load() == 0 {
			return nil // what is left belongs to others
		}
		if err := largest.spill(p.spool, p.budget, p.free); err != nil {
			return err
		}
	}
	return nil
}

// chunk returns an empty chunk.
func (p *partitions) chunk() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.spare); n > 0 {
		c := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return c
	}
	return make([]byte, 0, p.chunkBytes)
}

func (p *partitions) free(chunk []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spare) < partitionCount && cap(chunk) == p.chunkBytes {
		p.spare = append(p.spare, chunk[:0])
	}
}
