//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"postage/ingest/kafka"
	"syscall"
	"testing"
)

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
	if err := cmd.Run(); err != nil {
		t.Fatalf("ingest: %v\n%s", err, log.String())
	}
	p.checkLedger(records)
	if got := p.one("SELECT countIf(length(value) = 20 * 1024 * 1024) FROM refused"); got != "60" {
		t.Errorf("refused with all their bytes: got %s, want 60", got)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	t.Logf("%d MiB of records, peak of the consumer %d MiB", records*size>>20, peak>>10)
	if peak > limit {
		t.Errorf("peak of resident memory: got %d MiB, want at most %d", peak>>10, limit>>10)
	}
}
