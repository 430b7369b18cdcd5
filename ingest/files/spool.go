package files

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// spool is the disk space of a run: an append-only heap of bytes that are read
// back by place. A file of it exists from the first write on. Where the system
// allows it a file loses its name at once, so that not even a killed process
// leaves anything behind; elsewhere close removes it. Only its owner may read it.
//
// It is safe for concurrent use. There are several files because the system lets
// one goroutine at a time write to each.
type spool struct {
	dir   string // "" means os.TempDir, which honours TMPDIR
	files [4]spoolFile
	next  atomic.Uint32
}

type spoolFile struct {
	mu    sync.Mutex
	file  *os.File
	named bool
	end   int64
}

// extent is a place in the spool.
type extent struct{ file, at, size int64 }

// write appends the pieces, one after another, and says where they are.
func (s *spool) write(pieces ...[]byte) (extent, error) {
	n := int64(s.next.Add(1)) % int64(len(s.files))
	for i := int64(0); !s.files[n].mu.TryLock(); i++ {
		if n = (n + 1) % int64(len(s.files)); i == int64(len(s.files)) {
			s.files[n].mu.Lock()
			break
		}
	}
	f := &s.files[n]
	defer f.mu.Unlock()
	if err := f.open(s.dir); err != nil {
		return extent{}, err
	}
	e := extent{file: n, at: f.end}
	for _, p := range pieces {
		if _, err := f.file.WriteAt(p, f.end); err != nil {
			return extent{}, fmt.Errorf("sorting on disk: %w; set TMPDIR to a folder with more room", err)
		}
		f.end += int64(len(p))
		e.size += int64(len(p))
	}
	return e, nil
}

// open creates the file when it does not exist yet.
func (f *spoolFile) open(dir string) error {
	if f.file != nil {
		return nil
	}
	file, err := os.CreateTemp(dir, "postage-rate-*") // mode 0600
	if err != nil {
		return fmt.Errorf("sorting on disk: %w", err)
	}
	f.file, f.named = file, os.Remove(file.Name()) != nil
	return nil
}

// read fills p with the bytes at the beginning of an extent.
func (s *spool) read(p []byte, e extent) error {
	if _, err := s.files[e.file].file.ReadAt(p, e.at); err != nil {
		return fmt.Errorf("sorting on disk: %w", err)
	}
	return nil
}

// size is how much was written.
func (s *spool) size() (bytes int64) {
	for i := range s.files {
		s.files[i].mu.Lock()
		bytes += s.files[i].end
		s.files[i].mu.Unlock()
	}
	return bytes
}

// close gives the disk space back. Nothing may be written or read afterwards.
func (s *spool) close() error {
	var errs []error
	for i := range s.files {
		f := &s.files[i]
		f.mu.Lock()
		if f.file != nil {
			errs = append(errs, f.file.Close())
			if f.named {
				errs = append(errs, os.Remove(f.file.Name()))
			}
		}
		f.mu.Unlock()
	}
	return errors.Join(errs...)
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
