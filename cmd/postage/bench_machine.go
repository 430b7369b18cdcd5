package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machineName says what a figure was measured on: "linux/amd64, 2 cores, Intel(R)
// Xeon(R) Processor, 24 GB"; what the system does not tell is left out.
func machineName() string {
	parts := []string{runtime.GOOS + "/" + runtime.GOARCH, fmt.Sprintf("%d cores", runtime.GOMAXPROCS(0))}
	if model := procField("/proc/cpuinfo", "model name"); model != "" {
		parts = append(parts, model)
	}
	var kib int64
	if _, err := fmt.Sscan(procField("/proc/meminfo", "MemTotal"), &kib); err == nil {
		parts = append(parts, fmt.Sprintf("%d GB", (kib+1<<19)>>20))
	}
	return strings.Join(parts, ", ")
}

// clockTick is the unit of /proc/PID/stat on Linux.
const clockTick = 10 * time.Millisecond

// cpuTimeOf is the processor time that a process has used, 0 where the system does not tell.
func cpuTimeOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	const user, system = 11, 12 // fields 14 and 15, counted behind the name
	if len(fields) <= system {
		return 0
	}
	var ticks [2]int64
	if _, err := fmt.Sscan(fields[user]+" "+fields[system], &ticks[0], &ticks[1]); err != nil {
		return 0
	}
	return time.Duration(ticks[0]+ticks[1]) * clockTick
}

// procField is the value of the first "name : value" line of a file, "" when it has none.
func procField(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if field, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(field) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
