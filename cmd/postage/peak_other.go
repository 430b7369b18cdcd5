//go:build !linux

package main

// peakRSS is not known here.
func peakRSS() int64 { return 0 }

// resetPeakRSS does nothing.
func resetPeakRSS() {}
