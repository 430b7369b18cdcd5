package live

import (
	"postage/ingest"
)

// desk sorts the events of a batch by conversation.
type desk struct {
	groups []group
	events []*ingest.Record
	next   []int32 // by event: the next one of its conversation, -1 for none
	table  []int32 // groups by hash, open addressing: index plus 1
}

// group is the events of one conversation in a batch, in the order they came.
type group struct {
	Key
	hash        uint64
	packed      packed
	cachable    bool
	first, last int32 // chain of events
	n           int
}

func (d *desk) reset(events int) {
	d.groups, d.events, d.next = d.groups[:0], d.events[:0], d.next[:0]
	size := 1024
	for size < 2*events {
		size *= 2
	}
	if len(d.table) < size {
		d.table = make([]int32, size)
	} else {
		clear(d.table)
	}
}

// lay puts events on the desk. They stay where they are.
func (d *desk) lay(records []ingest.Record) {
	mask := len(d.table) - 1
	for i := range records {
		r := &records[i]
		at := int32(len(d.events))
		d.events = append(d.events, r)
		d.next = append(d.next, -1)
		key := Key{r.Event.Sender, r.Event.User}
		hash := key.Hash()
		for slot := int(hash>>20) & mask; ; slot = (slot + 1) & mask {
			g := d.table[slot]
			if g == 0 {
				d.table[slot] = int32(len(d.groups) + 1)
				p, ok := key.pack()
				d.groups = append(d.groups, group{key, hash, p, ok, at, at, 1})
				break
			}
			if known := &d.groups[g-1]; known.hash == hash && known.Key == key {
				d.next[known.last] = at
				known.last = at
				known.n++
				break
			}
		}
	}
}
