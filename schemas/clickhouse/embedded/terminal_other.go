//go:build !linux

package embedded

import (
	"errors"
	"os"
)

// openTerminal is for Linux, the only system whose engine is pinned and tried.
func openTerminal() (master, slave *os.File, err error) {
	return nil, nil, errors.ErrUnsupported
}
