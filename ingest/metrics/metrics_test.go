package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"postage/ingest"
	"postage/rating"
	"regexp"
	"strings"
	"testing"
	"time"
)

var p0 = ingest.Partition{Topic: "t", ID: 0}

// broker is a source of one generation with one partition.
type broker struct {
	ingest.Sole
	bounds ingest.Bounds
	commit error
}

func (b *broker) Next(ctx context.Context) (ingest.Generation, error) { return b, ctx.Err() }
func (b *broker) Close() error                                        { return nil }
func (b *broker) Owned() map[ingest.Partition]int64                   { return map[ingest.Partition]int64{p0: 5} }
func (b *broker) Start(map[ingest.Partition]int64)                    {}

func (b *broker) Bounds(context.Context) (map[ingest.Partition]ingest.Bounds, error) {
	return map[ingest.Partition]ingest.Bounds{p0: b.bounds}, nil
}

func (b *broker) Fetch(ctx context.Context, dst []ingest.Message) ([]ingest.Message, error) {
	return dst, ctx.Err()
}

func (b *broker) Commit(context.Context, map[ingest.Partition]int64) error { return b.commit }

// logbook takes every batch, or none.
type logbook struct {
	ingest.Log
	err error
}

func (l *logbook) Append(context.Context, ingest.Tenure, *ingest.Batch) error { return l.err }

func event(offset int64, id string, at rating.Instant) ingest.Record {
	return ingest.Record{
		Origin: ingest.Origin{Topic: "t", Offset: offset}, ArrivedAt: at,
		Event: rating.Event{Type: rating.Delivered, MessageID: id, Sender: "+442079460000", User: "+447700900123"},
	}
}

// value is a figure as Prometheus would scrape it.
func value(t *testing.T, m *Metrics, series string) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == series {
			return v
		}
	}
	return "absent"
}

func check(t *testing.T, m *Metrics, want map[string]string) {
	t.Helper()
	for series, v := range want {
		if got := value(t, m, series); got != v {
			t.Errorf("%s: got %s, want %s", series, got, v)
		}
	}
}

