package embedded

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The pinned engine: ClickHouse 26.7 as a library (Apache-2.0), in the form the
// chdb project publishes for npm.
const (
	libraryVersion = "26.7.3-stable.1"
	libraryFile    = "libchdb.so"
	downloadMB     = 178
)

// pin is one platform's package: its name, the hash npm knows it by, and the
// length of the library in it.
type pin struct {
	pkg          string
	integrity    string
	libraryBytes int64
}

// pins by GOOS/GOARCH. Only what could be fetched and run is here; elsewhere a
// clickhouse binary serves, or a library named by LibraryEnv.
var pins = map[string]pin{
	"linux/amd64": {
		pkg:          "@chdb/lib-linux-x64-gnu",
		integrity:    "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		libraryBytes: 566330096,
	},
}

// cachedLibrary returns the pinned library's path, fetching it if it is not in
// the cache. Several processes may ask at once: one fetches, the others wait.
func cachedLibrary(ctx context.Context, progress io.Writer) (string, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	p, ok := pins[platform]
	if !ok {
		return "", fmt.Errorf("no library is pinned for %s", platform)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep the library: %w", err)
	}
	cache := filepath.Join(base, "postage")
	lib := filepath.Join(cache, "clickhouse-"+libraryVersion, libraryFile)
	if p.isWhole(lib) {
		return lib, nil
	}
	if err := p.fetch(ctx, cache, lib, progress); err != nil {
		return "", fmt.Errorf("the library %s@%s could not be fetched: %w", p.pkg, libraryVersion, err)
	}
	return lib, nil
}

// isWhole trusts the rename for the content and looks at the length only:
// hashing half a gigabyte at every start would take longer than the start.
func (p pin) isWhole(lib string) bool {
	info, err := os.Stat(lib)
	return err == nil && info.Size() == p.libraryBytes
}

func (p pin) fetch(ctx context.Context, cache, lib string, progress io.Writer) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errNoNPM
	}
	if err := os.MkdirAll(filepath.Dir(lib), 0o755); err != nil {
		return err
	}
	lock, err := lockFile(ctx, filepath.Join(cache, "fetch.lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if p.isWhole(lib) { // someone else fetched it while we waited
		return nil
	}
	if err := dropLeftovers(cache); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	begun := time.Now()
	fmt.Fprintf(progress, "Fetching ClickHouse %s through npm, once (%d MB, %d MB unpacked) ...\n",
		libraryVersion, downloadMB, p.libraryBytes>>20)
	tarball, err := npmPack(ctx, npm, tmp, p.pkg+"@"+libraryVersion, progress)
	if err != nil {
		return err
	}
	unpacked := filepath.Join(tmp, libraryFile)
	if err := p.unpack(tarball, unpacked); err != nil {
		return err
	}
	if err := os.Rename(unpacked, lib); err != nil {
		return err
	}
	fmt.Fprintf(progress, "ClickHouse %s is in %s (%.0f s)\n", libraryVersion, filepath.Dir(lib), time.Since(begun).Seconds())
	return nil
}

// dropLeftovers removes what a fetch that was killed left behind. Under the lock.
func dropLeftovers(cache string) error {
	old, err := filepath.Glob(filepath.Join(cache, "fetch-*"))
	if err != nil {
		return err
	}
	for _, dir := range old {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// npmPack downloads one package into dir and returns the tarball. npm's cache
// goes there too, so that no second copy stays behind in the user's own one.
func npmPack(ctx context.Context, npm, dir, spec string, progress io.Writer) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--silent", "--ignore-scripts", "--no-audit",
		"--no-fund", "--no-update-notifier", "--pack-destination", dir, "--cache", filepath.Join(dir, "npm"))
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	go tellSize(ctx, dir, progress)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		if text := strings.TrimSpace(string(out)); text != "" {
			return "", fmt.Errorf("npm pack: %w: %s", err, text)
		}
		return "", fmt.Errorf("npm pack: %w (is there a network, and a registry in npm's configuration?)", err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("npm pack left %d tarballs in place of one", len(found))
	}
	return found[0], nil
}

// tellSize writes a line now and then, so that a slow network is not a silent one.
func tellSize(ctx context.Context, dir string, progress io.Writer) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var size int64
		// Files come and go while npm works; what cannot be read counts nothing.
		_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // see above
			}
			if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
				size += info.Size()
			}
			return nil
		})
		fmt.Fprintf(progress, "  %d of %d MB\n", min(size/1e6, downloadMB), downloadMB)
	}
}

// unpack checks the tarball's hash and, only if it is the pinned one, takes the
// library out of it, to the disk and not only to the page cache.
func (p pin) unpack(tarball, to string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != p.integrity {
		return fmt.Errorf("its hash is %s, pinned is %s: not used", got, p.integrity)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("no %s in it", libraryFile)
		}
		if err != nil {
			return err
		}
		if h.Name == "package/"+libraryFile {
			return writeSynced(to, t, p.libraryBytes)
		}
	}
}

func writeSynced(path string, from io.Reader, want int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, from)
	if err == nil && n != want {
		err = fmt.Errorf("the library has %d bytes, pinned are %d", n, want)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
