package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestBenchClose runs the benchmark small, with an account that has most of the month. It checks by itself
// that every message of the log is on a statement; here the figures are looked at.
func TestBenchClose(t *testing.T) {
	t.Parallel()
	var out, log bytes.Buffer
	if status := run([]string{"bench", "close", "--json", "--messages", "20000", "--accounts", "20", "--largest", "60"}, strings.NewReader(""), &out, &log); status != exitDone {
		t.Fatalf("exit status %d\n%s", status, &log)
	}
	var f closeFigures
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	if f.Messages != 20_000 || f.Accounts != 20 || f.Statements != 20 || f.LargestShare != 60 || f.Events != 64_000 || f.Parts != 1 {
		t.Errorf("workload: %+v", f)
	}
	if f.MessagesPerS <= 0 || f.Seconds <= 0 || f.CPU <= 0 || f.ClickHouseCPU <= 0 || f.PeakRSSMB < 10 || !strings.Contains(f.Machine, "cores") {
		t.Errorf("figures: %+v", f)
	}
}

func TestBenchCloseUsage(t *testing.T) {
	for _, args := range [][]string{{"--messages", "9", "--accounts", "1"}, {"--accounts", "0"}, {"--largest", "101"}, {"--month", "October"}} {
		if status := run(append([]string{"bench", "close"}, args...), strings.NewReader(""), new(bytes.Buffer), new(bytes.Buffer)); status != exitUsage {
			t.Errorf("bench close %v: exit status %d, want %d", args, status, exitUsage)
		}
	}
}
