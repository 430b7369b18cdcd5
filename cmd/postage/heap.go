package main

import (
	"os"
	"runtime/debug"
)

// roomyHeap lets the garbage collector run half as often as usual, for a service of which most
// memory lives for one batch. GOGC in the environment goes before.
func roomyHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}
