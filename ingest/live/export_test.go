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

// ForgetIDs forgets the ids of the latest messages.
func (f *Follower) ForgetIDs() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.recent.slots)
}

// Shortened says how many messages were left out of cached stories.
func (f *Follower) Shortened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left.count
}

// Folded says how many messages of a conversation are folded up.
func (f *Follower) Folded(key Key) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, _ := key.pack()
	var s story
	f.shapes.decode(&s, f.cache.get(key.Hash(), p), key)
	for folded := s.folded; len(folded) > 0; {
		var sh sheet
		sh, folded = firstSheet(folded)
		n += len(sh.hashes) / 8
	}
	return n
}
