package rating_test

import (
	"encoding/json"
	"math/rand/v2"
	"postage/rating"
	"reflect"
	"testing"

	"github.com/shopspring/decimal"
)

// lawful runs a law over random months, each with its own seed.
func lawful(t *testing.T, n int, law func(t *testing.T, seed uint64, r *rand.Rand, w *world, events []rating.Event)) {
	first := firstSeed(t)
	for seed := first; seed < first+uint64(seeds(t, n)) && !t.Failed(); seed++ {
		r := randomly(seed)
		w := newWorld(r)
		law(t, seed, r, w, w.traffic())
	}
}

// allStatements are the statements of every account and month, as JSON.
func allStatements(t *testing.T, rated *rating.Rated, tariff *rating.Tariff) []string {
	t.Helper()
	months := map[rating.Month]bool{}
	for _, m := range rated.Messages {
		months[m.StatementMonth()] = true
	}
	var out []string
	for _, month := range sortedMonths(months) {
		for _, account := range tariff.Accounts(month) {
			s, err := statementOf(tariff, rated, account, month)
			if err != nil {
				t.Fatalf("%s %s: %v", account, month, err)
			}
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(b))
		}
	}
	return out
}

func sortedMonths(set map[rating.Month]bool) (months []rating.Month) {
	for m := (rating.Month{Year: 2017, Month: 12}); m.Year < 2030; m = m.Next() {
		if set[m] {
			months = append(months, m)
		}
	}
	return months
}

func rate(t *testing.T, rows *rating.TariffRows, events []rating.Event) (*rating.Tariff, *rating.Rated) {
	t.Helper()
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatalf("tariff: %v", err)
	}
	rated, err := rating.Evaluate(tariff, conversationsOf(events), nil)
	if err != nil {
		t.Fatalf("evaluate: %v", err)
	}
	return tariff, rated
}

func TestOrderAndCopiesChangeNothing(t *testing.T) {
	lawful(t, 400, func(t *testing.T, seed uint64, r *rand.Rand, w *world, events []rating.Event) {
		tariff, rated := rate(t, w.rows, events)
		want := allStatements(t, rated, tariff)
		for range 3 {
			again := append([]rating.Event{}, events...)
			for range r.IntN(len(events) + 1) {
				again = append(again, pick(r, events...))
			}
			r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			tariff, rated := rate(t, w.rows, again)
			got := allStatements(t, rated, tariff)
			if len(got) != len(want) {
				t.Fatalf("seed %d: got %d statements, want %d", seed, len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("seed %d: statement changed with order and copies:\ngot  %s\nwant %s", seed, got[i], want[i])
				}
			}
		}
	})
}

func TestConversationsDoNotDisturbOneAnother(t *testing.T) {
	lawful(t, 300, func(t *testing.T, seed uint64, r *rand.Rand, w *world, events []rating.Event) {
		tariff, err := rating.NewTariff(w.rows)
		if err != nil {
			t.Fatal(err)
		}
		shared := rating.NewClassifier(tariff)
		for conversation := range conversationsOf(events) {
			got := shared.Classify(nil, conversation)
			want := rating.NewClassifier(tariff).Classify(nil, conversation)
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("seed %d: %s is judged otherwise after other conversations:\ngot  %+v\nwant %+v", seed, want[i].MessageID, got[i], want[i])
				}
			}
		}
	})
}

func TestOneMoreNotificationNeverLowersTheTotal(t *testing.T) {
	total := func(t *testing.T, rows *rating.TariffRows, events []rating.Event) decimal.Decimal {
		_, rated := rate(t, rows, events)
		var sum decimal.Decimal
		for _, m := range rated.Messages {
			sum = sum.Add(m.Price())
		}
		return sum
	}
	first := firstSeed(t)
	for seed := first; seed < first+uint64(seeds(t, 60)); seed++ {
		r := randomly(seed)
		rows, err := parseTariff("account\nsender sender=A\nmarket market=M prefix=44\npackage included_units=3")
		if err != nil {
			t.Fatal(err)
		}
		volume := int64(1)
		for range 1 + r.IntN(4) {
			rows.Prices = append(rows.Prices, rating.PriceRow{
				PriceList: "list", ValidFrom: dawn, Currency: "GBP", Origin: "*", Market: "*", Category: "notification",
				FromVolume: volume, UnitPrice: decimal.New(int64(r.IntN(100)), -2),
			})
			volume += 1 + int64(r.IntN(6))
		}
		at := day(2019, 6, 10).Midnight(zoneOf("UTC"))
		var events []rating.Event
		before := decimal.Zero
		for n := range 25 {
			sent := at + rating.Instant(r.IntN(int(10*days)))
			e := rating.Event{Type: rating.Sent, Kind: rating.Template, At: sent, MessageID: string(rune('a' + n)), Sender: numberOf("A"), User: numberOf("gb1")}
			d := rating.Event{Type: rating.Delivered, At: sent + rating.Instant(r.IntN(int(days))), MessageID: e.MessageID, Sender: e.Sender, User: e.User}
			events = append(events, e, d)
			after := total(t, rows, events)
			if after.LessThan(before) {
				t.Errorf("seed %d: one more notification, number %d: got %s, want at least %s", seed, n+1, after, before)
			}
			before = after
		}
	}
}

func TestALaterPriceNeverChangesAnEarlierMessage(t *testing.T) {
	lawful(t, 400, func(t *testing.T, seed uint64, r *rand.Rand, w *world, events []rating.Event) {
		for i := range w.rows.Packages {
			w.rows.Packages[i].TierMode = "" // the month's total reprices all units, by its nature
		}
		_, before := evaluate(t, w.rows, events)
		later := w.edge.AddDays(1)
		for _, list := range []string{"list", "other"} {
			for _, market := range []string{"*", "GB", "India", "Rest of Asia"} {
				w.rows.Prices = append(w.rows.Prices, rating.PriceRow{
					Row: w.row("prices.csv"), PriceList: list, ValidFrom: later.AddDays(r.IntN(3)), Currency: "GBP", Origin: pick(r, "*", "GB"), Market: market,
					Category: pick(r, "marketing", "utility", "*"), FromVolume: 1, UnitPrice: number("9.99"),
				})
			}
		}
		w.rows.Prices = distinct(w.rows.Prices)
		_, after := evaluate(t, w.rows, events)
		limit := later.AddDays(-1).Midnight(zoneOf("UTC")) - 12*hour // before that day anywhere
		for i, m := range after {
			if m.SentAt < limit && m.DeliveredAt < limit {
				if diff := fields(verdictOf(m), verdictOf(before[i])); diff != nil {
					t.Errorf("seed %d: prices from %s on change %s of %s: %v", seed, later, m.MessageID, m.SentAt, diff)
				}
			}
		}
	})
}

// distinct drops rows that would be the same rate and tier as an earlier one.
func distinct(rows []rating.PriceRow) (out []rating.PriceRow) {
	seen := map[rating.PriceRow]bool{}
	for _, r := range rows {
		k := r
		k.Row, k.UnitPrice = rating.Row{}, decimal.Decimal{}
		if !seen[k] {
			seen[k] = true
			out = append(out, r)
		}
	}
	return out
}
