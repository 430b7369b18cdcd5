package files

import (
	"slices"
	"sync"
	"sync/atomic"
)

// pile is a set of records in no order: chunks in memory, and extents of the
// spool. A chunk and an extent hold whole records.
type pile struct {
	mu      sync.Mutex
	chunks  [][]byte
	extents []extent

	resident atomic.Int64 // bytes of the chunks, as the budget counts them
	total    atomic.Int64 // bytes of all records
}

// extentBytes is about the size of an extent: chunks are written together, and
// read back together.
const extentBytes = 1 << 20

// add gives a chunk to the pile.
func (p *pile) add(chunk []byte) {
	p.mu.Lock()
	p.chunks = append(p.chunks, chunk)
	p.mu.Unlock()
	p.resident.Add(int64(cap(chunk)))
	p.total.Add(int64(len(chunk)))
}

// spill moves what is in memory to the spool and hands the chunks to free.
func (p *pile) spill(s *spool, b *budget, free func([]byte)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i < len(p.chunks); {
		size, j := 0, i
		for j < len(p.chunks) && (j == i || size+len(p.chunks[j]) <= extentBytes) {
			size += len(p.chunks[j])
			j++
		}
		e, err := s.write(p.chunks[i:j]...)
		if err != nil {
			return err
		}
		p.extents = append(p.extents, e)
		for ; i < j; i++ {
			p.resident.Add(-int64(cap(p.chunks[i])))
			b.give(int64(cap(p.chunks[i])))
			free(p.chunks[i])
		}
	}
	p.chunks = p.chunks[:0]
	return nil
}

// drain calls visit with every chunk and extent and empties the pile. The bytes
// are valid during the call only. Nobody may add meanwhile.
func (p *pile) drain(s *spool, b *budget, visit func([]byte) error) error {
	var buf []byte
	for _, e := range p.extents {
		if int64(cap(buf)) < e.size {
			buf = make([]byte, e.size)
		}
		buf = buf[:e.size]
		if err := s.read(buf, e); err != nil {
			return err
		}
		if err := visit(buf); err != nil {
			return err
		}
	}
	for _, c := range p.chunks {
		if err := visit(c); err != nil {
			return err
		}
	}
	p.clear(b)
	return nil
}

// pieces reads the pile without emptying it: its chunks, and its extents, for
// which buf is used if it is large enough. The bytes are valid as long as buf is
// not used otherwise. Nobody may add meanwhile.
func (p *pile) pieces(s *spool, buf []byte) (pieces [][]byte, used []byte, err error) {
	var size int64
	for _, e := range p.extents {
		size += e.size
	}
	buf = slices.Grow(buf[:0], int(size))[:size]
	rest := buf
	for _, e := range p.extents {
		piece := rest[:e.size]
		if err := s.read(piece, e); err != nil {
			return nil, buf, err
		}
		pieces, rest = append(pieces, piece), rest[e.size:]
	}
	return append(pieces, p.chunks...), buf, nil
}

// clear empties the pile.
func (p *pile) clear(b *budget) {
	b.give(p.resident.Load())
	p.chunks, p.extents = nil, nil
	p.resident.Store(0)
	p.total.Store(0)
}
