package rating

import "slices"

// CareWindow is the founding rule: a customer's message opens a window of 24
// hours in which the company answers free. Nothing the company sends opens or
// extends it.
const CareWindow = 24 * Hour

// inbound is one thing the customer did: a message, a call or a reaction.
type inbound struct {
	at    Instant
	click bool // arrived through an advertisement or page button, from a phone
}

// openWindow returns the inbound whose care window [t, t + 24 h) holds the
// instant, and whether there is one. An inbound in the same millisecond counts;
// one exactly 24 hours old does not. in must be sorted by time.
//
// The latest inbound not after the instant decides alone: every earlier one
// closes earlier.
func openWindow(in []inbound, at Instant) (Instant, bool) {
	n, _ := slices.BinarySearchFunc(in, at, func(i inbound, at Instant) int {
		if i.at <= at {
			return -1
		}
		return 1
	})
	if n == 0 || at >= in[n-1].at+CareWindow {
		return 0, false
	}
	return in[n-1].at, true
}
