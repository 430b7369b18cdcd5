package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
	exampletariff "postage/schemas/tariff"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// rateFile runs `postage rate` and returns what it printed.
func rateFile(t *testing.T, stdin []byte, args ...string) (out, report []byte) {
	t.Helper()
	var o, e bytes.Buffer
	if status := run(rateArgs(args), bytes.NewReader(stdin), &o, &e); status != exitDone {
		t.Fatalf("rate %q: got status %d, want %d\n%s", args, status, exitDone, e.String())
	}
	return o.Bytes(), e.Bytes()
}

// rateArgs rates under the example unless args name another tariff.
func rateArgs(args []string) []string {
	if !slices.Contains(args, "--tariff") {
		args = append([]string{"--tariff", "example"}, args...)
	}
	return append([]string{"rate"}, args...)
}

// madeUpFile is a month of traffic as a file, with records that are refused.
func madeUpFile(t *testing.T, messages int, format traffic.Format) []byte {
	t.Helper()
	tariff, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for i, r := range monthOf(t, tariff.Tariff, month("2026-10"), messages, format) {
		if i%1000 == 500 {
			fmt.Fprintf(&file, "{\"type\":\"message.sent\",\"line\":%d}\n\n", i)
		}
		file.Write(r.Value)
		file.WriteByte('\n')
	}
	return file.Bytes()
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRateIsTheReference: sorting on disk, goroutines and the line encoder change
// not a byte of what the plain evaluation in memory gives.
func TestRateIsTheReference(t *testing.T) {
	tariff, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range [...]traffic.Format{traffic.V1, traffic.Webhook} {
		file := madeUpFile(t, 20_000, format)
		path := writeFile(t, "events.jsonl", file)
		want := referenceRate(t, tariff.Tariff, file)
		for _, memory := range [...]string{"400", "1"} {
			got, report := rateFile(t, nil, "--memory-mb", memory, path)
			if d := firstDifference(got, want); d != "" {
				t.Errorf("%s, %s MB: %s", format, memory, d)
			}
			refused := bytes.Count(report, []byte("refused: missing_field: "))
			if wanted := bytes.Count(file, []byte(`"line":`)); refused != wanted || refused == 0 {
				t.Errorf("%s, %s MB: got %d records refused, want %d", format, memory, refused, wanted)
			}
		}
	}
}

// TestRateAllUnits: where a package prices all units by the tier that the month
// reaches, messages wait for the end of their group, on disk if need be.
func TestRateAllUnits(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, exampletariff.Example); err != nil {
		t.Fatal(err)
	}
	packages := filepath.Join(dir, "packages.csv")
	text, err := os.ReadFile(packages)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packages, bytes.ReplaceAll(text, []byte(",graduated,"), []byte(",all_units,")), 0o600); err != nil {
		t.Fatal(err)
	}
	tariff, err := (tariffFlag{dir}).load()
	if err != nil {
		t.Fatal(err)
	}
	file := madeUpFile(t, 20_000, traffic.V1)
	want := referenceRate(t, tariff.Tariff, file)
	for _, memory := range [...]string{"400", "1"} {
		got, _ := rateFile(t, file, "--tariff", dir, "--memory-mb", memory)
		if d := firstDifference(got, want); d != "" {
			t.Errorf("%s MB: %s", memory, d)
		}
	}
}

// TestRateOneUser: a conversation that is most of the input, and larger than a
// partition may be, is judged as a whole.
func TestRateOneUser(t *testing.T) {
	tariff, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for i := range 20_000 {
		for _, typ := range [...]string{"sent", "delivered"} {
			fmt.Fprintf(&file, `{"type":"message.%s","time":"2026-10-%02dT09:%02d:00Z","message_id":"m%d","sender":"+910000000102","user":"+915007473811","kind":"template","category":"utility"}`+"\n", typ, 1+i%28, i/28%60, i)
		}
	}
	file.Write(madeUpFile(t, 1000, traffic.V1))
	want := referenceRate(t, tariff.Tariff, file.Bytes())
	got, _ := rateFile(t, file.Bytes(), "--memory-mb", "1")
	if d := firstDifference(got, want); d != "" {
		t.Error(d)
	}
}

