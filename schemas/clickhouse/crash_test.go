package clickhouse

import (
	"errors"
	"os"
	"postage/ingest"
	"postage/schemas/clickhouse/embedded"
	"testing"
	"time"
)

// TestKillKeepsWhatWasAcknowledged: kill -9 of the engine right after Append loses nothing.
func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	start := func() (*embedded.Server, *Store) {
		t.Helper()
		server, err := embedded.Start(t.Context(), embedded.Options{DataDir: dir, Progress: os.Stderr, StartTimeout: 2 * time.Minute})
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		s, err := Open(t.Context(), server.DSN(), Options{Database: "postage"})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
		return server, s
	}
	const rows = 20_000
	for round := range int64(3) {
		server, s := start()
		if cutoff, err := s.Cutoff(t.Context()); err != nil || (round > 0 && cutoff[0].Offset != round*rows) {
			t.Fatalf("round %d: Cutoff: got %v, %v; want %d", round, cutoff, err, round*rows)
		}
		appendBatch(t, s, ingest.Batch{Events: traffic(uint64(round), rows, 12*rows*round), Spans: []ingest.Span{span(0, round*rows, (round+1)*rows)}})
		server.Kill()
		_ = s.Close() // its connections are dead
	}
	server, s := start()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), server.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	sum, err := s.Ingested(t.Context(), all(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
	if err != nil {
		t.Fatal(err)
	}
	if sum.Events != 3*rows {
		t.Errorf("events after three kills: got %d, want %d", sum.Events, 3*rows)
	}
}
