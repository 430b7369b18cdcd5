package apachekafka

import "syscall"

// childAttr: no own process group, so that Ctrl-C ends the node with the test.
func childAttr() *syscall.SysProcAttr { return nil }
