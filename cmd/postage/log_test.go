package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/schemas/events/traffic"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMaskNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"nothing to hide":       "nothing to hide",
		"user +447700900123":    "user +**********23",
		"+447700900123":         "+**********23",
		"+1234567, +123456":     "+*****67, +123456",
		"+1234567890123456":     "+1234567890123456", // no number: 16 digits
		"+44 7700 900-123 left": "+**********23 left",
		`{"from":"447700900123","id":"wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSQTFC"}`: `{"from":"**********23","id":"wamid.***gSQTFC"}`,
		`\"recipient_id\":\"447700900123\"`:                                     `\"recipient_id\":\"**********23\"`,
		"key +442079460000|+447700900123":                                       "key +**********00|+**********23",
		"key 442079460000|447700900123":                                         "key **********00|**********23",
		"?user=%2B447700900123&x=1":                                             "?user=%2B**********23&x=1",
		`"\u002b447700900123"`:                                                  `"\u002b**********23"`,
		"topic postage.events, offset 1234567890123":                            "topic postage.events, offset 1234567890123",
		"2026-10-01T09:00:00.123Z after 1500000000 ns on 127.0.0.1:49152":       "2026-10-01T09:00:00.123Z after 1500000000 ns on 127.0.0.1:49152",
		"wamid.": "wamid.",
	} {
		if got := maskNumbers(in); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

type stringer struct{}

func (stringer) String() string { return "+447700900123" }

// TestMaskedLog: whatever way a number takes into the log, it comes out masked; a
// sender's own attribute stays.
func TestMaskedLog(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		const user = "+447700900123"
		l := newLogger(&out, format, true)
		l.Info("to "+user, "user", user, "error", fmt.Errorf("a: %w", errors.New("b "+user)), "any", []string{user}, "bytes", []byte(user),
			"stringer", stringer{}, "valuer", slog.AnyValue(user), slog.Group("g", "user", user, slog.Group("h", "user", user)), "offset", 447700900123, "sender", "+442079460000")
		l.With("user", user).WithGroup("w").With("user", user).Info("x", "user", user)
		if strings.Contains(out.String(), "7700900123\"") || strings.Contains(out.String(), user) {
			t.Errorf("%s: a number is in the log:\n%s", format, &out)
		}
		for _, want := range []string{"**23", "+442079460000", "447700900123"} { // the last is the offset
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: want %q in\n%s", format, want, &out)
			}
		}
	}
	err := maskError(fmt.Errorf("user +447700900123: %w", io.EOF))
	if got, want := err.Error(), "user +**********23: EOF"; got != want || !errors.Is(err, io.EOF) {
		t.Errorf("error: got %q, want %q, and what it wraps", got, want)
	}
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get is the status and body of a page, or 0 when nobody answers.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// await asks a page until it answers with a status and a text.
func await(t *testing.T, url string, status int, text string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got, body := get(t, url)
		if got == status && strings.Contains(body, text) {
			return body
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %d, want %d with %q:\n%s", url, got, status, text, body)
		}
	}
}