func TestFigures(t *testing.T) {
	m := New()
	b, l := &broker{bounds: ingest.Bounds{Next: 20}}, &logbook{}
	source, log := m.Source(b), m.Log(l)
	if m.Joined() == nil {
		t.Error("joined before the group was asked")
	}
	gen, err := source.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gen.Start(map[ingest.Partition]int64{p0: 7})
	if err := m.Joined(); err != nil {
		t.Errorf("in a generation: %v", err)
	}
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	m.look(t.Context(), now)
	check(t, m, map[string]string{`postage_lag_records{partition="0",topic="t"}`: "13", `postage_lag_seconds{partition="0",topic="t"}`: "0"})

	arrived := rating.At(now.Add(-90 * time.Second))
	batch := &ingest.Batch{
		Events:  []ingest.Record{event(7, "a", arrived-1000), event(8, "b", arrived-500), event(9, "a", arrived)},
		Refused: []ingest.Refused{{Origin: ingest.Origin{Topic: "t", Offset: 6}, ArrivedAt: 1, Reason: "not_json"}, {Origin: ingest.Origin{Topic: "t", Offset: 6, Index: 1}, Reason: "not_json"}, {Origin: ingest.Origin{Topic: "t"}, Reason: "too_large"}},
		Spans:   []ingest.Span{{Topic: "t", From: 5, To: 12, Records: 6}},
	}
	if err := log.Append(t.Context(), gen, batch); err != nil {
		t.Fatal(err)
	}
	if err := gen.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	l.err, b.commit = errors.New("down"), ingest.ErrGenerationEnded
	if err := log.Append(t.Context(), gen, batch); !errors.Is(err, l.err) {
		t.Errorf("got %v, want the error of the log", err)
	}
	if err := gen.Commit(t.Context(), nil); !errors.Is(err, ingest.ErrGenerationEnded) {
		t.Errorf("got %v, want the error of the source", err)
	}
	m.look(t.Context(), now)
	m.Connections.Add(3)
	hits := int64(42)
	m.Counter("postage_hits_total", "Of another's keeping.", func() int64 { return hits })
	m.Gauge("postage_residents", "Of another's keeping.", func() int64 { return hits + 1 })
	check(t, m, map[string]string{
		"postage_records_total": "6", "postage_events_total": "3", "postage_recent_copies_total": "1",
		`postage_refused_total{reason="not_json"}`: "2", `postage_refused_total{reason="too_large"}`: "1",
		"postage_batch_records_count": "1", "postage_batch_records_sum": "6", "postage_batch_events_sum": "3",
		"postage_append_seconds_count": "2", "postage_append_errors_total": "1",
		"postage_commit_seconds_count": "2", "postage_commit_errors_total": "1",
		"postage_generations_total": "1", "postage_partitions": "1",
		`postage_next_offset{partition="0",topic="t"}`: "12",
		`postage_lag_records{partition="0",topic="t"}`: "8", `postage_lag_seconds{partition="0",topic="t"}`: "90",
		"postage_kafka_connections_total": "3", "postage_hits_total": "42", "postage_residents": "43",
	})

	// What another process owns now is not ours to speak of.
	b.bounds.Next = 12
	if _, err := source.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, m, map[string]string{"postage_generations_total": "2", `postage_lag_records{partition="0",topic="t"}`: "absent"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Next(ctx); err == nil || m.Joined() == nil {
		t.Errorf("after the group was left: %v, joined %v", err, m.Joined())
	}
}

// TestHelp: every figure says what it is, and the unit is in its name.
func TestHelp(t *testing.T) {
	m := New()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, match := range regexp.MustCompile(`(?m)^# HELP (postage_\S+) (.*)$`).FindAllStringSubmatch(w.Body.String(), -1) {
		if name, help := match[1], match[2]; len(help) < 20 || strings.Contains(name, "seconds") != strings.Contains(help, "seconds") {
			t.Errorf("%s: help %q", name, help)
		}
	}
}

func TestHealthy(t *testing.T) {
	m := New()
	later := func() time.Time { return time.Now().Add(stuckAfter + time.Second) }
	if err := m.Healthy(later()); err != nil {
		t.Errorf("before it began: %v", err)
	}
	for what, calls := range map[string]interface{ Add(int32) int32 }{"ClickHouse": &m.activity.append, "Kafka": &m.activity.commit} {
		m.activity.last.Store(time.Now().UnixNano())
		calls.Add(1)
		if err := m.Healthy(time.Now()); err != nil {
			t.Errorf("%s, at once: %v", what, err)
		}
		if err := m.Healthy(later()); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s, five minutes later: got %v", what, err)
		}
		calls.Add(-1)
	}
	if err := m.Healthy(later()); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("doing nothing at all: got %v", err)
	}
	m.activity.begin(&m.activity.wait)
	if err := m.Healthy(later()); err != nil {
		t.Errorf("waiting for records: %v", err)
	}
}

func TestRecentCopies(t *testing.T) {
	var r recent
	var batch []ingest.Record
	const n = 200_000
	for i := range n {
		batch = append(batch, event(int64(i), fmt.Sprint("wamid.", i), 0))
	}
	if got := r.count(batch); got != 0 {
		t.Errorf("of %d different events, %d are said to be copies", n, got)
	}
	// Another type, user or sender is another event; another time is not, but for consents.
	base := batch[n-1]
	different := []ingest.Record{base, base, base, base, base}
	different[0].Event.Type = rating.Read
	different[1].Event.User = "+447700900124"
	different[2].Event.Sender = "+442079460001"
	different[3].Event.Type, different[3].Event.At = rating.ConsentGranted, 1
	different[4].Event.Type, different[4].Event.At = rating.ConsentGranted, 2
	if got := r.count(different); got != 0 {
		t.Errorf("of different events, %d are said to be copies", got)
	}
	again := []ingest.Record{base, different[3]}
	again[0].Event.At, again[0].Event.Category = 77, "marketing"
	if got := r.count(again); got != 2 {
		t.Errorf("of 2 copies %d were recognised", got)
	}
	if got := r.count(batch[:n/2]); got < n/2*8/10 {
		t.Errorf("of %d recent copies %d were recognised", n/2, got)
	}
}

func BenchmarkRecentCopies(b *testing.B) {
	var r recent
	batch := make([]ingest.Record, 50_000)
	for i := range batch {
		batch[i] = event(int64(i), fmt.Sprint("wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI", i), 0)
	}
	for b.Loop() {
		r.count(batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/event")
}
