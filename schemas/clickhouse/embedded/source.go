package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// LibraryEnv names a library file to be used as it is, instead of the pinned one.
const LibraryEnv = "POSTAGE_CLICKHOUSE_LIB"

// source is where an engine comes from: a library this program loads into a
// child of itself, or a clickhouse binary.
type source struct {
	library string
	binary  string
}

// findSource settles it: the library the environment names, the pinned library
// from the cache, the same fetched through npm, a clickhouse binary on PATH.
func findSource(ctx context.Context, progress io.Writer) (source, error) {
	if lib := os.Getenv(LibraryEnv); lib != "" {
		if _, err := os.Stat(lib); err != nil {
			return source{}, fmt.Errorf("clickhouse engine: the library that %s names: %w", LibraryEnv, err)
		}
		return source{library: lib}, nil
	}
	lib, fetchErr := cachedLibrary(ctx, progress)
	if fetchErr == nil {
		return source{library: lib}, nil
	}
	if ctx.Err() != nil {
		return source{}, fetchErr
	}
	if bin, err := exec.LookPath("clickhouse"); err == nil {
		return source{binary: bin}, nil
	}
	return source{}, fmt.Errorf("no ClickHouse to embed: %w, and there is no clickhouse binary on PATH.\n"+
		"Do one of these: install npm (the engine is then fetched once, %d MB); put a clickhouse binary on PATH;\n"+
		"set %s to a libchdb.so; or point --clickhouse at a server (clickhouse://host:9000/database)",
		fetchErr, downloadMB, LibraryEnv)
}

// command is the process to start. A library runs in this very program, started
// again: the file may have been replaced since, so it is asked for anew.
func (s source) command(config string, terminal bool) (*exec.Cmd, error) {
	if s.binary != "" {
		cmd := exec.Command(s.binary, append([]string{"local"}, engineArgs(config, terminal)...)...)
		cmd.Env = environ()
		return cmd, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("clickhouse engine: own executable: %w", err)
	}
	cmd := exec.Command(self, engineArgs(config, terminal)...)
	cmd.Env = environ(markerEnv+"="+markerValue, childLibEnv+"="+s.library)
	return cmd, nil
}

var errNoNPM = errors.New("npm is not on PATH")
