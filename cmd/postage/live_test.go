package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/schemas/events/traffic"
	"postage/schemas/tariff"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestLiveAcrossProcesses: two `postage ingest` share the topic, a tenth of the records under
// wrong keys. The tariff is changed twice while they run: once with a fault, which is refused, once
// well, which both follow. In the end the view says of every message what `postage rate` says of the
// same events.
func TestLiveAcrossProcesses(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	dir := filepath.Join(t.TempDir(), "tariff")
	if err := os.CopyFS(dir, tariff.Example); err != nil {
		t.Fatal(err)
	}
	chance := randomly(t)
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 3000, traffic.V1)
	for i := range records {
		if chance.IntN(10) == 0 {
			records[i].Key = fmt.Append(nil, chance.Uint64())
		}
	}
	half := len(records) / 2
	p.produce(records[:half]...)

	args := []string{"ingest", "-v", "--tariff", dir, "--kafka", p.Kafka, "--clickhouse", "clickhouse://" + gentle(t) + "/" + p.database, "--data", p.Data}
	first, second := command(t, args...), command(t, args...)
	var log lockedBuffer
	first.Stderr = &log
	for _, c := range []interface{ Start() error }{first, second} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the first half is classified", func() bool {
		return p.one("SELECT count() FROM events") == fmt.Sprint(half) && p.one("SELECT count() > 1000 FROM v_live_messages") == "1"
	})

	spoil(t, dir, "accounts.csv", "Europe/Berlin", "Europe/Bärlin")
	first.Process.Signal(syscall.SIGHUP)
	until(t, "the faulty tariff is refused", func() bool {
		return strings.Contains(log.String(), "not reloaded") && strings.Contains(log.String(), "accounts.csv:2")
	})
	if got := p.one("SELECT uniqExact(tariff) FROM tariff_activations"); got != "1" {
		t.Errorf("activations after a faulty tariff: got %s, want 1", got)
	}

	spoil(t, dir, "accounts.csv", "Europe/Bärlin", "Asia/Tokyo")
	spoil(t, dir, "regimes.csv", "fernhill-retail,2018-01-01,NBP", "fernhill-retail,2018-01-01,PMP1")
	changed, err := (tariffFlag{dir}).load()
	if err != nil {
		t.Fatal(err)
	}
	first.Process.Signal(syscall.SIGHUP)
	p.produce(records[half:]...)

	file := filepath.Join(t.TempDir(), "events.jsonl")
	var lines bytes.Buffer
	for _, r := range records {
		lines.Write(append(r.Value, '\n'))
	}
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rated, err := command(t, "rate", "--tariff", dir, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := classifiedLines(t, rated, changed.Rows.Version)
	var got []string
	until(t, "the view equals postage rate", func() bool {
		got = got[:0]
		for _, row := range p.sql(`SELECT message_id, sender, user, account, sent_at, ifNull(toString(delivered_at), ''), class, regime, category, market, month, arrayStringConcat(flags, ' '),
			outcome, reason, cost_outcome, cost_reason, claim_model, claim_type, claim_category, tariff FROM v_live_messages`) {
			got = append(got, strings.Join(row, "\t"))
		}
		slices.Sort(got)
		return slices.EqualFunc(got, want, sameClassification)
	}, func() {
		for i := range min(len(got), len(want)) {
			if !sameClassification(got[i], want[i]) {
				t.Errorf("got\n  %s\nwant\n  %s", got[i], want[i])
				return
			}
		}
		t.Errorf("got %d rows, want %d", len(got), len(want))
	})
	for _, c := range []interface{ Wait() error }{first, second} {
		first.Process.Signal(os.Interrupt)
		second.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Errorf("end: %v\n%s", err, log.String())
		}
	}
}

// priced are the reasons that only pricing gives; before it, such a message is charged, for
// a reason that is lost.
var priced = []string{"free_tier", "service_free_tier", "allowance", "unknown_market", "no_package", "no_price"}

// classifiedLines turns the output of postage rate into rows as the test reads them from the view.
func classifiedLines(t *testing.T, rated []byte, version string) []string {
	t.Helper()
	var lines []string
	at := func(s string) string { return strings.TrimSuffix(strings.Replace(s, "T", " ", 1), "Z") }
	unpriced := func(outcome, reason string) (string, string) {
		if slices.Contains(priced, reason) {
			return "charged", "*"
		}
		return outcome, reason
	}
	for line := range bytes.Lines(rated) {
		var m ratedLine
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		outcome, reason := unpriced(m.Outcome, m.Reason)
		costOutcome, costReason := unpriced(m.CostOutcome, m.CostReason)
		lines = append(lines, strings.Join([]string{
			m.MessageID, m.Sender, m.User, m.Account, at(m.SentAt), at(m.DeliveredAt), m.Class, m.Regime, m.Category, m.Market, m.Month, strings.Join(m.Flags, " "),
			outcome, reason, costOutcome, costReason, m.CarrierModel, m.CarrierType, m.CarrierCategory, version,
		}, "\t"))
	}
	slices.Sort(lines)
	return lines
}

// sameClassification compares two rows; a reason that pricing has replaced is "*".
func sameClassification(got, want string) bool {
	if got == want {
		return true
	}
	g, w := strings.Split(got, "\t"), strings.Split(want, "\t")
	for _, i := range []int{13, 15} {
		if w[i] == "*" {
			w[i] = g[i]
		}
	}
	return slices.Equal(g, w)
}

// until waits for something, a minute at most.
func until(t *testing.T, what string, holds func() bool, explain ...func()) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, f := range explain {
				f()
			}
			t.Fatalf("a minute has passed, and not: %s", what)
		}
	}
}

// spoil replaces text in a file of a tariff, all at once as editors do.
func spoil(t *testing.T, dir, file, from, to string) {
	t.Helper()
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(from)) {
		t.Fatalf("%s: %v, or no %q", path, err, from)
	}
	if err := os.WriteFile(path+".new", bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestIngestWithoutTariff keeps the log and classifies nothing, until a tariff is active: then
// everything that is there already is classified.
func TestIngestWithoutTariff(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 300, traffic.V1)
	p.produce(records...)
	p.ingest()
	if got := p.one("SELECT count() FROM v_live_messages"); got != "0" {
		t.Errorf("live rows without a tariff: got %s, want 0", got)
	}
	if err := p.engines.tariffs.activate(t.Context(), p.tariff); err != nil {
		t.Fatal(err)
	}
	p.ingest() // nothing new arrives
	c := rating.NewClassifier(p.tariff.Tariff)
	in := newEventReader(p.tariff.Tariff)
	for _, r := range records {
		items, _ := in.decoder.Decode(nil, r.Value, rating.At(r.Time))
		for _, it := range items {
			k := talk{it.Event.Sender, it.Event.User}
			in.byTalk[k] = append(in.byTalk[k], it.Event)
		}
	}
	want := 0
	for _, events := range in.byTalk {
		want += len(c.Classify(nil, events))
	}
	if got := p.one("SELECT count() FROM v_live_messages"); got != fmt.Sprint(want) {
		t.Errorf("live rows after the activation: got %s, want %d", got, want)
	}
}
