package live

// Bound sets how long a story in the cache may be.
func (f *Follower) Bound(shortenBytes, keepMessages, retainBytes int) {
	f.bounds = bounds{keepMessages, keepMessages, shortenBytes, retainBytes}
}

// ClearDesk gives back the memory of the latest batch.
func (f *Follower) ClearDesk() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.desk, f.story, f.old, f.rows = desk{}, story{}, nil, nil
}

// Shortened says how many messages were left out of cached stories.
func (f *Follower) Shortened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left.count
}
