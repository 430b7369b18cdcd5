package files

import (
	"encoding/binary"
	"slices"
	"sync"
)

// A sorted record is
//
//	size of the record   4 bytes, these included
//	group   4 bytes
//	key     8 bytes
//	body
//
// and records are ordered by (group, key), then by what the sorter is told to
// compare of the bodies.
const recordHead = 16

// sorter sorts records of any number. Goroutines fill runs of their own and sort
// each in memory; what is over the budget goes to the spool; merge reads all runs
// together. The order does not depend on who added what when, as long as no two
// records are equal.
type sorter struct {
	*store
	runBytes int

	mu   sync.Mutex
	runs []sortedRun
}

// sortedRun is a sorted piece: in memory, or in the spool.
type sortedRun struct {
	records []byte
	place   extent
}

// store is where records rest.
type store struct {
	*spool
	*budget
}

// sortWriter fills runs. It serves one goroutine; close it at the end.
type sortWriter struct {
	to      *sorter
	compare func(a, b []byte) int
	data    []byte
	index   []sortEntry
	spare   []sortEntry
	sorted  []byte
}

type sortEntry struct {
	key   uint64
	group uint32
	at    uint32
}

func (s *sorter) writer(compare func(a, b []byte) int) *sortWriter {
	return &sortWriter{to: s, compare: compare}
}

// add begins a record; the caller appends the body to the result and hands it to
// done.
func (w *sortWriter) add(group uint32, key uint64) []byte {
	w.index = append(w.index, sortEntry{key, group, uint32(len(w.data))})
	w.data = append(w.data, 0, 0, 0, 0)
	w.data = binary.LittleEndian.AppendUint32(w.data, group)
	return binary.LittleEndian.AppendUint64(w.data, key)
}

func (w *sortWriter) done(data []byte) error {
	at := w.index[len(w.index)-1].at
	binary.LittleEndian.PutUint32(data[at:], uint32(len(data))-at)
	w.data = data
	switch full := w.to.runBytes; {
	case len(w.data) >= full:
		return w.seal()
	case len(w.data) > full/16 && cap(w.data) < full: // it is going to be a whole run
		w.data = slices.Grow(w.data, full+full/16-len(w.data))
	}
	return nil
}

// close hands over the last run and frees the memory.
func (w *sortWriter) close() error {
	err := w.seal()
	w.data, w.index, w.spare, w.sorted = nil, nil, nil, nil
	return err
}

// seal sorts the records at hand into a run.
func (w *sortWriter) seal() error {
	if len(w.index) == 0 {
		return nil
	}
	w.sort()
	inMemory := w.to.take(int64(len(w.data)))
	if inMemory {
		w.sorted = make([]byte, 0, len(w.data))
	}
	w.sorted = w.sorted[:0]
	for _, e := range w.index {
		w.sorted = append(w.sorted, w.data[e.at:e.at+w.size(e)]...)
	}
	r := sortedRun{records: w.sorted}
	if inMemory {
		w.sorted = nil
	} else {
		place, err := w.to.write(w.sorted)
		if err != nil {
			return err
		}
		r = sortedRun{place: place}
	}
	w.data, w.index = w.data[:0], w.index[:0]
	w.to.mu.Lock()
	defer w.to.mu.Unlock()
	w.to.runs = append(w.to.runs, r)
	return nil
}

// sort orders the index: digit by digit of key and group, from the last to the
// first, leaving out those that are the same everywhere; then what is equal in
// both by the bodies. Keys are instants, which have few digits that differ.
func (w *sortWriter) sort() {
	const bits = 11
	anyKey, allKey, anyGroup, allGroup := uint64(0), ^uint64(0), uint32(0), ^uint32(0)
	for _, e := range w.index {
		anyKey, allKey, anyGroup, allGroup = anyKey|e.key, allKey&e.key, anyGroup|e.group, allGroup&e.group
	}
	pass := func(digit func(sortEntry) uint64) {
		var ends [1 << bits]uint32
		for _, e := range w.index {
			ends[digit(e)]++
		}
		at := uint32(0)
		for i, n := range ends {
			ends[i] = at
			at += n
		}
		w.spare = slices.Grow(w.spare[:0], len(w.index))[:len(w.index)]
		for _, e := range w.index {
			d := digit(e)
			w.spare[ends[d]] = e
			ends[d]++
		}
		w.index, w.spare = w.spare, w.index
	}
	const mask = 1<<bits - 1
	for shift := 0; shift < 64; shift += bits {
		if (anyKey^allKey)>>shift&mask != 0 {
			pass(func(e sortEntry) uint64 { return e.key >> shift & mask })
		}
	}
	for shift := 0; shift < 32; shift += bits {
		if (anyGroup^allGroup)>>shift&mask != 0 {
			pass(func(e sortEntry) uint64 { return uint64(e.group) >> shift & mask })
		}
	}
	for first := 0; first < len(w.index); {
		last := first + 1
		for last < len(w.index) && w.index[last].key == w.index[first].key && w.index[last].group == w.index[first].group {
			last++
		}
		if last-first > 1 {
			slices.SortFunc(w.index[first:last], func(a, b sortEntry) int { return w.compare(w.body(a), w.body(b)) })
		}
		first = last
	}
}

func (w *sortWriter) size(e sortEntry) uint32 { return binary.LittleEndian.Uint32(w.data[e.at:]) }

func (w *sortWriter) body(e sortEntry) []byte {
	return w.data[e.at+recordHead : e.at+w.size(e)]
}
