package rating_test

import (
	"math/rand/v2"
	"postage/rating"
	"testing"

	"github.com/shopspring/decimal"
)

// TestEverySumAgrees: what the messages say, what the lines say and what the
// totals say is one number, and nothing falls between.
func TestEverySumAgrees(t *testing.T) {
	lawful(t, 400, func(t *testing.T, seed uint64, _ *rand.Rand, w *world, events []rating.Event) {
		for i := range w.rows.Packages {
			w.rows.Packages[i].MonthlyFee, w.rows.Packages[i].SenderFee = number("49"), number("3.33")
			w.rows.Packages[i].MinimumSpend = number("55.5")
		}
		tariff, rated := rate(t, w.rows, events)
		type page struct {
			account string
			month   rating.Month
		}
		messages := map[page][]*rating.Message{}
		for _, m := range rated.Messages {
			p := page{m.Account, m.StatementMonth()}
			messages[p] = append(messages[p], m)
		}
		for p, list := range messages {
			if p.month.IsZero() || tariff.AccountOn(p.account, p.month.Last()) == nil {
				continue
			}
			s, err := statementOf(tariff, rated, p.account, p.month)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			var spent, used, exact, billed decimal.Decimal
			var charged, allowed, lineCharged, lineAllowed int64
			for _, m := range list {
				spent = spent.Add(m.Price())
				if m.Outcome == rating.Charged {
					charged++
				}
				if m.Reason == rating.Allowance {
					allowed++
				}
			}
			for _, l := range s.Lines {
				exact, billed = exact.Add(l.Exact), billed.Add(l.Billed)
				if want := l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity)); !l.Exact.Equal(want) {
					t.Errorf("seed %d: line %+v: got %s, want %s", seed, l, l.Exact, want)
				}
				if want := l.Exact.Round(s.Scale); !l.Billed.Equal(want) {
					t.Errorf("seed %d: line %+v: billed %s, want %s", seed, l, l.Billed, want)
				}
				switch l.Kind {
				case rating.UsageLine:
					used = used.Add(l.Exact)
					lineCharged += l.Quantity
				case rating.AllowanceLine:
					lineAllowed += l.Quantity
				}
			}
			see := func(what string, got, want decimal.Decimal) {
				t.Helper()
				if !got.Equal(want) {
					t.Errorf("seed %d: %s %s: %s: got %s, want %s", seed, p.account, p.month, what, got, want)
				}
			}
			see("usage lines against messages", used, spent)
			see("exact total against lines", s.Exact, exact)
			see("billed total against lines", s.Billed, billed)
			see("rounding", s.Residue, billed.Sub(exact))
			see("charged messages on lines", decimal.NewFromInt(lineCharged), decimal.NewFromInt(charged))
			see("messages under the allowance on lines", decimal.NewFromInt(lineAllowed), decimal.NewFromInt(allowed))
			c := s.Counts
			see("messages counted", decimal.NewFromInt(c.Messages), decimal.NewFromInt(int64(len(list))))
			see("counts by outcome", decimal.NewFromInt(c.CareFree+c.CareCharged+c.NoticeFree+c.NoticeCharged+c.NotDelivered+c.Rejected+c.Pending+c.Unrated), decimal.NewFromInt(c.Messages))
		}
	})
}

