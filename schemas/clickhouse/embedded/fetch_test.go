package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeNPM puts an npm on PATH that "downloads" a tarball holding library, counts
// its runs in a file, and returns a pin that fits.
func fakeNPM(t *testing.T, library string) (p pin, runs func() int) {
	t.Helper()
	var tgz bytes.Buffer
	z := gzip.NewWriter(&tgz)
	w := tar.NewWriter(z)
	for name, text := range map[string]string{"package/index.js": "x", "package/" + libraryFile: library} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("package.tgz", tgz.Bytes())
	write("npm", []byte("#!/bin/sh\necho run >> "+dir+"/runs\nsleep 0.1\n"+
		"while [ \"$1\" != --pack-destination ]; do shift; done\ncp "+dir+"/package.tgz \"$2\"\n"))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	sum := sha512.Sum512(tgz.Bytes())
	p = pin{pkg: "fake", integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), libraryBytes: int64(len(library))}
	return p, func() int {
		text, _ := os.ReadFile(filepath.Join(dir, "runs"))
		return strings.Count(string(text), "run")
	}
}

func TestFetchOnceAmongMany(t *testing.T) {
	p, runs := fakeNPM(t, "a library")
	cache := t.TempDir()
	lib := filepath.Join(cache, "clickhouse-x", libraryFile)
	leftover := filepath.Join(cache, "fetch-123")
	if err := os.MkdirAll(filepath.Join(leftover, "npm"), 0o755); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := p.fetch(t.Context(), cache, lib, io.Discard); err != nil {
				t.Errorf("fetch: %v", err)
			}
		})
	}
	wg.Wait()
	if got, err := os.ReadFile(lib); err != nil || string(got) != "a library" {
		t.Errorf("library: got %q, %v; want %q", got, err, "a library")
	}
	if got := runs(); got != 1 {
		t.Errorf("npm ran %d times, want 1", got)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "fetch-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFetchRefusesOtherContent(t *testing.T) {
	p, _ := fakeNPM(t, "a library")
	other, _ := fakeNPM(t, "a libravy") // now first on PATH, same length
	cache := t.TempDir()
	lib := filepath.Join(cache, "clickhouse-x", libraryFile)
	err := p.fetch(t.Context(), cache, lib, io.Discard)
	if want := fmt.Sprintf("its hash is %s, pinned is %s", other.integrity, p.integrity); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one containing %q", err, want)
	}
	if p.isWhole(lib) {
		t.Error("a library with the wrong hash was kept")
	}
}

func TestNothingToEmbed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv(LibraryEnv, "")
	_, err := findSource(t.Context(), io.Discard)
	if err == nil {
		t.Fatal("an engine was found where there is none")
	}
	for _, want := range []string{"install npm", "clickhouse binary on PATH", LibraryEnv, "--clickhouse"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want one that says %q", err, want)
		}
	}
}

func TestBinaryOnPathServes(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "clickhouse")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv(LibraryEnv, "")
	src, err := findSource(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := src.command("engine.xml", true)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(cmd.Args[:3], " ")
	if want := bin + " local --config-file=engine.xml"; got != want {
		t.Errorf("command: got %q, want %q", got, want)
	}
}
