package embedded

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

const tailBytesMax = 8 << 10

// tail keeps the last bytes written to it and passes whole lines to a logger.
type tail struct {
	mu   sync.Mutex
	kept []byte
	line []byte
	log  *slog.Logger
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytesMax; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.line = append(t.line, p...)
	for {
		i := bytes.IndexByte(t.line, '\n')
		if i < 0 {
			break
		}
		if s := strings.TrimSpace(string(t.line[:i])); s != "" {
			t.log.Warn("clickhouse engine", "line", s)
		}
		t.line = t.line[i+1:]
	}
	if len(t.line) > tailBytesMax { // a line without end is cut rather than kept
		t.line = nil
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