// TestPriceIfAndOnlyIfCharged: nothing unrated has a price, nothing charged lacks
// one, and no message is there twice, whatever statuses it had.
func TestPriceIfAndOnlyIfCharged(t *testing.T) {
	lawful(t, 600, func(t *testing.T, seed uint64, r *rand.Rand, w *world, events []rating.Event) {
		for _, e := range events { // more statuses of the same messages
			if e.Type >= rating.Sent && chance(r, 30) {
				e.Type = pick(r, rating.Sent, rating.Delivered, rating.Read, rating.Failed)
				e.At += rating.Instant(r.IntN(int(2 * days)))
				events = append(events, e)
			}
		}
		_, messages := evaluate(t, w.rows, events)
		seen := map[messageKey]bool{}
		for _, m := range messages {
			k := messageKey{m.Sender, m.User, m.MessageID}
			if seen[k] {
				t.Errorf("seed %d: %v is there twice", seed, k)
			}
			seen[k] = true
			charged := m.Outcome == rating.Charged
			if charged != (m.Rate != nil) || charged != (m.Tier > 0) || charged != (m.Position > 0) {
				t.Errorf("seed %d: %s is %v with rate %v, tier %d, position %d", seed, m.MessageID, m.Outcome, m.Rate, m.Tier, m.Position)
			}
			if !charged && !m.Price().IsZero() {
				t.Errorf("seed %d: %s is %v and costs %s", seed, m.MessageID, m.Outcome, m.Price())
			}
			if charged && (m.DeliveredAt == 0 || m.Market == "" || m.Account == "" || m.Month.IsZero()) {
				t.Errorf("seed %d: %s is charged and lacks something: %+v", seed, m.MessageID, m)
			}
		}
	})
}

// TestWindowsAreHalfOpen: each length of the rules holds from its first
// millisecond to just before its last.
func TestWindowsAreHalfOpen(t *testing.T) {
	rows, err := parseTariff("account timezone=UTC\nsender sender=A\nmarket market=M prefix=44\nprice unit_price=1\npackage")
	if err != nil {
		t.Fatal(err)
	}
	out := func(id string, sent, delivered rating.Instant, kind rating.Kind, category string) []rating.Event {
		e := rating.Event{Type: rating.Sent, At: sent, MessageID: id, Sender: numberOf("A"), User: numberOf("gb1"), Kind: kind, Category: category}
		d := e
		d.Type, d.At = rating.Delivered, delivered
		return []rating.Event{e, d}
	}
	in := func(at rating.Instant, referral rating.Referral) []rating.Event {
		return []rating.Event{{Type: rating.Received, At: at, MessageID: "in", Sender: numberOf("A"), User: numberOf("gb1"), Referral: referral}}
	}
	from := day(2024, 1, 5).Midnight(zoneOf("UTC"))
	for seed := firstSeed(t); seed < firstSeed(t)+50; seed++ {
		r := randomly(seed)
		at := from + rating.Instant(r.IntN(int(20*days)))
		pmp := at + 600*days
		for _, c := range []struct {
			name   string
			events []rating.Event
			from   rating.Instant
			length rating.Instant
			probe  func(at rating.Instant) []rating.Event
			inside rating.Reason
		}{
			{
				"care window", in(pmp, rating.ReferralNone), pmp, 24 * hour,
				func(at rating.Instant) []rating.Event { return out("x", at, at+hour, rating.Template, "utility") }, rating.FreeCustomerService,
			},
			{
				"conversation", out("a", at-hour, at, rating.Template, "utility"), at, 24 * hour,
				func(at rating.Instant) []rating.Event { return out("x", at-hour, at, rating.Template, "utility") }, rating.InOpenConversation,
			},
			{
				"entry point", append(in(pmp-hour, rating.ReferralAd), out("a", pmp, pmp+hour, rating.Freeform, "")...), pmp, 72 * hour,
				func(at rating.Instant) []rating.Event { return out("x", at, at+hour, rating.Template, "marketing") }, rating.InFreeEntryPoint,
			},
			{
				"time to answer a click", in(pmp, rating.ReferralAd), pmp, 24 * hour,
				func(at rating.Instant) []rating.Event {
					return out("x", at, at+hour, rating.Template, "marketing")
				}, rating.OpensFreeEntryPoint,
			},
		} {
			for _, p := range []struct {
				offset rating.Instant
				inside bool
			}{{0, true}, {1, true}, {rating.Instant(r.IntN(int(c.length))), true}, {c.length - 1, true}, {c.length, false}, {c.length + 1, false}, {-1, false}} {
				_, messages := evaluate(t, rows, append(c.probe(c.from+p.offset), c.events...))
				for _, m := range messages {
					if m.MessageID != "x" {
						continue
					}
					if got := m.Reason == c.inside; got != p.inside {
						t.Errorf("seed %d: %s: %d ms after it opened: got %v, want inside %v", seed, c.name, p.offset, m.Reason, p.inside)
					}
				}
			}
		}
	}
}