// TestOperations runs the command as an operator would, with metrics and probes, over
// good and bad records and then into a failure, and looks at what it serves and logs.
func TestOperations(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	october := month("2026-10")
	records := append(monthOf(t, p.tariff.Tariff, october, 300, traffic.Webhook), monthOf(t, p.tariff.Tariff, october, 300, traffic.V1)...)
	users := usersOf(t, records)
	const badUser = "+447700900999"
	for _, value := range []string{
		`{"type":"message.sent","time":"soon","message_id":"m","sender":"+442079460000","user":"` + badUser + `"}`,
		`{"type":"message.sent","time":"2026-10-15T12:00:00Z","message_id":"m","sender":"+442079460000","user":"447700900999"}`,
		`{"type":"message.sent","user":"` + badUser + `","time":"2026-10-`,
	} {
		records = append(records, kafka.Produced{Key: []byte("+442079460000|" + badUser), Value: []byte(value), Time: at("2026-10-15T12:00:00Z")})
	}
	unknown := `{"type":"message.delivered","time":"2026-10-15T12:00:00Z","message_id":"m","sender":"+442079469999","user":"` + badUser + `","kind":"template"}`
	records = slices.Insert(records, 0, kafka.Produced{Key: []byte("+442079469999|" + badUser), Value: []byte(unknown), Time: at("2026-10-15T12:00:00Z")})
	p.produce(records...)

	addr := freeAddr(t)
	var log bytes.Buffer
	cmd := command(t, "ingest", "-v", "--log-format", "json", "--listen", addr, "--tariff", "example", "--kafka", p.Kafka, "--clickhouse", "clickhouse://"+gentle(t)+"/"+p.database, "--data", p.Data)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	await(t, "http://"+addr+"/readyz", 200, "ok")
	await(t, "http://"+addr+"/healthz", 200, "ok")
	await(t, "http://"+addr+"/metrics", 200, fmt.Sprintf("\npostage_records_total %d\n", len(records)))
	await(t, "http://"+addr+"/metrics", 200, `postage_live_unrated{month="2026-10",reason="unknown_sender"} 1`)
	body := await(t, "http://"+addr+"/metrics", 200, "") // the figures of a scrape are not of one moment
	for _, want := range []string{
		"\npostage_events_total " + p.one("SELECT count() FROM events") + "\n", `postage_refused_total{reason="bad_value"} 2`, `postage_refused_total{reason="not_json"} 1`,
		fmt.Sprintf("\npostage_partitions %d\n", topicPartitions), `postage_next_offset{partition="0",topic="postage.events"}`, `postage_lag_records{partition="0",topic="postage.events"}`, "\npostage_generations_total 1\n", "\npostage_append_errors_total 0\n",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics: want %q in\n%s", want, body)
		}
	}
	copies, connections := figure(body, "postage_recent_copies_total"), figure(body, "postage_kafka_connections_total")
	if wantCopies := p.one("SELECT count() - uniqExact(sender, user, type, if(type IN ('consent.granted', 'consent.revoked'), toString(time), message_id)) FROM events"); !nearly(copies, wantCopies) { // the memory of recent events may forget one for another
		t.Errorf("copies: got %s, want %s or a few fewer", copies, wantCopies)
	}
	if connections == "" || connections == "0" {
		t.Errorf("connections to Kafka: got %q", connections)
	}
	documented(t, body)

	// A failure: the table is gone, and with it the way to store what comes now.
	p.sql("RENAME TABLE refused TO elsewhere")
	p.produce(records[len(records)-3:]...)
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second): // one that tries again for ever is all right too
		cmd.Process.Kill()
		<-gone
	}
	if !strings.Contains(log.String(), "records refused") || !strings.Contains(log.String(), "refused") || strings.Count(log.String(), "\n") < 3 {
		t.Errorf("the log says too little:\n%s", log.String())
	}
	for _, user := range append(users, badUser) {
		for _, form := range []string{user, user[1:]} {
			if strings.Contains(log.String(), form) {
				t.Fatalf("the number of user %s is in the log:\n%s", user, log.String())
			}
		}
	}
}

// figure is the value of a series in a scrape.
func figure(body, series string) string {
	for line := range strings.Lines(body) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == series {
			return value
		}
	}
	return ""
}

// usersOf are the numbers of users in the records.
func usersOf(t *testing.T, records []kafka.Produced) (users []string) {
	t.Helper()
	d := newDecoder(nil)
	for _, r := range records {
		items, _ := d.Decode(nil, r.Value, 1<<50)
		for _, it := range items {
			users = append(users, it.Event.User)
		}
	}
	slices.Sort(users)
	if users = slices.Compact(users); len(users) < 100 {
		t.Fatalf("%d users: too few to look for", len(users))
	}
	return users
}

// documented wants README's table of figures to be what is served, no more and no less.
func documented(t *testing.T, body string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := func(pattern, text string) (names []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	served, told := names(`(?m)^# TYPE (postage_\S+)`, body), names("(?m)^\\| `(postage_[a-z_]+)", string(text))
	if !slices.Equal(served, told) {
		t.Errorf("figures served:   %v\nthose in README: %v", served, told)
	}
}

// nearly says whether a count is at most one in fifty below what it should be, and
// not above.
func nearly(got, want string) bool {
	g, errGot := strconv.Atoi(got)
	w, errWant := strconv.Atoi(want)
	return errGot == nil && errWant == nil && g <= w && g >= w-w/50
}
