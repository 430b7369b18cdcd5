package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestBenchXLSX runs the benchmark small. That both ways write the same table is
// tested where they are.
func TestBenchXLSX(t *testing.T) {
	var out, log bytes.Buffer
	if status := run([]string{"bench", "xlsx", "--json", "--runs", "1", "--rows", "20000"}, strings.NewReader(""), &out, &log); status != exitDone {
		t.Fatalf("got status %d: %s", status, log.String())
	}
	var f xlsxFigures
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	if f.Rows != 20_000 || f.Columns != 12 || f.RowsPerS <= 0 || f.BaselinePerS <= 0 || f.PeakRSSMB <= 0 || !strings.Contains(f.Machine, "cores") {
		t.Errorf("got figures %+v", f)
	}
	// By processor time, which other work on the machine does not stretch as it does the clock's; it is above 3.
	if f.CPURatio < 1.5 {
		t.Errorf("got a ratio of %.2f by processor time: rows are hardly faster than plain excelize's", f.CPURatio)
	}
	if f.Bytes > f.BaselineBytes*5/4 {
		t.Errorf("got %d bytes, much more than the %d of plain excelize", f.Bytes, f.BaselineBytes)
	}
	for _, args := range [][]string{{"--rows", "0"}, {"--rows", "1048577"}, {"--runs", "0"}} {
		if status := run(append([]string{"bench", "xlsx"}, args...), strings.NewReader(""), &out, &log); status != exitUsage {
			t.Errorf("bench xlsx %v: got status %d, want %d", args, status, exitUsage)
		}
	}
}
