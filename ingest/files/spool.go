package files

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// spool is the temporary file of a run: an append-only heap of bytes that are
// read back by place. It exists from the first write on. Where the system allows
// it the file loses its name at once, so that not even a killed process leaves
// anything behind; elsewhere close removes it. Only its owner may read it.
//
// It is safe for concurrent use.
type spool struct {
	dir string // "" means os.TempDir, which honours TMPDIR

	mu    sync.Mutex
	file  *os.File
	named bool
	err   error

	end atomic.Int64
}

// extent is a place in the spool.
type extent struct{ at, size int64 }

// write appends the pieces, one after another, and says where they are.
func (s *spool) write(pieces ...[]byte) (extent, error) {
	f, err := s.open()
	if err != nil {
		return extent{}, err
	}
	var size int64
	for _, p := range pieces {
		size += int64(len(p))
	}
	e := extent{s.end.Add(size) - size, size}
	at := e.at
	for _, p := range pieces {
		if _, err := f.WriteAt(p, at); err != nil {
			return extent{}, fmt.Errorf("sorting on disk: %w; set TMPDIR to a folder with more room", err)
		}
		at += int64(len(p))
	}
	return e, nil
}

// read fills p with the bytes at that place.
func (s *spool) read(p []byte, at int64) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	if _, err := f.ReadAt(p, at); err != nil {
		return fmt.Errorf("sorting on disk: %w", err)
	}
	return nil
}

func (s *spool) open() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil && s.err == nil {
		f, err := os.CreateTemp(s.dir, "postage-rate-*")
		if err != nil {
			s.err = fmt.Errorf("sorting on disk: %w", err)
			return nil, s.err
		}
		s.file, s.named = f, os.Remove(f.Name()) != nil
	}
	return s.file, s.err
}

// size is how much was written.
func (s *spool) size() int64 { return s.end.Load() }

// close gives the disk space back. Nothing may be written or read afterwards.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file, s.err = nil, os.ErrClosed
	err := f.Close()
	if s.named {
		err = os.Remove(f.Name())
	}
	if err != nil {
		return fmt.Errorf("sorting on disk: %w", err)
	}
	return nil
}

// budget counts the memory that events and messages at rest take. What is over
// it goes to the spool.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take reserves n bytes if they fit.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.limit {
		return true
	}
	b.used.Add(-n)
	return false
}

// add takes n bytes whether they fit or not; over says whether to spill.
func (b *budget) add(n int64) (over bool) { return b.used.Add(n) > b.limit }

func (b *budget) give(n int64) { b.used.Add(-n) }
