package embedded

import "syscall"

// childAttr: its own process group, so that Ctrl-C at the terminal reaches the
// parent alone, which then closes clients and engine in order.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
