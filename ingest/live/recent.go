package live

import (
	"encoding/binary"
	"math"
)

// recent keeps the ids of the messages that events came about last, in memory of a fixed size: stories have only
// hashes of them, and a late event mostly concerns one of these.
type recent struct {
	ring    []byte      // entries: 8 bytes of hash, one of length, the id
	written uint64      // bytes ever
	slots   [][2]uint64 // by hash, a power of two: high half of the hash, then where its entry is (of written, the low half)
}

const (
	recentHead  = 9
	recentLong  = 1<<8 - 1 // bytes of the longest id that is kept
	recentUsual = 64       // bytes of an entry, about
)

// newRecent makes one that takes about so many bytes, and at least a little.
func newRecent(bytes int64) recent {
	slots := 1
	for int64(slots)*2*recentUsual <= bytes {
		slots *= 2
	}
	return recent{ring: make([]byte, max(bytes-16*int64(slots), recentHead+recentLong)), slots: make([][2]uint64, slots)}
}

// find returns the entry of a hash, as far as its slot tells: nil when there is none. Of the two places of the
// slot it returns the one to write to when there is none: with the older entry, or none.
func (r *recent) find(hash uint64) (place *uint64, entry []byte) {
	slot := &r.slots[hash&uint64(len(r.slots)-1)]
	oldest := uint64(0)
	for i := range slot {
		back := uint64(uint32(r.written) - uint32(slot[i]))
		if back == 0 || back > r.written || back > uint64(len(r.ring)) {
			back = math.MaxUint64 // nothing, or written over since
		} else if slot[i]>>32 == hash>>32 {
			return &slot[i], r.ring[(r.written-back)%uint64(len(r.ring)):]
		}
		if back > oldest {
			place, oldest = &slot[i], back
		}
	}
	return place, nil
}

// add keeps the id of a message, which is not empty.
func (r *recent) add(hash uint64, id string) {
	place, entry := r.find(hash)
	if entry != nil || len(id) > recentLong {
		return
	}
	n := uint64(recentHead + len(id))
	if left := uint64(len(r.ring)) - r.written%uint64(len(r.ring)); left < n {
		r.written += left // no entry goes over the edge
	}
	entry = r.ring[r.written%uint64(len(r.ring)):]
	binary.LittleEndian.PutUint64(entry, hash)
	entry[8] = byte(len(id))
	copy(entry[recentHead:], id)
	*place = hash>>32<<32 | uint64(uint32(r.written))
	r.written += n
}

// id returns the id of a message, "" when it is not known any more.
func (r *recent) id(hash uint64) string {
	_, entry := r.find(hash)
	if len(entry) < recentHead || binary.LittleEndian.Uint64(entry) != hash {
		return ""
	}
	return string(entry[recentHead : recentHead+int(entry[8])])
}

func (r *recent) bytes() int64 { return int64(len(r.ring)) + 16*int64(len(r.slots)) }
