package files

import (
	"encoding/binary"
)

// mergeBytes is the memory that the buffers of a merge share, within limits for
// each.
const (
	mergeBytes     = 24 << 20
	mergeBufferMin = 16 << 10
	mergeBufferMax = 256 << 10
)

// merge reads the runs of a sorter in order, and frees them as it goes. It holds
// one buffer per run in the spool, of at least 16 KiB: 10,000 runs, of at best
// 8 MiB each, take 160 MiB.
//
// It is a tree of losers: the cursors are its leaves, each inner node keeps the
// loser of the match played there, and losers[0] is who won all. Replacing the
// winner replays one path.
type merge struct {
	from    *sorter
	compare func(a, b []byte) int
	cursors []cursor
	losers  []int
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
	ended   bool
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
	m.cursors = make([]cursor, len(s.runs))
	for i, r := range s.runs {
		c := &m.cursors[i]
		*c = cursor{rest: r.records, left: r.place, size: int64(len(r.records))}
		if r.records == nil {
			c.buf = make([]byte, 0, buffer)
		}
		if err := m.advance(c); err != nil {
			return nil, err
		}
	}
	s.runs = nil
	m.losers = make([]int, len(m.cursors))
	if len(m.cursors) > 0 {
		m.losers[0] = m.play(1)
	}
	return m, nil
}

// play finds the winner below a node and keeps the losers. The children of node n
// are 2n and 2n+1; the leaf of cursor i is node len(cursors)+i.
func (m *merge) play(node int) (winner int) {
	if node >= len(m.cursors) {
		return node - len(m.cursors)
	}
	a, b := m.play(2*node), m.play(2*node+1)
	if m.before(b, a) {
		a, b = b, a
	}
	m.losers[node] = b
	return a
}

// batch appends records in order to dst until it holds size bytes, and returns
// it; nothing is appended at the end.
func (m *merge) batch(dst []byte, size int) ([]byte, error) {
	if len(m.cursors) == 0 {
		return dst, nil
	}
	winner := m.losers[0]
	for len(dst) < size && !m.cursors[winner].ended {
		c := &m.cursors[winner]
		dst = append(dst, c.current...)
		if err := m.advance(c); err != nil {
			return nil, err
		}
		for node := (len(m.cursors) + winner) / 2; node > 0; node /= 2 {
			if m.before(m.losers[node], winner) {
				m.losers[node], winner = winner, m.losers[node]
			}
		}
	}
	m.losers[0] = winner
	return dst, nil
}

// advance moves a cursor to its next record, or ends it.
func (m *merge) advance(c *cursor) error {
	if len(c.rest) < recordHead || len(c.rest) < int(binary.LittleEndian.Uint32(c.rest)) {
		if c.left.size == 0 {
			m.from.give(c.size)
			*c = cursor{ended: true}
			return nil
		}
		if err := m.fill(c); err != nil {
			return err
		}
	}
	n := binary.LittleEndian.Uint32(c.rest)
	c.current, c.rest = c.rest[:n], c.rest[n:]
	c.group = binary.LittleEndian.Uint32(c.current[4:])
	c.key = binary.LittleEndian.Uint64(c.current[8:])
	return nil
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
		if err := m.from.read(c.buf[have:], c.left); err != nil {
			return err
		}
		c.left.at, c.left.size = c.left.at+n, c.left.size-n
		c.rest = c.buf
	}
	return nil
}

// before says whether the record of cursor i comes before that of cursor j.
func (m *merge) before(i, j int) bool {
	a, b := &m.cursors[i], &m.cursors[j]
	switch {
	case a.ended || b.ended:
		return b.ended && !a.ended
	case a.group != b.group:
		return a.group < b.group
	case a.key != b.key:
		return a.key < b.key
	}
	return m.compare(a.current[recordHead:], b.current[recordHead:]) < 0
}
