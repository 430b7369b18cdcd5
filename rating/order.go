package rating

import "slices"

// sortKey is a message with what it is first ordered by, side by side in memory.
type sortKey struct {
	at      Instant
	message *Message
}

// sortCanonical puts messages into the canonical order. It sorts small keys and
// looks at the messages only where two were delivered in the same millisecond.
// scratch is reused and returned.
func sortCanonical(messages []*Message, scratch []sortKey) []sortKey {
	keys := scratch[:0]
	for _, m := range messages {
		keys = append(keys, sortKey{m.DeliveredAt, m})
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		default:
			return CanonicalOrder(a.message, b.message)
		}
	})
	for i := range keys {
		messages[i] = keys[i].message
	}
	return keys
}
