package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
)

// status runs `postage ingest status --json` and returns it with the error.
func (p *plant) status(broker string) (ingestStatus, error) {
	p.t.Helper()
	var out bytes.Buffer
	c := ingestStatusCommand{engineFlags: engineFlags{Kafka: broker, Clickhouse: p.Clickhouse, Data: p.Data}, JSON: true}
	err := c.Run(p.t.Context(), &streams{in: p.in, out: &out, err: p.err, log: p.log})
	var s ingestStatus
	if jsonErr := json.Unmarshal(out.Bytes(), &s); jsonErr != nil {
		p.t.Fatalf("%v (%v): %s", jsonErr, err, &out)
	}
	return s, err
}

func (s *ingestStatus) sum(of func(*partitionStatus) int64) (n int64) {
	for i := range s.Partitions {
		n += of(&s.Partitions[i])
	}
	return n
}

func TestIngestStatus(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	october := month("2026-10")
	records := monthOf(t, p.tariff.Tariff, october, 300, traffic.Webhook)
	bad := badRecords(october)
	records = append(records, bad...)

	s, err := p.status("")
	if err != nil || !s.Complete || len(s.Partitions) != 0 {
		t.Errorf("of an empty log: got %+v, %v", s, err)
	}
	p.produce(records...)
	lag := func(l *partitionStatus) int64 { return *l.LagRecords }
	s, err = p.status(p.Kafka)
	if err != nil || !s.Complete || len(s.Partitions) != topicPartitions || s.sum(lag) != int64(len(records)) {
		t.Errorf("before the first consumer: got %+v, %v; want a lag of %d", s, err, len(records))
	}
	service := p.ingest()
	s, err = p.status(p.Kafka)
	if err != nil || !s.Complete || len(s.Faults) > 0 || s.sum(lag) != 0 {
		t.Errorf("after it: got %+v, %v", s, err)
	}
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"offsets", s.sum(func(l *partitionStatus) int64 { return l.Offsets }), int64(len(records))},
		{"stored and refused", s.sum(func(l *partitionStatus) int64 { return l.Stored + l.Refused }), int64(len(records))},
		{"refused", s.sum(func(l *partitionStatus) int64 { return l.Refused }), int64(len(bad) - 1)},
		{"control", s.sum(func(l *partitionStatus) int64 { return l.Control }), 0},
		{"events", s.sum(func(l *partitionStatus) int64 { return l.EventRows }), service.Stats.Events.Load()},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, c.got, c.want)
		}
	}
	if s.Partitions[0].LastActivity == nil {
		t.Error("no last activity")
	}

	// The same, for people, as a process: exit status 0.
	out, err := command(t, "ingest", "status", "--clickhouse", p.Clickhouse, "--data", p.Data).Output()
	if err != nil || strings.Count(string(out), eventsTopic) != topicPartitions {
		t.Errorf("for people: %v\n%s", err, out)
	}

	// A gap and rows nobody counted are an alarm: exit status 1.
	p.sql("INSERT INTO ledger (topic, partition, offset_from, offset_to, records, stored, refused, events, parts) VALUES ('postage.events', 9, 0, 5, 0, 0, 0, 0, 0), ('postage.events', 9, 7, 8, 1, 1, 0, 1, 0)")
	s, err = p.status("")
	if err == nil || s.Complete || len(s.Faults) != 2 || !strings.Contains(s.Faults[0], "partition 9: offsets 5 to 6 were never consumed") || !strings.Contains(s.Faults[1], "rows were lost") {
		t.Errorf("with a gap: got %q, %v", s.Faults, err)
	}
	out, err = command(t, "ingest", "status", "--clickhouse", p.Clickhouse, "--data", p.Data).Output()
	if err == nil || !strings.Contains(string(out), "offsets 5 to 6") {
		t.Errorf("with a gap, for people: %v\n%s", err, out)
	}
	if got := p.one("SELECT sum(missing) FROM v_ledger"); got != "2" {
		t.Errorf("v_ledger: missing %s, want 2", got)
	}
}

// TestStatusAgainstBroker: records that can no longer be consumed are a fault.
func TestStatusAgainstBroker(t *testing.T) {
	state := ingest.PartitionState{Topic: eventsTopic, First: 10, CompleteTo: 20, End: 20, Offsets: 10, Records: 10, Stored: 10, Events: 10, EventRows: 10}
	for _, tt := range []struct {
		name   string
		bounds ingest.Bounds
		want   string
		lag    int64
	}{
		{"consumed", ingest.Bounds{First: 10, Next: 20}, "", 0},
		{"lag", ingest.Bounds{First: 15, Next: 25}, "", 5},
		{"deleted after they were consumed", ingest.Bounds{First: 20, Next: 20}, "", 0},
		{"deleted before", ingest.Bounds{First: 23, Next: 25}, "deleted offsets 20 to 22", 5},
		{"begun too late", ingest.Bounds{First: 3, Next: 20}, "holds offsets 3 to 9", 0},
		{"another topic", ingest.Bounds{First: 0, Next: 4}, "made anew", 0},
	} {
		s := newIngestStatus([]ingest.PartitionState{state})
		s.compare(map[ingest.Partition]ingest.Bounds{{Topic: eventsTopic}: tt.bounds})
		if got := fmt.Sprint(s.Faults); (tt.want == "") != s.Complete || !strings.Contains(got, tt.want) || *s.Partitions[0].LagRecords != tt.lag {
			t.Errorf("%s: got %q and lag %d, want %q and %d", tt.name, got, *s.Partitions[0].LagRecords, tt.want, tt.lag)
		}
	}
}

// TestIngestSubcommands: `postage ingest` alone consumes.
func TestIngestSubcommands(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	p.produce(kafka.Produced{Key: []byte("k"), Value: []byte("not JSON")})
	for _, args := range [][]string{{"ingest"}, {"ingest", "consume"}} {
		out, err := command(t, append(args, "--until-caught-up", "--kafka", p.Kafka, "--clickhouse", p.Clickhouse, "--data", p.Data)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if got := p.one("SELECT count() FROM refused"); got != "1" {
		t.Errorf("refused: got %s, want 1", got)
	}
}
