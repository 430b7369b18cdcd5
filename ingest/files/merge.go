package files

import (
	"encoding/binary"
)

// mergeBytes is the memory that the buffers of a merge share, within limits for
// each.
const (
	mergeBytes     = 64 << 20
	mergeBufferMin = 16 << 10
	mergeBufferMax = 1 << 20
)

// merge reads the runs of a sorter in order, and frees them as it goes. It holds
// one buffer per run in the spool, of at least 16 KiB: 10,000 runs, of at best
// 16 MiB each, take 160 MiB.
type merge struct {
	from    *sorter
	compare func(a, b []byte) int
	heap    []*cursor // the one with the smallest record first
}

// cursor is a run being read.
type cursor struct {
	group   uint32
	key     uint64
	current []byte // the record at hand
	rest    []byte // of the run in memory, or of what was read of it
	buf     []byte
	left    extent // in the spool, not yet read
	size    int64  // of the run in memory
}

// merge begins to read. All writers must be closed.
func (s *sorter) merge(compare func(a, b []byte) int) (*merge, error) {
	m := &merge{from: s, compare: compare}
	spilled := 0
	for _, r := range s.runs {
		if r.records == nil {
			spilled++
		}
	}
	buffer := min(max(mergeBytes/max(spilled, 1), mergeBufferMin), mergeBufferMax)
	for _, r := range s.runs {
		c := &cursor{rest: r.records, left: r.place, size: int64(len(r.records))}
		if r.records == nil {
			c.buf = make([]byte, 0, buffer)
		}
		ok, err := m.advance(c)
		if err != nil {
			return nil, err
		}
		if ok {
			m.heap = append(m.heap, c)
		}
	}
	s.runs = nil
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

// batch appends records in order to dst until it holds size bytes, and returns
// it; nothing is appended at the end.
func (m *merge) batch(dst []byte, size int) ([]byte, error) {
	for len(dst) < size && len(m.heap) > 0 {
		c := m.heap[0]
		dst = append(dst, c.current...)
		ok, err := m.advance(c)
		if err != nil {
			return nil, err
		}
		if !ok {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.down(0)
	}
	return dst, nil
}

// advance moves a cursor to its next record; ok is false at the end of the run.
func (m *merge) advance(c *cursor) (ok bool, err error) {
	if len(c.rest) < recordHead || len(c.rest) < int(binary.LittleEndian.Uint32(c.rest)) {
		if c.left.size == 0 {
			m.from.give(c.size)
			*c = cursor{}
			return false, nil
		}
		if err := m.fill(c); err != nil {
			return false, err
		}
	}
	n := binary.LittleEndian.Uint32(c.rest)
	c.current, c.rest = c.rest[:n], c.rest[n:]
	c.group = binary.LittleEndian.Uint32(c.current[4:])
	c.key = binary.LittleEndian.Uint64(c.current[8:])
	return true, nil
}

// fill reads on until the cursor has a whole record at hand.
func (m *merge) fill(c *cursor) error {
	for len(c.rest) < recordHead || len(c.rest) < int(binary.LittleEndian.Uint32(c.rest)) {
		if len(c.rest) == cap(c.buf) { // a record longer than the buffer
			c.buf = make([]byte, 0, 2*cap(c.buf))
		}
		have := copy(c.buf[:cap(c.buf)], c.rest)
		n := min(int64(cap(c.buf)-have), c.left.size)
		c.buf = c.buf[:have+int(n)]
		if err := m.from.read(c.buf[have:], c.left.at); err != nil {
			return err
		}
		c.left = extent{c.left.at + n, c.left.size - n}
		c.rest = c.buf
	}
	return nil
}

func (m *merge) down(i int) {
	h := m.heap
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(h) && m.before(h[child], h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

func (m *merge) before(a, b *cursor) bool {
	switch {
	case a.group != b.group:
		return a.group < b.group
	case a.key != b.key:
		return a.key < b.key
	}
	return m.compare(a.current[recordHead:], b.current[recordHead:]) < 0
}
