package clickhouse

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// TestEverythingIsDocumented: every table, view and column says what it is.
func TestEverythingIsDocumented(t *testing.T) {
	s := open(t)
	tables := rowsOf(t, s, "SELECT name, comment FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	if got, want := strings.Count(tables, "\n")+1, 24; got < want {
		t.Errorf("tables and views: got %d, want at least %d:\n%s", got, want, tables)
	}
	for line := range strings.SplitSeq(tables, "\n") {
		if name, comment, _ := strings.Cut(line, "\t"); !strings.Contains(comment, "Grain:") {
			t.Errorf("table %s: comment %q names no grain", name, comment)
		}
	}
	if got := rowsOf(t, s, "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''"); got != "" {
		t.Errorf("columns without a comment:\n%s", got)
	}
}

// TestQueriesSayWhatTheyAnswer: every query opens with its question and its grain.
func TestQueriesSayWhatTheyAnswer(t *testing.T) {
	for name, text := range Queries() {
		head, _, _ := strings.Cut(text, "SELECT")
		if !strings.HasPrefix(head, "-- Question: ") || !strings.Contains(head, "\n-- Grain: ") {
			t.Errorf("query %s: want it to open with -- Question: and -- Grain:, got\n%s", name, head)
		}
	}
}

// TestQueriesRun: the server accepts every query, with its parameters and nothing else.
func TestQueriesRun(t *testing.T) {
	s := open(t)
	params := named{
		"run": "r", "runs": []string{"r"}, "account": "", "month": "2026-10", "version": "v", "topic": topic, "partition": int32(0), "offset": int64(0),
		"group": "g", "generation": "g/1", "member": "g/1/m", "partitions": []string{topic + "/0"}, "offsets": []int64{1}, "known_partitions": []string{topic + "/0"}, "known_offsets": []int64{1},
		"records": []string{topic + "/0/0"}, "reason": "", "since": int64(0), "replayed": uint8(0), "content": uint8(1), "limit": int64(1),
		"senders": []string{"+1"}, "sender": "+1", "user": "+2", "message": "m", "type": uint8(1), "from": "", "to": "", "spool": uuid.Nil,
		"topics": []string{topic}, "numbers": []int64{0}, "places": []int64{0}, "users": []string{"+2"}, "below": []int64{1}, "until": int64(1), "fresh": []int64{1}, "shards": []int32{0}, "epoch": uint32(1), "sequence": uint32(1), "count": int32(1),
	}
	for name := range Queries() {
		rows, err := s.query(t.Context(), name, params)
		if err != nil {
			t.Errorf("query %s: %v", name, err)
			continue
		}
		if err := each(rows, func() error { return nil }); err != nil {
			t.Errorf("query %s: %v", name, err)
		}
	}
}

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	s := openUnmigrated(t, "test_migrate")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = s.Migrate(t.Context()) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("four at once: %v", err)
	}
	recorded := "SELECT name, toString(countIf(hash = '')) FROM schema_migrations GROUP BY name ORDER BY name"
	before := rowsOf(t, s, recorded)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("again: %v", err)
	}
	if got := rowsOf(t, s, recorded); got != before {
		t.Errorf("recorded: got\n%s\nwant\n%s", got, before)
	}
}

func TestMigrateRefusesAnotherSchema(t *testing.T) {
	tests := []struct{ name, spoil, want string }{
		{"newer", "INSERT INTO schema_migrations (version, name, hash) VALUES (9999, '9999_later.sql', 'x')", "newer"},
		{"edited", "ALTER TABLE schema_migrations UPDATE hash = 'x' WHERE version = 1 SETTINGS mutations_sync = 2", "never edited"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			if err := s.conn.Exec(t.Context(), tt.spoil); err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Migrate: got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestSplitStatements(t *testing.T) {
	script := "-- a; b\nCREATE TABLE x  -- it's\n(\n  a String COMMENT 'x; -- y\\'  z'\n);\n\n\nSELECT `a;b`, 1 ;-- end"
	got := fmt.Sprintf("%q", splitStatements(script))
	want := fmt.Sprintf("%q", []string{"CREATE TABLE x ( a String COMMENT 'x; -- y\\'  z' )", "SELECT `a;b`, 1"})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