// TestRateStaysSmall: what rests in memory does not grow with the input. A child
// process is measured, because this one has run other tests.
func TestRateStaysSmall(t *testing.T) {
	const variable = "POSTAGE_TEST_RATE_FILE"
	if path := os.Getenv(variable); path != "" {
		status := run([]string{"rate", "--tariff", "example", "--memory-mb", "64", path}, nil, io.Discard, io.Discard)
		var peak int
		own, _ := os.ReadFile("/proc/self/status") // rusage would count the parent's peak too
		_, after, _ := strings.Cut(string(own), "VmHWM:")
		fmt.Sscan(after, &peak)
		fmt.Printf("status %d, peak %d MB\n", status, peak>>10)
		return
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the peak of memory is not known here")
	}
	path := writeFile(t, "events.jsonl", madeUpFile(t, 150_000, traffic.V1))
	child := exec.Command(os.Args[0], "-test.run=^TestRateStaysSmall$", "-test.v")
	child.Env = append(os.Environ(), variable+"="+path)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var status, peak int
	if _, after, found := strings.Cut(string(out), "status "); !found {
		t.Fatalf("the child said %s", out)
	} else if _, err := fmt.Sscanf(after, "%d, peak %d MB", &status, &peak); err != nil {
		t.Fatal(err)
	}
	const most = 600 // the race detector takes its part
	if status != exitDone || peak > most {
		t.Errorf("450,000 events with 64 MB at rest: got status %d and a peak of %d MB, want %d and at most %d", status, peak, exitDone, most)
	}
	t.Logf("peak %d MB", peak)
}

// TestRateTakesAnyOrderAndCopies: the same events, each twice, in any order and
// over several files, give the same output.
func TestRateTakesAnyOrderAndCopies(t *testing.T) {
	file := madeUpFile(t, 5000, traffic.V1)
	want, _ := rateFile(t, file)
	chance := randomly(t)
	lines := bytes.SplitAfter(bytes.TrimSpace(file), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	lines = append(lines, lines...)
	chance.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	half := len(lines) / 2
	first, second := writeFile(t, "1.jsonl", bytes.Join(lines[:half], nil)), writeFile(t, "2.jsonl", bytes.Join(lines[half:], nil))
	for _, memory := range [...]string{"400", "1"} {
		got, _ := rateFile(t, nil, "--memory-mb", memory, first, second)
		if d := firstDifference(got, want); d != "" {
			t.Errorf("%s MB: %s", memory, d)
		}
	}
}

// TestRateReadsCompressedFiles: by content, whatever the name, and from stdin.
func TestRateReadsCompressedFiles(t *testing.T) {
	file := madeUpFile(t, 300, traffic.V1)
	want, _ := rateFile(t, file)
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Write(file[:len(file)/2]) // two members, as `cat a.gz b.gz` makes them
	z.Close()
	z.Reset(&gz)
	z.Write(file[len(file)/2:])
	z.Close()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zst := e.EncodeAll(file, nil)
	for _, c := range [...]struct {
		name    string
		content []byte
	}{{"events.jsonl", file}, {"events.jsonl.gz", gz.Bytes()}, {"events.jsonl.zst", zst}, {"no-suffix", gz.Bytes()}} {
		got, _ := rateFile(t, nil, writeFile(t, c.name, c.content))
		if d := firstDifference(got, want); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if got, _ = rateFile(t, c.content, "-"); !bytes.Equal(got, want) {
			t.Errorf("%s on standard input: got another output", c.name)
		}
	}
}

// TestRateRefusesInOrder: refused records name file and line, in the order of the
// input, and the exit status is 0.
func TestRateRefusesInOrder(t *testing.T) {
	long := `{"type":"` + strings.Repeat("x", 3<<20) + `"}`
	first := writeFile(t, "a.jsonl", []byte("\ufeff{}\n\n[]\n"+long+"\n{}"))
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, "%d\n", i)
	}
	second := writeFile(t, "b.jsonl", []byte(many.String()))
	_, report := rateFile(t, []byte("{}\r\n"), first, second, "-")
	var got []string
	for line := range strings.Lines(string(report)) {
		if place, _, refused := strings.Cut(line, ": refused: "); refused {
			got = append(got, strings.TrimPrefix(place, filepath.Dir(filepath.Dir(first))))
		}
	}
	var want []string
	for _, n := range [...]int{1, 3, 4, 5} {
		want = append(want, strings.TrimPrefix(fmt.Sprintf("%s:%d", first, n), filepath.Dir(filepath.Dir(first))))
	}
	for n := range 20_000 {
		want = append(want, strings.TrimPrefix(fmt.Sprintf("%s:%d", second, n+1), filepath.Dir(filepath.Dir(first))))
	}
	want = append(want, "stdin:1")
	if d := firstDifference([]byte(strings.Join(got, "\n")), []byte(strings.Join(want, "\n"))); d != "" {
		t.Error(d)
	}
	if s := fmt.Sprintf("%s:4: refused: too_large: found %d bytes, expected at most 1048576\n", first, len(long)+1); !bytes.Contains(report, []byte(s)) {
		t.Errorf("report of the long line: want %q", s)
	}
}

// TestRecordsEndBeforeTheLineDoes: a record may be as long in a file as in Kafka,
// whatever ends its line.
func TestRecordsEndBeforeTheLineDoes(t *testing.T) {
	record := `{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"m","sender":"+442079460101","user":"+447700900123","template":""}`
	for _, end := range []string{"", "\n", "\r\n"} {
		for over := range 2 {
			fits := strings.Replace(record, `""}`, `"`+strings.Repeat("x", events.MaxBytes-len(record)+over)+`"}`, 1)
			file := writeFile(t, "a.jsonl", []byte(fits+end))
			out, _ := rateFile(t, nil, file)
			if got, want := bytes.Count(out, []byte("\n")), 1-over; got != want {
				t.Errorf("rate, %d bytes over the limit, line end %q: got %d messages, want %d", over, end, got, want)
			}
			for _, r := range records(strings.NewReader(fits + end)) {
				if string(r.value) != fits {
					t.Errorf("validate, line end %q: got a record of %d bytes, want %d", end, len(r.value), len(fits))
				}
			}
		}
	}
}

