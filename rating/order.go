package rating

import "slices"

// sortKey is a message with what it is first ordered by, side by side in memory.
type sortKey struct {
	at      uint64 // delivery, so that earlier is smaller, also before 1970
	message *Message
}

// sortCanonical puts messages into the canonical order. Instants of a few months
// differ in few bits, so it sorts small keys digit by digit, and looks at the
// messages only where two were delivered in the same millisecond. The scratch
// memory is reused and returned.
func sortCanonical(messages []*Message, keys, spare []sortKey) (_, _ []sortKey) {
	keys, spare = keys[:0], slices.Grow(spare[:0], len(messages))[:len(messages)]
	some, all := uint64(0), ^uint64(0)
	for _, m := range messages {
		at := uint64(m.DeliveredAt) ^ 1<<63
		keys = append(keys, sortKey{at, m})
		some, all = some|at, all&at
	}
	const bits, mask = 11, 1<<11 - 1
	for shift := 0; shift < 64; shift += bits {
		if (some^all)>>shift&mask == 0 {
			continue // the same digit everywhere
		}
		var places [1 << bits]int32
		for i := range keys {
			places[keys[i].at>>shift&mask]++
		}
		next := int32(0)
		for d, n := range places {
			places[d] = next
			next += n
		}
		for _, k := range keys {
			place := &places[k.at>>shift&mask]
			spare[*place] = k
			*place++
		}
		keys, spare = spare, keys
	}
	for first := 0; first < len(keys); {
		last := first + 1
		for last < len(keys) && keys[last].at == keys[first].at {
			last++
		}
		if last-first > 1 {
			slices.SortFunc(keys[first:last], func(a, b sortKey) int { return CanonicalOrder(a.message, b.message) })
		}
		first = last
	}
	for i := range keys {
		messages[i] = keys[i].message
	}
	return keys, spare
}
