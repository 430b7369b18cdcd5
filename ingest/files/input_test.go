package files

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestLinesKeepTheirNumbers: however a file is read, blocks hold whole lines, all
// of them, with the right number; a line over the limit is counted, not held.
func TestLinesKeepTheirNumbers(t *testing.T) {
	const limit = 1000
	var file strings.Builder
	for i := range 2000 {
		file.WriteString(strings.Repeat("x", i*7%limit))
		file.WriteByte('\n')
	}
	file.WriteString(strings.Repeat("y", 700_000) + "\n" + "after\n" + strings.Repeat("z", 300_000)) // no end of the last line
	want := file.String()
	for name, in := range map[string]io.Reader{"at once": strings.NewReader(want), "in halves": iotest.HalfReader(strings.NewReader(want)), "end with data": iotest.DataErrReader(strings.NewReader(want))} {
		r := lineReader{name: "file", in: in, limit: limit}
		var got bytes.Buffer
		next := 1
		for {
			b, err := r.next(nil)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if b.line != next {
				t.Fatalf("%s: block begins at line %d, want %d", name, b.line, next)
			}
			if b.tooLong > 0 {
				got.WriteString(want[got.Len() : got.Len()+int(b.tooLong)])
				next++
				continue
			}
			got.Write(b.data)
			next += bytes.Count(b.data, []byte("\n"))
		}
		if got.String() != want {
			t.Errorf("%s: got %d bytes, want the %d of the file", name, got.Len(), len(want))
		}
	}
}
