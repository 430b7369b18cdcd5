package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"slices"
	"testing"
)

// TestSpoolKeepsTheOrder of pricing, to the last tie, with all that a message has; twice; and
// nothing once it is closed.
func TestSpoolKeepsTheOrder(t *testing.T) {
	s := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var want []rating.Message
	for i := range 5000 {
		m := charged(i, fmt.Sprint("account ", r.IntN(3)), "0")
		m.MessageID, m.Sender, m.User = fmt.Sprint("m", r.IntN(20)), fmt.Sprint("+44", r.IntN(3)), fmt.Sprint("+91", i)
		m.DeliveredAt, m.SentAt, m.Window = rating.Instant(r.IntN(40)-20), rating.Instant(r.Int64N(1<<41)), rating.Instant(r.Int64N(1<<41))
		m.Rate, m.Tier = nil, 0
		m.UserCountry, m.Template, m.Failed, m.Flags = "GB", "order\tshipped", r.IntN(2) == 0, rating.Flags(r.IntN(256))
		m.Claim = rating.Claim{Billable: rating.Billable(r.IntN(3)), Model: "PMP", Type: "regular", Category: "authentication-international"}
		m.Error = rating.CarrierError{Code: -5, Title: "no"}
		m.Cost = rating.Verdict{Regime: rating.CBP2, Outcome: rating.Charged, Reason: rating.OpensConversation, Category: "marketing"}
		if r.IntN(2) == 0 {
			m.Month = rating.Month{}
		}
		want = append(want, m)
	}
	p, err := s.Spool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for some := range slices.Chunk(want, 700) {
		if err := p.Add(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(want, func(a, b rating.Message) int { return rating.CanonicalOrder(&a, &b) })
	for round := range 2 {
		n := 0
		for m, err := range p.InOrder(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprintf("%+v", *m), fmt.Sprintf("%+v", want[n]); got != want {
				t.Fatalf("round %d, message %d:\ngot  %s\nwant %s", round, n, got, want)
			}
			n++
		}
		if n != len(want) {
			t.Errorf("round %d: got %d messages, want %d", round, n, len(want))
		}
	}
	for range p.InOrder(t.Context()) {
		break // must not hang, nor harm the engine
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, s, "SELECT toString(count()) FROM spool"); got != "0" {
		t.Errorf("rows after Close: got %s, want 0", got)
	}
}
