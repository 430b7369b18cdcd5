//go:build linux || darwin

// Package maven fetches what tests take from Maven: jars of a broker, rule sets of
// e-invoices. Nothing of the product imports it.
package maven

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Jars returns the folder with all jars that a pom depends on, asking Maven for them
// if they are not in the cache. The folder is named after name and the pom's content, so
// another version gets another folder, and renamed into place, so it is whole or absent.
func Jars(ctx context.Context, name string, pom []byte) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%s: no place to keep its jars: %w", name, err)
	}
	sum := sha256.Sum256(pom)
	cache := filepath.Join(base, "postage")
	jars := filepath.Join(cache, name+"-"+hex.EncodeToString(sum[:6]))
	if exists(jars) {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("%s: its jars are not in the cache and mvn is not on PATH; install Maven (Debian: maven)", name)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	// Test packages run side by side, and Maven's own repository takes one writer.
	unlock, err := waitLock(ctx, filepath.Join(cache, "maven.lock"))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	defer unlock()
	if exists(jars) {
		return jars, nil
	}
	if err := copyJars(ctx, mvn, cache, jars, pom); err != nil {
		return "", fmt.Errorf("%s: fetching its jars: %w", name, err)
	}
	return jars, nil
}

func copyJars(ctx context.Context, mvn, cache, jars string, pom []byte) error {
	left, err := filepath.Glob(filepath.Join(cache, "mvn-*")) // of a run that was killed
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp(cache, "mvn-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.WriteFile(filepath.Join(tmp, "pom.xml"), pom, 0o644); err != nil {
		return err
	}
	ready := filepath.Join(tmp, "jars")
	cmd := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "--strict-checksums",
		"dependency:copy-dependencies", "-DoutputDirectory="+ready)
	cmd.Dir = tmp
	cmd.WaitDelay = 5 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return os.Rename(ready, jars)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func waitLock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
