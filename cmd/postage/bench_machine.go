package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
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
