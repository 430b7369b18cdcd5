package live_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"postage/rating"
	"postage/schemas/clickhouse"
	"postage/schemas/clickhouse/embedded"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// engine is the ClickHouse all tests of the package share; each has its own database in it.
var engine *embedded.Server

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	os.Exit(withEngine(m.Run))
}

func withEngine(run func() int) int {
	dir, err := os.MkdirTemp("", "postage-live-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	engine, err = embedded.Start(context.Background(), embedded.Options{DataDir: dir, Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need a ClickHouse:", err)
		return 1
	}
	code := run()
	if err := engine.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

var databases atomic.Int32

// open returns a store on a fresh, migrated database.
func open(t testing.TB) *clickhouse.Store {
	t.Helper()
	s, err := clickhouse.Open(t.Context(), engine.DSN(), clickhouse.Options{Database: fmt.Sprintf("live_%d", databases.Add(1))})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	return s
}

// sql returns what a query prints, a line for each row.
func sql(t testing.TB, s *clickhouse.Store, query string) []string {
	t.Helper()
	params := url.Values{"database": {s.Database()}, "default_format": {"TabSeparatedRaw"}}
	resp, err := http.Post("http://"+engine.HTTPAddr+"/?"+params.Encode(), "text/plain", strings.NewReader(query))
	if err != nil {
		t.Fatalf("sql: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("sql: status %d, %v: %s\n%s", resp.StatusCode, err, body, query)
	}
	var lines []string
	for line := range strings.Lines(string(body)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

// liveRows is the view, every column.
func liveRows(t testing.TB, s *clickhouse.Store) []string {
	t.Helper()
	lines := sql(t, s, "SELECT * EXCEPT (flags), arrayStringConcat(flags, ' ') FROM v_live_messages")
	slices.Sort(lines)
	return lines
}

// offlineRows are the same rows from the offline classification of all events.
func offlineRows(tariff *rating.Tariff, all []rating.Event) []string {
	type key struct{ sender, user string }
	conversations := map[key][]rating.Event{}
	for _, e := range all {
		k := key{e.Sender, e.User}
		conversations[k] = append(conversations[k], e)
	}
	c := rating.NewClassifier(tariff)
	var messages []rating.Message
	for _, events := range conversations {
		messages = c.Classify(messages, events)
	}
	lines := make([]string, len(messages))
	for i := range messages {
		m := &messages[i]
		m.Settle(c.Latest())
		lines[i] = rowOf(m, tariff.Rows.Version)
	}
	slices.Sort(lines)
	return lines
}

func rowOf(m *rating.Message, version string) string {
	at := func(i rating.Instant) string {
		if i == 0 {
			return `\N`
		}
		return i.Time().Format("2006-01-02 15:04:05.000")
	}
	month := ""
	if !m.Month.IsZero() {
		month = m.Month.String()
	}
	return strings.Join([]string{
		m.Account, m.MessageID, m.Sender, m.User, m.UserCountry, m.Template, m.Kind.String(),
		at(m.SentAt), at(m.DeliveredAt), fmt.Sprint(m.Failed), m.Regime.String(), m.Class.String(), m.Outcome.String(), m.Reason.String(),
		m.Category, m.Market, month, at(m.Window),
		[]string{"unsaid", "no", "yes"}[m.Claim.Billable], m.Claim.Model, m.Claim.Type, m.Claim.Category,
		fmt.Sprint(m.Error.Code), m.Error.Title, m.Cost.Regime.String(), m.Cost.Outcome.String(), m.Cost.Reason.String(), m.Cost.Category,
		version, strings.Join(m.Flags.Names(), " "),
	}, "\t")
}

// compare fails with the first rows that differ.
func compare(t testing.TB, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	id := func(line string) string { f := strings.Split(line, "\t"); return f[2] + f[3] + f[1] }
	wanted := map[string]string{}
	for _, line := range want {
		wanted[id(line)] = line
	}
	shown := 0
	for _, line := range got {
		if w := wanted[id(line)]; w != line && shown < 5 {
			t.Errorf("got\n  %s\nwant\n  %s", line, cmp.Or(w, "nothing"))
			shown++
		}
		delete(wanted, id(line))
	}
	for _, w := range wanted {
		if shown < 5 {
			t.Errorf("got nothing, want\n  %s", w)
			shown++
		}
	}
	t.Fatalf("got %d rows, want %d", len(got), len(want))
}

// randomSeed is printed, so that a failure can be repeated: POSTAGE_TEST_SEED=N.
func randomSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("POSTAGE_TEST_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatalf("POSTAGE_TEST_SEED: %v", err)
		}
	}
	t.Logf("POSTAGE_TEST_SEED=%d", seed)
	return seed
}
