package events

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"postage/rating"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzDecode holds what Decode promises for any bytes at all: no panic, every
// item decoded or refused exactly once and in order, not_json for what is not
// JSON and only for that, and every event survives being written and read again.
func FuzzDecode(f *testing.F) {
	for _, record := range corpusRecords(f) {
		f.Add(record)
	}
	f.Add([]byte(benchV1Extra))
	f.Add([]byte(`{"a":"\ud800\ud83d\ude00","a":-0.5e+10,"\u0022":[[],{}]}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		record = bytes.Clone(record) // cleared below
		var d Decoder
		items, refused := d.Decode(nil, record, 0)

		isJSON := utf8.Valid(record) && json.Valid(record)
		notJSON := len(refused) > 0 && refused[0].Reason == NotJSON
		if isJSON == notJSON {
			t.Fatalf("%q: is JSON: %t, got %d events, refused %v", record, isJSON, len(items), refused)
		}
		total := len(items) + len(refused)
		if total == 0 {
			t.Fatalf("%q: neither an event nor a refusal", record)
		}
		at := make([]int, total)
		for i, it := range items {
			at[it.Index]++
			if i > 0 && items[i-1].Index >= it.Index {
				t.Fatalf("%q: events out of order: %v", record, items)
			}
		}
		for i, r := range refused {
			at[r.Index]++
			if i > 0 && refused[i-1].Index >= r.Index {
				t.Fatalf("%q: refusals out of order: %v", record, refused)
			}
		}
		for i, n := range at {
			if n != 1 {
				t.Fatalf("%q: item %d came %d times", record, i, n)
			}
		}

		encoded := make([][]byte, len(items))
		for i := range items {
			encoded[i] = AppendV1(nil, &items[i].Event)
		}
		clear(record) // events must not share its memory
		for i := range items {
			again, refused := d.Decode(nil, encoded[i], 0)
			if len(refused) > 0 || again[0].Event != items[i].Event {
				t.Fatalf("%s: got %+v, refused %v\nwant %+v", encoded[i], again, refused, items[i].Event)
			}
		}
	})
}

// FuzzTime compares parseTime with the standard library, which accepts less
// (no lower case, no leap seconds), but of zones one hour and one minute more than
// RFC 3339 has.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-10-01T09:00:00.123Z", "2024-02-29T23:59:59+23:59", "0000-01-01T00:00:00-00:00", "1900-02-29T00:00:00Z", "2026-10-01T09:00:00+24:00", "2026-10-01T09:00:00-09:60", "2026-10-01T09:00:00,5Z"} {
		f.Add(s)
	}
	noZone := regexp.MustCompile(`[+-](24:\d\d|\d\d:60)$`)
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseTime([]byte(s))
		if noZone.MatchString(s) {
			if ok {
				t.Fatalf("%q: got %v, want a refusal", s, got)
			}
			return
		}
		want, err := time.Parse(time.RFC3339, s)
		switch {
		case err == nil && (!ok || got != rating.At(want)) && !strings.Contains(s, ",") && len(s) >= 20 && s[13] == ':':
			t.Fatalf("%q: got %v %t, want %v", s, got, ok, rating.At(want))
		case ok && err != nil && s == strings.ToUpper(s) && s[17:19] != "60":
			t.Fatalf("%q: got %v, want a refusal: %v", s, got, err)
		}
	})
}

// corpusRecords reads the inputs of the corpus.
func corpusRecords(tb testing.TB) (records [][]byte) {
	tb.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no corpus: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "\ndecode")[1:] {
			input, _, _ := strings.Cut(c, "\n----")
			_, record, _ := strings.Cut(input, "\n")
			records = append(records, []byte(record))
		}
	}
	return records
}
