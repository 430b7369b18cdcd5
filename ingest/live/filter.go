package live

// filter is a set of 64-bit hashes that may say yes by mistake (about one time in a
// hundred) and never no. It takes 12 bits for each hash and grows by doubling: a full
// layer is kept and a larger one begun.
type filter struct {
	layers []layer
	count  int
}

// layer is a Bloom filter in blocks of one cache line: all bits of a hash are in one.
type layer struct {
	blocks []([8]uint64)
	room   int // hashes it may still take
}

const (
	filterFirst = 1 << 18 // hashes in the first layer
	filterBits  = 12      // bits for each hash
	filterProbe = 6       // bits set for each hash
)

func (f *filter) reset() { f.layers, f.count = nil, 0 }

// add puts a hash in.
func (f *filter) add(hash uint64) {
	if f.has(hash) {
		return
	}
	n := len(f.layers)
	if n == 0 || f.layers[n-1].room == 0 {
		capacity := filterFirst << n
		f.layers = append(f.layers, layer{make([][8]uint64, capacity*filterBits/512), capacity})
		n++
	}
	l := &f.layers[n-1]
	l.room--
	f.count++
	block, bits := l.place(hash)
	for range filterProbe {
		block[bits>>6&7] |= 1 << (bits & 63)
		bits >>= 9
	}
}

// has says whether the hash may have been added.
func (f *filter) has(hash uint64) bool {
	for i := len(f.layers) - 1; i >= 0; i-- {
		block, bits := f.layers[i].place(hash)
		found := true
		for range filterProbe {
			found = found && block[bits>>6&7]&(1<<(bits&63)) != 0
			bits >>= 9
		}
		if found {
			return true
		}
	}
	return false
}

// place finds the block of a hash and 54 bits of it to choose bits by.
func (l *layer) place(hash uint64) (block *[8]uint64, bits uint64) {
	hash *= 0x9e3779b97f4a7c15
	hash ^= hash >> 32
	at := (hash >> 32) * uint64(len(l.blocks)) >> 32
	return &l.blocks[at], hash * 0xd6e8feb86659fd93 >> 10
}

// bytes is the memory it takes.
func (f *filter) bytes() (n int64) {
	for i := range f.layers {
		n += int64(len(f.layers[i].blocks)) * 64
	}
	return n
}
