//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"postage/ingest/kafka"
	"strings"
	"testing"
	"time"
)

// runMeasured runs a command and returns its peak of resident memory in KiB. The usage that
// the kernel gives of a child counts its parent too, as it was when it forked.
func runMeasured(cmd *exec.Cmd) (peak int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return peak, err
		case <-time.After(20 * time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			continue // it has just ended
		}
		if _, line, found := strings.Cut(string(status), "VmHWM:"); found {
			_, _ = fmt.Sscan(line, &peak) // peak stays as it was when this is not a number
		}
	}
}

// TestMemoryIsBounded: what is in memory at a time is bounded by bytes, whatever the size of
// the records: here 60 of 20 MiB, on four partitions, that do not compress.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	const records, size, limit = 60, 20 << 20, 1 << 20 // KiB
	noise := make([]byte, size)
	chance := rand.NewChaCha8([32]byte{1})
	producer := kafka.NewProducer(p.engines.brokers, eventsTopic)
	for range records {
		if _, err := chance.Read(noise); err != nil {
			t.Fatal(err)
		}
		if err := producer.Produce(t.Context(), kafka.Produced{Key: noise[:8], Value: noise, Time: at("2026-10-15T12:00:00Z")}); err != nil {
			t.Fatal(err)
		}
	}
	producer.Close()
	cmd := command(t, "ingest", "--kafka", p.Kafka, "--clickhouse", p.Clickhouse, "--data", p.Data, "--until-caught-up")
	var log bytes.Buffer
	cmd.Stderr = &log
	peak, err := runMeasured(cmd)
	if err != nil {
		t.Fatalf("ingest: %v\n%s", err, log.String())
	}
	p.checkLedger(records)
	if got := p.one("SELECT countIf(length(value) = 20 * 1024 * 1024) FROM refused"); got != "60" {
		t.Errorf("refused with all their bytes: got %s, want 60", got)
	}
	t.Logf("%d MiB of records, peak of the consumer %d MiB", records*size>>20, peak>>10)
	if peak > limit {
		t.Errorf("peak of resident memory: got %d MiB, want at most %d", peak>>10, limit>>10)
	}
}
