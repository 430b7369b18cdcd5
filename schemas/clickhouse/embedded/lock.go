//go:build linux || darwin

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// dirLock is a flock on a file in the data directory. Parent and engine share
// the open file, so the lock is free when both are gone and not before.
type dirLock struct{ file *os.File }

// lockDir takes the lock. When its owner is alive it fails at once, naming it;
// when the owner is dead, its engine is still on the way out and is waited for.
func lockDir(ctx context.Context, dir string, wait time.Duration) (*dirLock, error) {
	f, err := os.OpenFile(lockPath(dir), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("clickhouse engine: lock: %w", err)
	}
	deadline := time.Now().Add(wait)
	for unread := 0; ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			l := &dirLock{file: f}
			if err := l.write(os.Getpid(), 0); err != nil {
				l.release()
				return nil, err
			}
			return l, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("clickhouse engine: lock %s: %w", lockPath(dir), err)
		}
		owner, engine := readOwner(lockPath(dir))
		if owner == 0 {
			unread++ // taken a moment ago, not yet signed
		}
		if alive(owner) || unread > 40 || time.Now().After(deadline) {
			f.Close()
			return nil, inUse(dir, owner, engine)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("%w: %w", inUse(dir, owner, engine), ctx.Err())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

func inUse(dir string, owner, engine int) error {
	switch {
	case alive(owner):
		return fmt.Errorf("data directory %s is in use by process %d; stop it, or give another directory", dir, owner)
	case engine != 0:
		return fmt.Errorf("data directory %s is in use by process %d, an engine whose parent is gone; stop it, or give another directory", dir, engine)
	default:
		return fmt.Errorf("data directory %s is in use by another process", dir)
	}
}

// write signs the lock, for whoever finds it taken.
func (l *dirLock) write(owner, engine int) error {
	text := fmt.Appendf(nil, "owner %d\nengine %d\n", owner, engine)
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("clickhouse engine: lock: %w", err)
	}
	if _, err := l.file.WriteAt(text, 0); err != nil {
		return fmt.Errorf("clickhouse engine: lock: %w", err)
	}
	return nil
}

// release closes our half of the lock. The file stays: removing it would let a
// second process lock a file the third cannot see.
func (l *dirLock) release() {
	// Nothing is lost by an error of closing: the text is only a hint.
	_ = l.file.Close()
}

func readOwner(path string) (owner, engine int) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0
	}
	// Half a file parses to zeros, which means not known.
	_, _ = fmt.Sscanf(strings.ReplaceAll(string(text), "\n", " "), "owner %d engine %d", &owner, &engine)
	return owner, engine
}

func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	// A killed process nobody has waited for still has its number: not alive.
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, state, _ := strings.Cut(string(stat), ") ")
		if strings.HasPrefix(state, "Z") {
			return false
		}
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// lockFile takes a lock that is held for a while and not for a life: it waits
// until it gets it or ctx ends. Closing the file frees it.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for another process to fetch it: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
