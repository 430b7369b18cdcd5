package traffic

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"postage/rating"
	"runtime"
	"strings"
	"testing"
	"time"
)

var october = rating.Month{Year: 2026, Month: time.October}

// firms are three accounts as the demo has them.
func firms(t testing.TB) []Account {
	t.Helper()
	return []Account{
		{Name: "harbour-and-home", Country: "GB", Timezone: zone(t, "Europe/London"), Senders: []string{"+447700900001", "+447700900002"}},
		{Name: "indus-bank", Country: "IN", Timezone: zone(t, "Asia/Kolkata"), Senders: []string{"+915000000001"}},
		{Name: "nordlicht-reisen", Country: "DE", Timezone: zone(t, "Europe/Berlin"), Senders: []string{"+4919980000001", "+4919980000002"}},
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func start(t testing.TB, cfg Config) *Generator {
	t.Helper()
	if cfg.Accounts == nil {
		cfg.Accounts = firms(t)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func fingerprint(t *testing.T, cfg Config) string {
	t.Helper()
	h := sha256.New()
	for r := range start(t, cfg).Records() {
		writeRecord(h, r)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func writeRecord(h hash.Hash, r Record) {
	fmt.Fprintf(h, "%s %d %s %s\n", r.Key, r.Arrived, r.Account, r.Value)
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, f := range []Format{V1, Webhook} {
		cfg := Config{Month: october, Messages: 5000, Seed: 7, Format: f}
		first, second := fingerprint(t, cfg), fingerprint(t, cfg)
		if first != second {
			t.Errorf("%s: got %s in one run and %s in the next, want the same", f, first, second)
		}
		cfg.Seed = 8
		if other := fingerprint(t, cfg); other == first {
			t.Errorf("%s: got the same bytes for seeds 7 and 8", f)
		}
	}
}

func TestExactlyAsManyMessagesAsAsked(t *testing.T) {
	for _, n := range []int{0, 1, 2, 9, 100, 12345} {
		g := start(t, Config{Month: october, Messages: n, Seed: 3})
		for range g.Records() {
		}
		if got := g.Facts().Total.Outbound; got != int64(n) {
			t.Errorf("outbound messages: got %d, want %d", got, n)
		}
	}
}

func TestFactsAgreeWithTheStream(t *testing.T) {
	for _, f := range []Format{V1, Webhook} {
		g := start(t, Config{Month: october, Messages: 10000, Seed: 11, Format: f})
		seen := map[[32]byte]bool{}
		var records, copies int64
		for r := range g.Records() {
			records++
			sum := sha256.Sum256(r.Value)
			if seen[sum] {
				copies++
			}
			seen[sum] = true
		}
		got := g.Facts()
		if got.Total.Records != records || got.Total.Copies != copies {
			t.Errorf("%s: facts say %d records, %d copies; the stream held %d, %d", f, got.Total.Records, got.Total.Copies, records, copies)
		}
		if share := float64(copies) / float64(records); share < .04 || share > .06 {
			t.Errorf("%s: copies are %.3f of the records, want about %.2f", f, share, DefaultCopies)
		}
		var sum Tally
		for _, a := range got.Accounts {
			sum.add(a.Tally)
		}
		if sum != got.Total {
			t.Errorf("%s: accounts sum to %+v, want %+v", f, sum, got.Total)
		}
	}
}

func TestNoCopiesWhenNotWanted(t *testing.T) {
	g := start(t, Config{Month: october, Messages: 2000, Seed: 11, Copies: -1})
	for range g.Records() {
	}
	if got := g.Facts().Total.Copies; got != 0 {
		t.Errorf("copies: got %d, want none", got)
	}
}

func TestReceiverMayStop(t *testing.T) {
	n := 0
	for range start(t, Config{Month: october, Messages: 2000, Seed: 1}).Records() {
		if n++; n == 100 {
			break
		}
	}
	if n != 100 {
		t.Errorf("records: got %d, want 100", n)
	}
}

func TestConfigFaultsAreNamed(t *testing.T) {
	_, err := New(Config{Messages: -1, Copies: .95, Accounts: []Account{{Name: "acme"}}})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"month", "messages -1", "copies 0.95", "acme: no timezone", "acme: no sender"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not mention %q", err, want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 200,000 messages")
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	n := 0
	for range start(t, Config{Month: october, Messages: 200_000, Seed: 1}).Records() {
		if n++; n%50_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}
	if got := int64(peak) - int64(before.HeapInuse); got > 100<<20 {
		t.Errorf("heap in use: got %d MB, want under 100", got>>20)
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, f := range []Format{V1, Webhook} {
		b.Run(f.String(), func(b *testing.B) {
			records, bytes := 0, 0
			for b.Loop() {
				for r := range start(b, Config{Month: october, Messages: 100_000, Seed: 1, Format: f}).Records() {
					records++
					bytes += len(r.Value)
				}
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(records), "bytes/record")
		})
	}
}
