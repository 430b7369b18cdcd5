//go:build linux || darwin

package embedded

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// queryCmdline loads the library and runs chdb_query_cmdline(argc, argv), which
// is clickhouse-local's main except that it collects standard output. It returns
// that output and the error the result carries. Once per process.
func queryCmdline(lib string, args []string) (out, msg string, err error) {
	handle, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return "", "", fmt.Errorf("clickhouse engine: loading %s: %w", lib, err)
	}
	var (
		run    func(argc int32, argv unsafe.Pointer) uintptr
		errOf  func(result uintptr) string
		textOf func(result uintptr) string
	)
	for name, fn := range map[string]any{
		"chdb_query_cmdline": &run, "chdb_result_error": &errOf, "chdb_result_buffer": &textOf,
	} {
		sym, err := purego.Dlsym(handle, name)
		if err != nil {
			return "", "", fmt.Errorf("clickhouse engine: %s has no %s: %w", lib, name, err)
		}
		purego.RegisterFunc(fn, sym)
	}
	// argv for C: pinned, since C keeps the addresses for as long as it runs.
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]*byte, len(args)+1)
	for i, a := range args {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv[i] = &b[0]
	}
	pin.Pin(&argv[0])
	result := run(int32(len(args)), unsafe.Pointer(&argv[0]))
	if result == 0 {
		return "", "clickhouse engine: no result", nil
	}
	return textOf(result), errOf(result), nil
}
