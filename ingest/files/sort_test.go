package files

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortIsSort: whatever goes through runs, spool and merge comes out as the
// standard library would sort it, and gives its memory back.
func TestSortIsSort(t *testing.T) {
	type record struct {
		group uint32
		key   uint64
		body  string
	}
	for _, c := range [...]struct {
		records, writers, runBytes int
		memory                     int64
	}{{0, 1, 100, 0}, {1, 1, 100, 0}, {5000, 1, 1 << 20, 1 << 20}, {5000, 3, 4000, 1 << 20}, {5000, 3, 4000, 40_000}, {5000, 2, 300, 0}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(uint64(c.records), uint64(c.runBytes)))
			s := &sorter{store: &store{&spool{dir: t.TempDir()}, &budget{limit: c.memory}}, runBytes: c.runBytes}
			defer s.close()
			var writers []*sortWriter
			for range c.writers {
				writers = append(writers, s.writer(bytes.Compare))
			}
			var want []record
			for i := range c.records {
				long := 0
				if i%1000 == 999 { // longer than a merge's buffer
					long = mergeBufferMin * 2
				}
				r := record{chance.Uint32N(3), chance.Uint64N(50) << (chance.Uint32N(3) * 20), fmt.Sprint(i) + string(make([]byte, long))}
				want = append(want, r)
				w := writers[i%c.writers]
				if err := w.done(append(w.add(r.group, r.key), r.body...)); err != nil {
					t.Fatal(err)
				}
			}
			for _, w := range writers {
				if err := w.close(); err != nil {
					t.Fatal(err)
				}
			}
			slices.SortFunc(want, func(a, b record) int {
				return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.key, b.key), cmp.Compare(a.body, b.body))
			})
			m, err := s.merge(bytes.Compare)
			if err != nil {
				t.Fatal(err)
			}
			var got []record
			for {
				batch, err := m.batch(nil, 1000)
				if err != nil {
					t.Fatal(err)
				}
				if len(batch) == 0 {
					break
				}
				for len(batch) > 0 {
					n := binary.LittleEndian.Uint32(batch)
					got = append(got, record{binary.LittleEndian.Uint32(batch[4:]), binary.LittleEndian.Uint64(batch[8:]), string(batch[recordHead:n])})
					batch = batch[n:]
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %d records, want %d in the order of the standard library", len(got), len(want))
			}
			if used := s.used.Load(); used != 0 {
				t.Errorf("after the merge %d bytes count as used, want 0", used)
			}
		})
	}
}
