package main

import (
	"fmt"
	"os"
	"syscall"
)

// peakRSS is the largest resident memory this process has had, in KiB.
func peakRSS() int64 {
	var kib int64
	if _, err := fmt.Sscan(procField("/proc/self/status", "VmHWM"), &kib); err == nil {
		return kib
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Maxrss
}

// resetPeakRSS makes peakRSS begin anew, where the system allows it.
func resetPeakRSS() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // without it the peak is that of the whole process
}
