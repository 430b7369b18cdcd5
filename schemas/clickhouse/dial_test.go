package clickhouse

import (
	"strings"
	"testing"
)

// TestLongAnswers: the driver bounds an answer as a whole, and ours may take long. A DSN
// may say otherwise.
func TestLongAnswers(t *testing.T) {
	const slow = "SELECT sleepEachRow(0.3) FROM numbers(6) SETTINGS max_block_size = 1"
	s := open(t)
	if err := s.conn.Exec(t.Context(), slow); err != nil || s.options.ReadTimeout != readTimeout {
		t.Errorf("read timeout %s: %v", s.options.ReadTimeout, err)
	}
	impatient, err := Open(t.Context(), engine.DSN()+"?read_timeout=1s", Options{Database: s.Database()})
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	if err := impatient.conn.Exec(t.Context(), slow); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("with read_timeout=1s: got %v, want a timeout", err)
	}
}
