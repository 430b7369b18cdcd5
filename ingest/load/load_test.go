package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/schemas/events"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func inspected(t *testing.T, path string) *File {
	t.Helper()
	f, err := Inspect(t.Context(), path, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll reads a file from an offset, as a service would.
func readAll(t *testing.T, from int64, f *File) (all []ingest.Message) {
	t.Helper()
	begun := int64(-1)
	source := NewSource(f, ingest.Sole{Name: f.Topic}, func(at int64) { begun = at })
	defer source.Close()
	gen, err := source.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bounds, err := gen.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := ingest.Partition{Topic: f.Topic}
	if owned := gen.Owned(); len(owned) != 1 || len(bounds) != 1 || bounds[p] != (ingest.Bounds{Next: f.End}) {
		t.Fatalf("owned %v, bounds %v; want topic %s from 0 to %d", owned, bounds, f.Topic, f.End)
	}
	gen.Start(map[ingest.Partition]int64{p: from})
	if want := from < f.End; want != (begun == from) {
		t.Errorf("begun at %d, want %d", begun, from)
	}
	for next := from; next < f.End; next = all[len(all)-1].Offset + 1 {
		if all, err = gen.Fetch(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	// Nothing more comes: Fetch waits for the context.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if more, err := gen.Fetch(ctx, nil); len(more) > 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the end: %d records, error %v; want to wait", len(more), err)
	}
	return all
}

const (
	sent  = `{"error":{"code":131049},"message_id":"a","pricing":{"billable":true,"model":"PMP"},"sender":"+442079460000","template":"t","time":"2026-10-01T09:00:00.123Z","type":"message.sent","user":"+447700900123"}`
	other = `{"message_id":"b","sender":"+442079460000","shade":"blue","time":"2026-10-01T09:00:00.000Z","type":"message.received","user":"+447700900123"}`
)

// canonical is what becomes of records, refusals included.
func canonical(messages []ingest.Message) (lines []string) {
	var d events.Decoder
	for _, m := range messages {
		if m.Fault != nil {
			lines = append(lines, fmt.Sprintf("%d %s: %s", m.Offset, m.Fault.Reason, m.Fault.Detail))
			continue
		}
		items, refused := d.Decode(nil, m.Value, m.Time)
		for i := range items {
			lines = append(lines, fmt.Sprintf("%d %s", m.Offset, items[i].Event.AppendCanonical(nil)))
		}
		for _, r := range refused {
			lines = append(lines, fmt.Sprintf("%d %s: %s", m.Offset, r.Reason, r.Detail))
		}
	}
	return lines
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

func zstandard(s string) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll([]byte(s), nil)
}

func TestTextFiles(t *testing.T) {
	const header = "type,time,message_id,sender,user,template,pricing.billable,pricing_model,error.code,shade\n"
	tests := []struct {
		name    string
		file    string
		content string
		want    []string
	}{
		{"lines", "e.jsonl", sent + "\n\n" + other + "\r\nnonsense\n \n\n", []string{"0 " + sent, "2 " + other, "3 not_json: found invalid character 'o' in literal null (expecting 'u') at byte 2, expected one JSON object"}},
		{"no end of the last line, and a byte order mark", "e", "\ufeff" + sent + "\n" + other, []string{"0 " + sent, "1 " + other}},
		{"nothing", "e.jsonl", "", nil},
		{"nothing but blank lines", "e.jsonl", "\n \n", nil},
		{
			"a table", "e.csv",
			"\ufeff" + header + "message.sent,2026-10-01T09:00:00.123Z,a,+442079460000,+447700900123,t,TRUE,PMP,131049.0,\n" +
				"\nmessage.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,,,,blue",
			[]string{"1 " + sent, "3 " + other},
		},
		{
			"a table of another separator, whatever it is called", "e.txt",
			strings.ReplaceAll(header, ",", ";") + "message.sent;2026-10-01T09:00:00.123Z;a;+442079460000;+447700900123;t;true;PMP;131049;\r\n",
			[]string{"1 " + sent},
		},
		{
			"cells in quotes", "e.csv",
			header + `"message.received",2026-10-01T09:00:00Z,"b","+442079460000",+447700900123,"","","",,"a ""deep"", dark` + "\nblue\"\r\n" +
				"message.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,,,,blue\n",
			[]string{"1 " + strings.Replace(other, "blue", `a \"deep\", dark\nblue`, 1), "3 " + other},
		},
		{
			"broken rows", "e.csv",
			header + "message.sent,too short\n" +
				`a "quote" inside,,,,,,,,,` + "\n" +
				`"behind"it,,,,,,,,,` + "\n" +
				`never,"closed,,,,,,,` + "\n" +
				"message.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,,,,blue\n" +
				"message.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,,,,bl\xfce\n" +
				"message.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,maybe,,,\n" +
				"message.received,2026-10-01T09:00:00Z,b,+442079460000,+447700900123,,,,1.5,\n" +
				"message.received,yesterday,b,+442079460000,+447700900123,,,,,\n" +
				",,,,,,,,,\n",
			[]string{
				"1 bad_value: found 2 cells, expected 10 as in the first line",
				"2 bad_value: cell 1: found a quote inside a cell that is not quoted",
				"3 bad_value: cell 2: found something behind the end of a quoted cell",
				"4 bad_value: cell 2: found a quote that is not closed",
				"5 " + other,
				"6 bad_value: shade: found bytes that are not UTF-8, expected a file in UTF-8",
				`7 bad_value: pricing.billable: found "maybe", expected true or false`,
				`8 bad_value: error.code: found "1.5", expected an integer of 32 bits`,
				`9 bad_value: time: found "yesterday", expected an RFC 3339 time with zone`,
				"10 no_event: type: found nothing, expected message.received, message.sent, message.delivered, message.read, message.failed, consent.granted or consent.revoked",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain := inspected(t, writeFile(t, tt.file, []byte(tt.content)))
			for ending, content := range map[string][]byte{"": []byte(tt.content), ".gz": gzipped(tt.content), ".zst": zstandard(tt.content)} {
				f := inspected(t, writeFile(t, tt.file+ending, content))
				if f.Records != int64(len(tt.want)) {
					t.Errorf("%s: %d records, want %d", ending, f.Records, len(tt.want))
				}
				if same := f.Topic == plain.Topic; same != (ending == "") {
					t.Errorf("%s: topic %s, of the plain file %s", ending, f.Topic, plain.Topic)
				}
				got := canonical(readAll(t, 0, f))
				if !slices.Equal(got, tt.want) {
					t.Errorf("%s:\n got %s\nwant %s", ending, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
				}
				if len(tt.want) > 1 { // resumed behind the first record
					if got := canonical(readAll(t, 1+readAll(t, 0, f)[0].Offset, f)); !slices.Equal(got, tt.want[1:]) {
						t.Errorf("%s, resumed: got %q, want %q", ending, got, tt.want[1:])
					}
				}
			}
		})
	}
}

// TestRefusedRowsKeepTheirBytes: a row that cannot be read is kept as it came, one
// with a bad cell as an event that can be mended.
func TestRefusedRowsKeepTheirBytes(t *testing.T) {
	rows := "only,two\r\n\"open,1,2,3\nmessage.sent,2026-10-01T09:00:00Z,+442079460000,+447700900123\nmessage.sent,2026-10-01T09:00:00Z,+442079460000,\xff\n"
	f := inspected(t, writeFile(t, "e.csv", []byte("type,time,sender,user\n"+rows)))
	var got []string
	for _, m := range readAll(t, 0, f) {
		got = append(got, string(m.Value))
	}
	want := []string{"only,two", `"open,1,2,3`, `{"type":"message.sent","time":"2026-10-01T09:00:00Z","sender":"+442079460000","user":"+447700900123"}`, "message.sent,2026-10-01T09:00:00Z,+442079460000,\xff"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLongFiles: rows and lines that lie across the blocks in which a file is read.
func TestLongFiles(t *testing.T) {
	var lines, rows strings.Builder
	rows.WriteString("user,sender,type,time,note,message_id\n")
	const n = 20_000
	for i := range n {
		note := strings.Repeat("x", 1+i*7%300)
		fmt.Fprintf(&lines, `{"message_id":"m%d","note":"%s","sender":"+442079460000","time":"2026-10-01T09:00:00Z","type":"message.sent","user":"+447700900123"}`+"\n", i, note)
		fmt.Fprintf(&rows, `+447700900123,+442079460000,message.sent,2026-10-01T09:00:00Z,"%s","m%d"`+"\n", note, i)
	}
	a, b := inspected(t, writeFile(t, "a.jsonl", []byte(lines.String()))), inspected(t, writeFile(t, "b.csv", []byte(rows.String())))
	both := append(canonical(readAll(t, 0, a)), canonical(readAll(t, 0, b))...)
	if len(both) != 2*n {
		t.Fatalf("%d records, want %d", len(both), 2*n)
	}
	for i := range n {
		_, fromLine, _ := strings.Cut(both[i], " ")
		_, fromRow, _ := strings.Cut(both[n+i], " ")
		if fromLine != fromRow || !strings.Contains(fromLine, fmt.Sprintf(`"m%d"`, i)) {
			t.Fatalf("record %d: %s as a line, %s as a row", i, fromLine, fromRow)
		}
	}
}

// TestLineTooLong: a line beyond all reason is refused with its beginning, and the
// next one is read.
func TestLineTooLong(t *testing.T) {
	f := inspected(t, writeFile(t, "e.jsonl", []byte(sent+"\n"+strings.Repeat("x", lineBytesMax+3<<20)+"\n"+other+"\n")))
	all := readAll(t, 0, f)
	got := canonical(all)
	want := []string{"0 " + sent, fmt.Sprintf("1 too_large: found %d bytes, expected at most %d", lineBytesMax, events.MaxBytes), "2 " + other}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCSVSplit: what a writer of CSV makes of any cells, split gives back.
func TestCSVSplit(t *testing.T) {
	back := func(cells []string) bool {
		var b strings.Builder
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		r := csvRows{comma: ',', data: []byte(b.String() + "\r\nnext,row\n")}
		n, fault := r.split()
		if n != b.Len()+2 || fault != "" || len(r.fields) != max(1, len(cells)) {
			return false
		}
		for i, c := range cells {
			if string(r.fields[i]) != c {
				return false
			}
		}
		return true
	}
	if err := quick.Check(back, nil); err != nil {
		t.Error(err)
	}
}

type nestedRow struct {
	Type    string    `parquet:"type,dict"`
	Time    time.Time `parquet:"time,timestamp(microsecond)"`
	ID      string    `parquet:"message_id"`
	Sender  string    `parquet:"sender"`
	User    string    `parquet:"user"`
	Pricing *struct {
		Billable *bool   `parquet:"billable,optional"`
		Model    *string `parquet:"model,optional"`
	} `parquet:"pricing,optional"`
	Code     *int64            `parquet:"error_code,optional"`
	Template *string           `parquet:"template,optional"`
	Shade    *string           `parquet:"shade,optional"`
	Weight   float64           `parquet:"weight"`
	Tags     []string          `parquet:"tags,list"`
	Raw      []byte            `parquet:"raw,optional"`
	Day      int32             `parquet:"day,date"`
	Price    int64             `parquet:"price,decimal(2:18)"`
	Old      deprecated.Int96  `parquet:"old"`
	_        map[string]string `parquet:"-"`
}

func writeParquet[R any](t *testing.T, rows []R, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[R](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "e.parquet", b.Bytes())
}

func TestParquet(t *testing.T) {
	const n = 5000
	at := time.Date(2026, 10, 1, 11, 0, 0, 123_999_000, time.FixedZone("", 2*60*60))
	var rows []nestedRow
	for i := range n {
		r := nestedRow{Type: "message.sent", Time: at, ID: fmt.Sprintf("m%d", i), Sender: "+442079460000", User: "+447700900123", Weight: math.NaN()}
		if i%2 == 1 {
			r.Pricing = &struct {
				Billable *bool   `parquet:"billable,optional"`
				Model    *string `parquet:"model,optional"`
			}{new(true), new("PMP")}
			r.Code, r.Template = new(int64(131049)), new("t")
			r.Weight, r.Tags, r.Raw, r.Price, r.Day = 2.5, []string{"a", `"b"`}, []byte{0xff}, 1234, 20727
			r.Old = deprecated.Int96{0, 0, 2_440_589}
		}
		rows = append(rows, r)
	}
	f := inspected(t, writeParquet(t, rows, parquet.MaxRowsPerRowGroup(1000)))
	if f.Records != n || f.End != n {
		t.Errorf("%d records, end %d, want %d", f.Records, f.End, n)
	}
	for _, from := range []int64{0, 1, 999, 1000, 2345, n - 1} {
		got := canonical(readAll(t, from, f))
		if int64(len(got)) != n-from {
			t.Fatalf("from %d: %d records, want %d", from, len(got), n-from)
		}
		for i, line := range got {
			number := from + int64(i)
			want := fmt.Sprintf(`%d {"day":"1970-01-01","message_id":"m%d","old":"-4713-11-24T00:00:00.000Z","price":0,"sender":"+442079460000","time":"2026-10-01T09:00:00.123Z","type":"message.sent","user":"+447700900123"}`, number, number)
			if number%2 == 1 {
				want = fmt.Sprintf(`%d {"day":"2026-10-01","error":{"code":131049},"message_id":"m%d","old":"1970-01-02T00:00:00.000Z","price":12.34,"pricing":{"billable":true,"model":"PMP"},"raw":"/w==","sender":"+442079460000","tags.list.element":["a","\"b\""],"template":"t","time":"2026-10-01T09:00:00.123Z","type":"message.sent","user":"+447700900123","weight":2.5}`, number, number)
			}
			if line != want {
				t.Fatalf("from %d:\n got %s\nwant %s", from, line, want)
			}
		}
	}
}

func TestUnreadable(t *testing.T) {
	type local struct {
		Type   string `parquet:"type"`
		Time   int64  `parquet:"time,timestamp(millisecond:local)"`
		Sender string `parquet:"sender"`
		User   string `parquet:"user"`
	}
	type strange struct {
		A string `parquet:"a"`
	}
	good := writeParquet(t, []strange{{"x"}})
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ path, want string }{
		"a table without its columns":     {writeFile(t, "e.csv", []byte("type,when,sender,user\n")), "line 1: no column time: columns are named as"},
		"a column twice":                  {writeFile(t, "e.csv", []byte("type,time,sender,user,pricing.model,pricing_model\n")), "columns pricing.model and pricing_model are the same"},
		"a column without a name":         {writeFile(t, "e.csv.gz", []byte("type,time,sender,user,\n")), "column 5 has no name"},
		"a table with old ends of line":   {writeFile(t, "e.csv", []byte("type,time,sender,user\rmessage.sent,2026-10-01T09:00:00Z,+4420794601,+4477009001\r")), "line 1: found lines that end with CR"},
		"a damaged archive":               {writeFile(t, "e.jsonl.gz", gzipped(strings.Repeat(sent+"\n", 9))[:60]), "unexpected EOF"},
		"Parquet that ends early":         {writeFile(t, "e.parquet", content[:len(content)-9]), "e.parquet: "},
		"Parquet without the columns":     {good, "no column time"},
		"Parquet with times without zone": {writeParquet(t, []local{{"message.sent", 1, "+1", "+2"}}), "column time: timestamps without a zone"},
		"a folder":                        {t.TempDir(), "not a regular file"},
		"no file":                         {filepath.Join(t.TempDir(), "none"), "no such file"},
	} {
		if f, err := Inspect(t.Context(), tt.path, func(int) {}); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("%s: got %+v, error %v; want an error that names the file and says %q", name, f, err, tt.want)
		}
	}
}

// TestChangedFile: what is loaded is what the hash was taken of.
func TestChangedFile(t *testing.T) {
	path := writeFile(t, "e.jsonl", []byte(sent+"\n"))
	f := inspected(t, path)
	if err := os.WriteFile(path, []byte(sent+"\n"+other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	source := NewSource(f, ingest.Sole{Name: f.Topic}, func(int64) {})
	defer source.Close()
	gen, _ := source.Next(t.Context())
	gen.Start(gen.Owned())
	if got, err := gen.Fetch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "changed while it was being loaded") {
		t.Errorf("got %d records, error %v; want an error that the file has changed", len(got), err)
	}
}

// FuzzCSV: any bytes after a good header give rows that account for every line, and
// no panic; what is made of them is JSON.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b,\"c\nd\",e\n\"x\"\"y\",,,\n\"open"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := writeFile(t, "e.csv", append([]byte("type,time,sender,user\n"), content...))
		file, err := Inspect(context.Background(), path, func(int) {})
		if err != nil {
			t.Skip() // taken for an archive
		}
		if file.Records == 0 {
			return
		}
		last := int64(0)
		for _, m := range readAll(t, 0, file) {
			if m.Offset <= last && last != 0 {
				t.Fatalf("offset %d after %d", m.Offset, last)
			}
			last = m.Offset
			if m.Fault == nil && !json.Valid(m.Value) {
				t.Fatalf("not JSON: %q", m.Value)
			}
		}
		if want := int64(bytes.Count(content, []byte("\n"))) + 1; last > want {
			t.Fatalf("offset %d in a file of %d lines", last, want)
		}
	})
}
