package live

import "slices"

// filter is a set of 64-bit hashes that never says no by mistake, and yes once in some
// hundred million times. It takes about 6 bytes for each hash and grows without being
// rebuilt: a full layer is kept, and one of twice the size begun.
type filter struct {
	layers [][]uint32 // tags by hash, open addressing, linear probing; a power of two
	room   int        // tags that the last layer may still take
	count  int
}

const filterFirst = 1 << 16 // slots of the first layer

func (f *filter) reset() { *f = filter{} }

// split makes of a hash a place and a tag, which is never 0, that tell nothing of each other.
func split(hash uint64) (place, tag uint32) {
	hash *= 0x9e3779b97f4a7c15
	hash ^= hash >> 32
	hash *= 0xd6e8feb86659fd93
	return uint32(hash >> 32), max(uint32(hash), 1)
}

// add puts a hash in.
func (f *filter) add(hash uint64) {
	if f.has(hash) {
		return
	}
	if f.room == 0 {
		slots := filterFirst << len(f.layers)
		f.layers = append(f.layers, make([]uint32, slots))
		f.room = slots / 4 * 3
	}
	f.room--
	f.count++
	place, tag := split(hash)
	layer := f.layers[len(f.layers)-1]
	mask := uint32(len(layer) - 1)
	for place &= mask; layer[place] != 0; place = (place + 1) & mask {
	}
	layer[place] = tag
}

// has says whether the hash has been added.
func (f *filter) has(hash uint64) bool {
	place, tag := split(hash)
	for _, layer := range slices.Backward(f.layers) {

		mask := uint32(len(layer) - 1)
		for at := place & mask; layer[at] != 0; at = (at + 1) & mask {
			if layer[at] == tag {
				return true
			}
		}
	}
	return false
}

// bytes is the memory it takes.
func (f *filter) bytes() (n int64) {
	for _, layer := range f.layers {
		n += int64(len(layer)) * 4
	}
	return n
}
