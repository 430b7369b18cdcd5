package embedded

import "syscall"

// childAttr: its own session, so that Ctrl-C at the terminal reaches the parent
// alone, which then closes clients and engine in order, and so that /dev/tty,
// where an interactive engine would draw, does not exist for it; and death with
// the thread that started it.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}
