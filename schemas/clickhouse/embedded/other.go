//go:build !linux && !darwin

package embedded

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

var errPlatform = errors.New("the embedded ClickHouse runs on Linux and macOS only; " +
	"point --clickhouse at a server (clickhouse://host:9000/database)")

type dirLock struct{ file *os.File }

func lockDir(context.Context, string, time.Duration) (*dirLock, error) { return nil, errPlatform }
func (*dirLock) write(int, int) error                                  { return errPlatform }
func (*dirLock) release()                                              {}

// The cache of the library is not reached without a lock.
func lockFile(context.Context, string) (*os.File, error) { return nil, errPlatform }

func queryCmdline(string, []string) (out, msg string, err error) { return "", "", errPlatform }

func childAttr() *syscall.SysProcAttr { return nil }
