//go:build linux || darwin

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

var errAddrInUse = syscall.EADDRINUSE

// lockDir takes the directory for this process. The broker lives in the process,
// so the kernel frees the lock when it is gone, however it went.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("kafka broker: lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		owner := "another process"
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			owner = "process " + strings.TrimSpace(string(text))
		}
		return nil, fmt.Errorf("data directory %s is in use by %s; stop it, or give another directory", dir, owner)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("kafka broker: lock %s: %w", path, err)
	}
	return f, nil
}
