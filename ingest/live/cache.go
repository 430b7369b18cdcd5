package live

// cache keeps the coded stories of conversations in memory of a fixed size: what has not
// been asked for in a long time goes first (a hand goes round and takes what nobody has asked for since
// it last passed, or the time before when it is in use). It holds hardly any pointers, so that
// millions of conversations cost the garbage collector nothing.
//
// A record begins with the packed key, by which two conversations of one hash are told
// apart.
type cache struct {
	limit int64 // bytes, of index and records

	slots []slot // open addressing, linear probing; a power of two
	n     int
	hand  int
	pages pages

	evicted int64
}

// slot points at one record. loc 0 is an empty slot.
type slot struct {
	tag uint32 // low half of the hash
	loc uint32 // place of the record, below two bits of age: how often the hand spares it
}

const (
	ageOne = 1 << 30 // of a new record
	ageTwo = 2 << 30 // of one that was asked for
	place  = ageOne - 1
)

func newCache(limit int64) *cache {
	c := &cache{limit: limit}
	c.clear()
	return c
}

// clear forgets everything and frees the memory.
func (c *cache) clear() {
	c.slots, c.n, c.hand = make([]slot, 1<<10), 0, 0
	c.pages = newPages()
}

// bytes is the memory in use.
func (c *cache) bytes() int64 { return int64(len(c.slots))*8 + c.pages.used }

// find returns the index of a conversation's slot, or of the empty one where it would go.
func (c *cache) find(hash uint64, key packed) (at int, ok bool) {
	mask := len(c.slots) - 1
	for at = int(uint32(hash)) & mask; c.slots[at].loc != 0; at = (at + 1) & mask {
		if s := c.slots[at]; s.tag == uint32(hash) && keyOf(c.pages.record(s.loc&place)) == key {
			return at, true
		}
	}
	return at, false
}

// get returns the record of a conversation, nil when it is not here. It is valid until
// the next put or remove.
func (c *cache) get(hash uint64, key packed) []byte {
	at, ok := c.find(hash, key)
	if !ok {
		return nil
	}
	c.slots[at].loc = c.slots[at].loc&place | ageTwo
	return c.pages.record(c.slots[at].loc & place)
}

// put keeps a record, which must begin with its key, and makes room for it.
func (c *cache) put(hash uint64, key packed, record []byte) {
	at, ok := c.find(hash, key)
	if ok {
		loc := c.slots[at].loc & place
		c.slots[at].loc = c.pages.replace(loc, record) | ageTwo
	} else {
		if (c.n+1)*4 > len(c.slots)*3 {
			c.grow()
			at, _ = c.find(hash, key)
		}
		c.slots[at] = slot{uint32(hash), c.pages.store(record) | ageOne}
		c.n++
	}
	for c.bytes() > c.limit && c.n > 0 {
		c.evict()
	}
}

func (c *cache) remove(hash uint64, key packed) {
	if at, ok := c.find(hash, key); ok {
		c.drop(at)
	}
}

func (c *cache) grow() {
	old := c.slots
	c.slots = make([]slot, 2*len(old))
	mask := len(c.slots) - 1
	for _, s := range old {
		if s.loc != 0 {
			at := int(s.tag) & mask
			for c.slots[at].loc != 0 {
				at = (at + 1) & mask
			}
			c.slots[at] = s
		}
	}
}

// evict drops the next record that was not asked for since the hand last passed.
func (c *cache) evict() {
	mask := len(c.slots) - 1
	for ; ; c.hand = (c.hand + 1) & mask {
		switch s := &c.slots[c.hand&mask]; {
		case s.loc == 0:
		case s.loc >= ageOne:
			s.loc -= ageOne
		default:
			c.drop(c.hand & mask)
			c.evicted++
			return
		}
	}
}

// drop frees a slot and closes the gap in the chain of probes behind it.
func (c *cache) drop(at int) {
	c.pages.free(c.slots[at].loc & place)
	c.n--
	mask := len(c.slots) - 1
	for next := (at + 1) & mask; c.slots[next].loc != 0; next = (next + 1) & mask {
		home := int(c.slots[next].tag) & mask
		if (next-home)&mask >= (next-at)&mask { // it may move up to the gap
			c.slots[at] = c.slots[next]
			at = next
		}
	}
	c.slots[at] = slot{}
}

