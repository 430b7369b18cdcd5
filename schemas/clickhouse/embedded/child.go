package embedded

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

const (
	markerEnv   = "POSTAGE_ENGINE_CHILD"
	markerValue = "clickhouse"
	childLibEnv = "POSTAGE_ENGINE_CHILD_LIB"
)

// MaybeRunChild turns this process into an engine if it was started as one, and
// then never returns; otherwise it does nothing. Call it first in main and in
// TestMain, before flags are parsed.
func MaybeRunChild() {
	if os.Getenv(markerEnv) != markerValue {
		return
	}
	// Thread-local state of the library wants the thread it began with.
	runtime.LockOSThread()
	if err := runLibrary(os.Getenv(childLibEnv), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// No destructors: the library's own can wait on threads it left behind.
	os.Exit(0)
}

// runLibrary is clickhouse-local's main from the library file, with args.
func runLibrary(lib string, args []string) error {
	out, msg, err := queryCmdline(lib, append([]string{"clickhouse"}, args...))
	if err != nil {
		return err
	}
	if msg != "" {
		return errors.New(msg)
	}
	// A failing query is told on stderr only; the result has no error.
	if !strings.Contains(out, lastWord) {
		return errors.New("clickhouse engine: its listeners did not all start, or it stopped before its stdin ended")
	}
	return nil
}
