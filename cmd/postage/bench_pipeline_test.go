package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"postage/ingest"
	"postage/rating"
	"postage/schemas/clickhouse"
	"strings"
	"testing"
	"time"
)

// TestBenchPipeline runs the benchmark once, small. Each leg checks by itself that the table
// holds every event once, with the same content whichever way it came; here the
// figures are looked at, which on a busy machine can be anything but nonsense.
func TestBenchPipeline(t *testing.T) {
	var out, log bytes.Buffer
	if status := run([]string{"bench", "pipeline", "--json", "--rounds", "1", "--messages", "100000"}, strings.NewReader(""), &out, &log); status != exitDone {
		t.Fatalf("exit status %d\n%s", status, &log)
	}
	var f pipelineFigures
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatal(err)
	}
	if f.Events < 250_000 || f.Copies < f.Events/25 || f.Copies > f.Events/16 || f.BytesPerEvent < 250 {
		t.Errorf("workload: %d events of %d bytes, %d copies; want 5 %% copies", f.Events, f.BytesPerEvent, f.Copies)
	}
	if f.RawPerS <= 0 || f.KafkaEnginePerS <= 0 || f.RatedPerS <= 0 || f.RatedToRaw != float64(f.RatedPerS)/float64(f.RawPerS) || f.RatedToKafkaEngine != float64(f.RatedPerS)/float64(f.KafkaEnginePerS) {
		t.Errorf("rates and ratios: %+v", f)
	}
	if f.RawCPU <= 0 || f.KafkaEngineCPU <= 0 || f.RatedCPU <= 0 {
		t.Errorf("processor time: %+v", f)
	}
	stored := int64(0)
	for _, g := range f.Growth {
		if g.Stored <= stored || g.PerS <= 0 || g.CPU <= 0 {
			t.Errorf("growth: %+v", f.Growth)
		}
		stored = g.Stored
	}
	if stored != f.Events || len(f.Growth) > 11 {
		t.Errorf("growth: up to %d events in %d steps; want %d in at most 11", stored, len(f.Growth), f.Events)
	}
	if f.RowsPerEvent < 1 || f.RowsPerEvent > 3 || f.PeakRSSMB < 10 || !strings.Contains(f.Machine, "cores") || len(f.Rounds) != 1 || f.Broker != "embedded" || f.Partitions != topicPartitions || f.KafkaEngine.Consumers == 0 {
		t.Errorf("figures: %+v", f)
	}
}

// TestBenchPipelineChecks: a leg whose table is short of a row, has one twice, or has
// another content, fails.
func TestBenchPipelineChecks(t *testing.T) {
	server := sharedEngine(t)
	b := &pipelineBench{streams: &streams{err: io.Discard, log: slog.New(slog.DiscardHandler)}, dsn: server.DSN(), events: 3}
	event := func(offset int64, template string) ingest.Record {
		return ingest.Record{Origin: ingest.Origin{Topic: "t", Offset: offset}, Event: rating.Event{Type: rating.Sent, At: rating.At(time.Unix(1_790_000_000, 0)), MessageID: "m", Sender: "+442079460000", User: "+447700900123", Template: template}}
	}
	leg := func(name string, records ...ingest.Record) error {
		result, err := b.leg(t.Context(), name, func(ctx context.Context, store *clickhouse.Store, _ string) (time.Duration, error) {
			return time.Second, store.Append(ctx, ingest.Sole{Name: "bench"}, &ingest.Batch{Events: records})
		})
		if err == nil && result.rows != uint64(len(records)) {
			t.Errorf("%s: %d rows written, want %d", name, result.rows, len(records))
		}
		return err
	}
	if err := leg("first", event(0, "a"), event(1, "a"), event(2, "a")); err != nil {
		t.Errorf("a good leg: %v", err)
	}
	if err := leg("again", event(0, "a"), event(1, "a"), event(2, "a")); err != nil {
		t.Errorf("another good leg: %v", err)
	}
	for name, records := range map[string][]ingest.Record{
		"short":   {event(0, "a"), event(1, "a")},
		"twice":   {event(0, "a"), event(1, "a"), event(1, "a")},
		"more":    {event(0, "a"), event(1, "a"), event(2, "a"), event(3, "a")},
		"another": {event(0, "a"), event(1, "a"), event(2, "b")},
	} {
		if err := leg(name, records...); err == nil || !strings.Contains(err.Error(), "want 3 events, each once") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
