package apachekafka

import "syscall"

// childAttr: Ctrl-C reaches the test alone, and the node dies with it.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
