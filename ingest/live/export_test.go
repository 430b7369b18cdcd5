package live

// Bound sets how long a story in the cache may be.
func (f *Follower) Bound(shortenBytes, keepMessages, retainBytes int) {
	f.bounds = bounds{shortenBytes, keepMessages, retainBytes}
}
