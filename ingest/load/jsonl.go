package load

import (
	"bytes"
	"postage/ingest"
	"postage/ingest/files"
	"postage/rating"
)

// lineReader reads a file of JSON lines. The offset of a record is the number of
// its line, from 0; blank lines are no records.
type lineReader struct {
	lines *files.Lines
	from  int64
}

func (r *lineReader) read(dst []ingest.Message, topic string, at rating.Instant) ([]ingest.Message, error) {
	b, err := r.lines.Next(nil) // the records keep the memory
	if err != nil {
		return dst, err
	}
	offset := int64(b.Line) - 1
	for line := range bytes.Lines(b.Data) {
		if offset >= r.from && !blank(line) {
			dst = append(dst, ingest.Message{Topic: topic, Offset: offset, Time: at, Value: bytes.TrimRight(line, "\r\n")})
		}
		offset++
	}
	return dst, nil
}

func (r *lineReader) close() { r.lines.Close() }

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }
