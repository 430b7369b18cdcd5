package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// demoMarker is in every folder that a demo made, and is its lock. Only such a
// folder is ever emptied.
const demoMarker = "made-by-postage-demo"

// freshDir makes a new folder below base, so that two demos can run at once.
func freshDir(base string) (string, error) {
	if err := os.MkdirAll(base, 0o750); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	dir, err := os.MkdirTemp(base, time.Now().Format("20060102-150405-*"))
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return filepath.Abs(dir)
}

// claimDir takes a folder for a demo: a new or empty one as it is, one that an
// earlier demo left is emptied. A folder with anything else in it, or one that
// another demo is using, is refused. The folder is taken until the lock is closed.
func claimDir(dir string) (lock *os.File, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	marker := filepath.Join(dir, demoMarker)
	if _, err := os.Stat(marker); errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
		return nil, usagef("data folder %s holds something else than a demo; name a new folder", dir)
	}
	lock, err = os.OpenFile(marker, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("data folder %s is in use by another demo; name another folder", dir)
	}
	for _, e := range entries {
		if e.Name() == demoMarker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
	}
	return lock, nil
}