// pages hands out memory in units of 16 bytes. Small records share pages, by size;
// larger ones are on their own.
type pages struct {
	pages [][]byte
	next  uint32 // first unit never handed out
	holes [smallUnits + 1][]uint32
	large [][]byte
	spare []uint32 // free indexes of large
	used  int64    // bytes handed out, large records included
}

const (
	unitLog    = 4
	unit       = 1 << unitLog // bytes
	pageLog    = 15
	pageUnits  = 1 << pageLog    // 512 KiB
	smallUnits = 20              // records up to so many units share pages
	isLarge    = uint32(1) << 29 // locations of large records; small ones lie below
	prefix     = 2               // bytes before a small record: its length
)

func newPages() pages { return pages{next: 1} }

func unitsFor(n int) int { return (n + prefix + unit - 1) / unit }

// store copies a record in and returns its location, never 0.
func (p *pages) store(record []byte) uint32 {
	units := unitsFor(len(record))
	if units > smallUnits {
		kept := make([]byte, len(record))
		copy(kept, record)
		p.used += int64(cap(kept)) + 24
		if n := len(p.spare); n > 0 {
			at := p.spare[n-1]
			p.spare = p.spare[:n-1]
			p.large[at] = kept
			return isLarge | at
		}
		p.large = append(p.large, kept)
		return isLarge | uint32(len(p.large)-1)
	}
	loc := p.hole(units)
	p.fill(loc, units, record)
	p.used += int64(units) * unit
	return loc
}

// hole finds room for a small record: a hole of its size, part of a larger one, or the end.
func (p *pages) hole(units int) uint32 {
	for size := units; size <= smallUnits; size++ {
		if n := len(p.holes[size]); n > 0 {
			loc := p.holes[size][n-1]
			p.holes[size] = p.holes[size][:n-1]
			if rest := size - units; rest > 0 {
				p.holes[rest] = append(p.holes[rest], loc+uint32(units))
			}
			return loc
		}
	}
	if left := pageUnits - int(p.next&(pageUnits-1)); left < units && left < pageUnits {
		p.holes[left] = append(p.holes[left], p.next)
		p.next += uint32(left)
	}
	loc := p.next
	p.next += uint32(units)
	if int(loc>>pageLog) == len(p.pages) {
		p.pages = append(p.pages, make([]byte, pageUnits*unit))
	}
	return loc
}

func (p *pages) at(loc uint32) []byte {
	return p.pages[loc>>pageLog][(loc&(pageUnits-1))<<unitLog:]
}

func (p *pages) fill(loc uint32, units int, record []byte) {
	b := p.at(loc)[:units*unit]
	b[0], b[1] = byte(len(record)), byte(len(record)>>8)
	copy(b[prefix:], record)
}

// record is the record at a location.
func (p *pages) record(loc uint32) []byte {
	if loc&isLarge != 0 {
		return p.large[loc&^isLarge]
	}
	b := p.at(loc)
	n := int(b[0]) | int(b[1])<<8
	return b[prefix : prefix+n : prefix+n]
}

func (p *pages) free(loc uint32) {
	record := p.record(loc)
	if loc&isLarge != 0 {
		p.used -= int64(cap(record)) + 24
		p.large[loc&^isLarge] = nil
		p.spare = append(p.spare, loc&^isLarge)
		return
	}
	units := unitsFor(len(record))
	p.used -= int64(units) * unit
	p.holes[units] = append(p.holes[units], loc)
}

// replace puts another record in place of one, where it is if it fits there.
func (p *pages) replace(loc uint32, record []byte) uint32 {
	if loc&isLarge == 0 {
		if units := unitsFor(len(p.record(loc))); units == unitsFor(len(record)) {
			p.fill(loc, units, record)
			return loc
		}
	}
	p.free(loc)
	return p.store(record)
}

// keyOf reads the key at the front of a record.
func keyOf(record []byte) packed {
	return packed{number7(record), number7(record[7:])}
}

func number7(b []byte) (n uint64) {
	_ = b[6]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48
}

func appendKey(b []byte, k packed) []byte {
	for _, n := range [...]uint64{k.sender, k.user} {
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48))
	}
	return b
}

const keyBytes = 14