// TestRateLeavesNothingBehind: neither after the end, nor after an interrupt in
// the middle of sorting on disk, nor after an output that cannot be written.
func TestRateLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	file := madeUpFile(t, 5000, traffic.V1)
	empty := func(when string) {
		t.Helper()
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: got %d files left (%v), want none", when, len(left), err)
		}
	}
	rateFile(t, file, "--memory-mb", "1")
	empty("at the end")

	rate := func(ctx context.Context, in *interruptingReader, out *failingWriter) error {
		c := rateCommand{tariffFlag: tariffFlag{"example"}, memoryFlag: memoryFlag{1}}
		return c.Run(ctx, &streams{in: in, out: out, err: &bytes.Buffer{}})
	}
	ctx, interrupt := context.WithCancel(t.Context())
	err := rate(ctx, &interruptingReader{file, interrupt, 0}, &failingWriter{max: 1 << 30})
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("interrupted: got error %v, want %v", err, context.Canceled)
	}
	empty("interrupted")

	if err = rate(t.Context(), &interruptingReader{file, func() {}, 0}, &failingWriter{max: 2 << 20}); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("output full: got error %v, want that", err)
	}
	empty("output full")
}

// TestRateDies: a real process that is interrupted or killed while it sorts on disk
// writes no half of an answer, leaves no file, and an interrupt is an exit status
// of its own making.
func TestRateDies(t *testing.T) {
	file := madeUpFile(t, 20_000, traffic.V1)
	for _, how := range []os.Signal{os.Interrupt, syscall.SIGTERM, os.Kill} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := command(t, "rate", "--tariff", "example", "--memory-mb", "1")
			cmd.Env = append(os.Environ(), "TMPDIR="+dir)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var out, report bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &report
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Write(file); err != nil { // all of it is read, but not yet rated: there may be more
				t.Fatalf("%v\n%s", err, report.String())
			}
			if err := cmd.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("ended well, want a failure")
			}
			if how != os.Kill && (cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(report.String(), "interrupted")) {
				t.Errorf("got status %d and %q, want %d and that it was interrupted", cmd.ProcessState.ExitCode(), report.String(), exitFailed)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %d bytes before all was read", out.Len())
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 0 {
				t.Errorf("%d files left (%v), want none", len(left), err)
			}
		})
	}
}

// interruptingReader calls interrupt when it has given half of the file.
type interruptingReader struct {
	file      []byte
	interrupt func()
	at        int
}

func (r *interruptingReader) Read(p []byte) (int, error) {
	n, err := bytes.NewReader(r.file[r.at:]).Read(p)
	r.at += n
	if r.at > len(r.file)/2 {
		r.interrupt()
	}
	return n, err
}

type failingWriter struct{ written, max int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.written += len(p); w.written > w.max {
		return 0, fmt.Errorf("output full")
	}
	return len(p), nil
}

// firstDifference shows where two texts part, or "".
func firstDifference(got, want []byte) string {
	if bytes.Equal(got, want) {
		return ""
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return fmt.Sprintf("line %d of %d:\ngot  %s\nwant %s", i+1, len(w), g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

// TestRateSharesFreeTiersOfSenders: a sender that nobody registered has one free tier a month, whichever
// accounts its events name.
func TestRateSharesFreeTiersOfSenders(t *testing.T) {
	tariff, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	named := tariff.Accounts(month("2026-10"))[:3]
	var file bytes.Buffer
	for i := range 1500 {
		at := fmt.Sprintf("2026-10-%02dT%02d:%02d:00Z", 10+i/1000, i/60%16, i%60)
		fmt.Fprintf(&file, `{"type":"message.received","time":%q,"message_id":"r%d","sender":"+442079469999","user":"+447700900123"}`+"\n", at, i)
		for _, what := range []string{"sent", "delivered"} {
			fmt.Fprintf(&file, `{"type":"message.%s","time":%q,"message_id":"m%d","sender":"+442079469999","user":"+447700900123","account":%q,"kind":"freeform"}`+"\n", what, at, i, named[i%3])
		}
	}
	got, _ := rateFile(t, file.Bytes())
	if free := bytes.Count(got, []byte(`"reason":"service_free_tier"`)); free != 1000 {
		t.Errorf("%d messages of one sender are in the free tier, want 1000", free)
	}
	if d := firstDifference(got, referenceRate(t, tariff.Tariff, file.Bytes())); d != "" {
		t.Error(d)
	}
}
