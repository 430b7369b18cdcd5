package rating_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"postage/rating"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// seeds is how many random months a test tries: POSTAGE_SEEDS, or so many.
func seeds(t testing.TB, n int) int {
	if s := os.Getenv("POSTAGE_SEEDS"); s != "" {
		v, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("POSTAGE_SEEDS: %v", err)
		}
		return v
	}
	return n
}

// firstSeed is fixed unless POSTAGE_SEED asks for another, so that a plain run
// of the tests never surprises anybody.
func firstSeed(t testing.TB) uint64 {
	if s := os.Getenv("POSTAGE_SEED"); s != "" {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("POSTAGE_SEED: %v", err)
		}
		return v
	}
	return 1
}

func randomly(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2018)) }

// conversationsOf groups events into conversations, each once.
func conversationsOf(events []rating.Event) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		groups := map[[2]string][]rating.Event{}
		var order [][2]string
		for _, e := range events {
			k := [2]string{e.Sender, e.User}
			if groups[k] == nil {
				order = append(order, k)
			}
			groups[k] = append(groups[k], e)
		}
		for _, k := range order {
			if !yield(groups[k], nil) {
				return
			}
		}
	}
}

func evaluate(t testing.TB, rows *rating.TariffRows, events []rating.Event) (*rating.Tariff, []*rating.Message) {
	t.Helper()
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatalf("tariff: %v", err)
	}
	rated, err := rating.Evaluate(tariff, conversationsOf(events), nil)
	if err != nil {
		t.Fatalf("evaluate: %v", err)
	}
	inOrder(rated.Messages)
	return tariff, rated.Messages
}

// inOrder puts messages in the order in which they were sent.
func inOrder(messages []*rating.Message) {
	sort.Slice(messages, func(i, j int) bool {
		a, b := messages[i], messages[j]
		if a.SentAt != b.SentAt {
			return a.SentAt < b.SentAt
		}
		if a.MessageID != b.MessageID {
			return a.MessageID < b.MessageID
		}
		return a.Sender+a.User < b.Sender+b.User
	})
}

// fields names what differs between two verdicts.
func fields(got, want verdict) (diff []string) {
	see := func(name string, g, w any) {
		if g != w {
			diff = append(diff, fmt.Sprintf("%s: got %v, want %v", name, g, w))
		}
	}
	see("account", got.account, want.account)
	see("sent_at", got.sent, want.sent)
	see("delivered_at", got.delivery, want.delivery)
	see("regime", got.regime, want.regime)
	see("class", got.class, want.class)
	see("outcome", got.outcome, want.outcome)
	see("reason", got.reason, want.reason)
	see("flags", strings.Join(got.flags.Names(), "+"), strings.Join(want.flags.Names(), "+"))
	see("category", got.category, want.category)
	see("market", got.market, want.market)
	see("month", got.month, want.month)
	see("window", got.window, want.window)
	see("tier", got.tier, want.tier)
	see("price row", got.row, want.row)
	see("unit price", got.unit, want.unit)
	see("currency", got.currency, want.currency)
	return diff
}

func verdictOf(m *rating.Message) verdict {
	v := verdict{
		account: m.Account, sent: m.SentAt, delivery: m.DeliveredAt, window: m.Window, regime: m.Regime, class: m.Class,
		outcome: m.Outcome, reason: m.Reason, flags: m.Flags, category: m.Category, market: m.Market, month: m.Month, tier: m.Tier,
	}
	if m.Rate != nil {
		v.row, v.unit, v.currency = m.Rate.PriceRow, m.Rate.UnitPrice.String(), m.Rate.Currency
	}
	return v
}

// costOf is the verdict on the carrier's side.
func costOf(m *rating.Message) verdict {
	v := verdictOf(m)
	v.regime, v.category, v.outcome, v.reason, v.tier = m.Cost.Regime, m.Cost.Category, m.Cost.Outcome, m.Cost.Reason, m.Cost.Tier
	v.row, v.unit, v.currency = "", "", ""
	if m.Cost.Rate != nil {
		v.row, v.unit, v.currency = m.Cost.Rate.PriceRow, m.Cost.Rate.UnitPrice.String(), m.Cost.Rate.Currency
	}
	return v
}

// costsUs says whether a message has a carrier's side: its package has a cost list.
func (b books) costsUs(j *judged) bool {
	if j.terms == nil {
		return false
	}
	pack := b.pack(j.terms.Package, localDate(j.sentAt, j.terms.Timezone))
	return pack != nil && pack.CostList != ""
}

func TestOracle(t *testing.T) {
	first, messages := firstSeed(t), 0
	seen, wrong := map[rating.Reason]int{}, 0
	for seed := first; seed < first+uint64(seeds(t, 1500)); seed++ {
		r := randomly(seed)
		w := newWorld(r)
		events := w.traffic()
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		want := consult(w.rows, events)
		carrier := books{w.rows, true}
		costs := carrier.consult(events)
		_, got := evaluate(t, w.rows, events)
		if len(got) != len(want) {
			t.Errorf("seed %d: got %d messages, want %d", seed, len(got), len(want))
		}
		for _, m := range got {
			messages++
			j := want[messageKey{m.Sender, m.User, m.MessageID}]
			if j == nil {
				t.Errorf("seed %d: %s %s %s: the oracle knows no such message", seed, m.Sender, m.User, m.MessageID)
				continue
			}
			seen[m.Reason]++
			side := costs[messageKey{m.Sender, m.User, m.MessageID}]
			if !carrier.costsUs(side) {
				if m.Cost.Outcome != 0 {
					t.Errorf("seed %d: %s: the carrier's side is %v, want none", seed, m.MessageID, m.Cost.Outcome)
				}
			} else if diff := fields(costOf(m), side.verdict); diff != nil {
				wrong++
				t.Errorf("seed %d: %s from %s to %s, sent %v, the carrier's side (%v):\n\t%s", seed, m.MessageID, m.Sender, m.User, m.SentAt, m.Cost.Reason, strings.Join(diff, "\n\t"))
			}
			if diff := fields(verdictOf(m), j.verdict); diff != nil {
				wrong++
				t.Errorf("seed %d: %s from %s to %s, sent %v (%v %q, %v %v):\n\t%s", seed, m.MessageID, m.Sender, m.User, m.SentAt, j.kind, j.outbound.category, m.Regime, m.Reason, strings.Join(diff, "\n\t"))
			}
		}
		if wrong > 200 {
			t.Fatalf("too many differences")
		}
	}
	t.Logf("%d messages from seed %d on", messages, first)
	for reason := rating.TemplateOutsideCareWindow; reason <= rating.NoPrice; reason++ {
		if seen[reason] == 0 {
			t.Errorf("no message came out as %v", reason)
		}
		t.Logf("%6d %v", seen[reason], reason)
	}
}
