package export

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// WriteFile writes a file that appears when it is whole.
func WriteFile(path string, write func(io.Writer) error) error {
	f, err := NewAtomic(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Commit()
}

// Atomic is a file that appears under its name when it is whole, replacing what had the
// name before, or never.
type Atomic struct {
	path string
	tmp  *os.File // nil once it is settled
}

// NewAtomic begins a file, in the folder where it will be.
func NewAtomic(path string) (*Atomic, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &Atomic{path, tmp}, nil
}

func (a *Atomic) Write(p []byte) (int, error) { return a.tmp.Write(p) }

// Commit puts the file in its place. It does not wait for the disk: an export can be
// written again, and a thousand small files would each cost a sync.
func (a *Atomic) Commit() error {
	tmp := a.tmp
	a.tmp = nil
	err := errors.Join(tmp.Chmod(0o640), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), a.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// Discard removes what was written and not committed; after Commit it does nothing.
func (a *Atomic) Discard() error {
	tmp := a.tmp
	a.tmp = nil
	if tmp == nil {
		return nil
	}
	return errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}
