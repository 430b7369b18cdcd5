package closing

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// memoryLog is a log of one partition, whose offsets are places in a slice: many
// small logs are read many times. What it does not have is the store's.
type memoryLog struct {
	reports.EventLog
	events []rating.Event
}

func (l *memoryLog) Cutoff(context.Context) (reports.Cutoff, error) {
	return reports.Cutoff{{Topic: "t", Offset: int64(len(l.events))}}, nil
}

func (l *memoryLog) below(upTo reports.Cutoff) []rating.Event { return l.events[:upTo[0].Offset] }

// AsOf is the latest of the earliest times of each event.
func (l *memoryLog) AsOf(_ context.Context, upTo reports.Cutoff) (latest rating.Instant, err error) {
	type identity struct {
		message
		rating.EventType
	}
	earliest := map[identity]rating.Instant{}
	for _, e := range l.below(upTo) {
		key := identity{messageOf(&e), e.Type}
		if at, ok := earliest[key]; !ok || e.At < at {
			earliest[key] = e.At
		}
	}
	for _, at := range earliest {
		latest = max(latest, at)
	}
	return latest, nil
}

func (l *memoryLog) Senders(_ context.Context, upTo reports.Cutoff) ([]reports.SenderSummary, error) {
	by := map[string]reports.SenderSummary{}
	for _, e := range l.below(upTo) {
		s := by[e.Sender]
		s.Sender, s.Events, s.Latest = e.Sender, s.Events+1, max(s.Latest, e.At)
		if e.Account != "" && !slices.Contains(s.Accounts, e.Account) {
			s.Accounts = append(s.Accounts, e.Account)
		}
		by[e.Sender] = s
	}
	return slices.SortedFunc(maps.Values(by), func(a, b reports.SenderSummary) int { return strings.Compare(a.Sender, b.Sender) }), nil
}

func (l *memoryLog) Conversations(_ context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	talks := map[[2]string][]rating.Event{}
	for _, e := range l.below(upTo) {
		if slices.Contains(of.Senders, e.Sender) && e.User >= of.UserFrom && (of.UserTo == "" || e.User < of.UserTo) {
			key := [2]string{e.Sender, e.User}
			talks[key] = append(talks[key], e)
		}
	}
	return func(yield func([]rating.Event, error) bool) {
		for _, talk := range talks {
			if !yield(talk, nil) {
				return
			}
		}
	}
}

// message is what makes events speak of one message.
type message struct{ sender, user, id string }

func messageOf(e *rating.Event) message { return message{e.Sender, e.User, e.MessageID} }

func (l *memoryLog) Reach(_ context.Context, known, upTo reports.Cutoff) (at rating.Instant, any bool, err error) {
	touched := map[message]bool{}
	for i := known[0].Offset; i < upTo[0].Offset; i++ {
		touched[messageOf(&l.events[i])] = true
	}
	for _, e := range l.below(upTo) {
		if touched[messageOf(&e)] && (!any || e.At < at) {
			at, any = e.At, true
		}
	}
	return at, any, nil
}

// noRows is a run store of which nothing is asked: rows are tested with the
// engine itself.
type noRows struct{}

func (noRows) BeginRun(context.Context, reports.Run) (reports.RunWriter, error) { return noRows{}, nil }
func (noRows) AbandonRun(context.Context, string) error                         { return nil }
func (noRows) Charges(context.Context, string) iter.Seq2[*rating.Message, error] {
	return func(func(*rating.Message, error) bool) {}
}
func (noRows) WriteMessages(context.Context, []rating.Message) error   { return nil }
func (noRows) WriteStatement(context.Context, *rating.Statement) error { return nil }
func (noRows) Alarms(context.Context, string) ([]reports.Alarm, error) { return nil, nil }
func (noRows) Flush(context.Context) error                             { return nil }
func (noRows) Finish(context.Context) error                            { return nil }

// house is an installation in small.
type house struct {
	t       *testing.T
	log     *memoryLog
	closer  *Closer
	tariffs map[string]*rating.Tariff // by content
}

func newHouse(t *testing.T) *house {
	t.Helper()
	b, err := books.Open(t.Context(), filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	w := &house{t: t, log: &memoryLog{EventLog: store}, tariffs: map[string]*rating.Tariff{}}
	w.closer = &Closer{
		Log: w.log, Runs: noRows{}, Books: b, Logger: slog.New(slog.DiscardHandler),
		Thaw: func(content []byte) (*rating.Tariff, error) {
			if tariff := w.tariffs[string(content)]; tariff != nil {
				return tariff, nil
			}
			return nil, fmt.Errorf("no tariff %q", content)
		},
		Approval: &Approval{By: "tester", Why: "a test"},
		IssuedOn: rating.Date{Year: 2026, Month: time.November, Day: 3}, Now: time.Unix(1_800_000_000, 0),
	}
	return w
}

// now is the cut-off of the log as it is.
func (w *house) now() reports.Cutoff {
	w.t.Helper()
	cutoff, err := w.log.Cutoff(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return cutoff
}

// use puts a tariff into force.
func (w *house) use(rows *rating.TariffRows) {
	w.t.Helper()
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		w.t.Fatal(err)
	}
	w.tariffs[rows.Version] = tariff
	w.closer.Tariff, w.closer.TariffContent = tariff, []byte(rows.Version)
}

func (w *house) close(m rating.Month) *Result {
	w.t.Helper()
	r, err := w.closer.Close(w.t.Context(), m)
	if err != nil {
		w.t.Fatalf("close of %s: %v", m, err)
	}
	if r.Refused != nil {
		w.t.Fatalf("close of %s: %v: %v", m, r.Refused, r.Exceptions)
	}
	return r
}

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// lateTariff has a pool of acme and brig (tiers at 1, 6 and 11), cove in New York with
// an allowance and a fee per message received, and dune with a minimum.
func lateTariff(version string, change func(*rating.TariffRows)) *rating.TariffRows {
	start := rating.Date{Year: 2018, Month: time.January, Day: 1}
	row := func(file string, line int) rating.Row { return rating.Row{File: file, Line: line} }
	account := func(line int, name, zone, pack, pool string) rating.AccountRow {
		return rating.AccountRow{Row: row("accounts.csv", line), Account: name, Name: name, Country: "GB", Timezone: zone, Currency: "GBP", Package: pack, Pool: pool, ValidFrom: start}
	}
	rows := &rating.TariffRows{
		Version: version,
		Accounts: []rating.AccountRow{
			account(2, "acme", "Europe/London", "plain", "north"), account(3, "brig", "Europe/London", "plain", "north"),
			account(4, "cove", "America/New_York", "generous", ""), account(5, "dune", "Asia/Tokyo", "minimum", ""),
		},
		Markets: []rating.MarketRow{{Row: row("markets.csv", 2), Market: "United Kingdom", Prefix: "44", Country: "GB", ValidFrom: start}},
		Packages: []rating.PackageRow{
			{Row: row("packages.csv", 2), Package: "plain", ValidFrom: start, Currency: "GBP", PriceList: "list"},
			{Row: row("packages.csv", 3), Package: "generous", ValidFrom: start, Currency: "GBP", PriceList: "list", MonthlyFee: d("7"), IncludedUnits: 3, ReceivedFee: d("0.003"), FailedFee: d("0.001")},
			{Row: row("packages.csv", 4), Package: "minimum", ValidFrom: start, Currency: "GBP", PriceList: "list", MinimumSpend: d("0.50"), TierMode: rating.AllUnits},
		},
		Sellers: []rating.SellerRow{{Row: row("sellers.csv", 2), Seller: "us", Name: "Us Ltd", Country: "GB", InvoiceSeries: "US"}},
		Taxes:   []rating.TaxRow{{Row: row("taxes.csv", 2), SellerCountry: "GB", CustomerCountry: "*", Treatment: "S", RatePercent: d("20"), ValidFrom: start}},
	}
	for i, account := range []string{"acme", "brig", "cove", "dune"} {
		rows.Senders = append(rows.Senders, rating.SenderRow{Row: row("senders.csv", i+2), Sender: senderOf(i), Account: account})
	}
	for i, tier := range []struct {
		from  int64
		price string
	}{{1, "0.0529"}, {6, "0.0311"}, {11, "0.0177"}} {
		rows.Prices = append(rows.Prices, rating.PriceRow{
			Row: row("prices.csv", i+2), PriceList: "list", ValidFrom: start, Currency: "GBP", Origin: "*", Market: "*", Category: "*", FromVolume: tier.from, UnitPrice: d(tier.price),
		})
	}
	if change != nil {
		change(rows)
	}
	return rows
}

func senderOf(i int) string { return fmt.Sprintf("+44207946%04d", i) }

// traffic makes messages around the borders of months, with the statuses of each
// in the order of their arrival; some come long after they happened.
func lateTraffic(chance *rand.Rand, from time.Time, days, messages int) []rating.Event {
	type arrival struct {
		at    rating.Instant
		event rating.Event
	}
	var all []arrival
	categories := []string{"marketing", "utility", "authentication"}
	for i := range messages {
		at := rating.At(from.Add(time.Duration(chance.Int64N(int64(days)) * int64(24*time.Hour))))
		if chance.IntN(2) == 0 { // at a border
			_, _, day := at.Time().Date()
			at -= rating.Instant(day-1) * rating.Day
		}
		at += rating.Instant(chance.Int64N(int64(rating.Day)))
		e := rating.Event{Type: rating.Sent, Kind: rating.Template, At: at, MessageID: fmt.Sprintf("m%d", i), Sender: senderOf(chance.IntN(4)), User: fmt.Sprintf("+44770090000%d", chance.IntN(3)), Category: categories[chance.IntN(3)]}
		if chance.IntN(4) == 0 {
			e.Kind, e.Category = rating.Freeform, ""
		}
		add := func(e rating.Event) {
			late := rating.Instant(chance.Int64N(int64(rating.Day)))
			if chance.IntN(4) == 0 {
				late += rating.Instant(chance.Int64N(int64(70 * rating.Day)))
			}
			all = append(all, arrival{e.At + late, e})
			if chance.IntN(10) == 0 { // a copy that says it happened earlier
				e.At -= rating.Instant(chance.Int64N(int64(3 * rating.Day)))
				all = append(all, arrival{e.At + late + rating.Instant(chance.Int64N(int64(40*rating.Day))), e})
			}
		}
		switch chance.IntN(8) {
		case 0, 1: // the customer writes
			e.Type, e.Kind, e.Category = rating.Received, rating.Freeform, ""
			if chance.IntN(4) == 0 {
				e.Referral = rating.ReferralAd
			}
			add(e)
			continue
		case 2:
			add(e)
			e.Type = rating.Failed
			add(e)
			continue
		}
		add(e)
		e.Type, e.At = rating.Delivered, e.At+rating.Instant(chance.Int64N(int64(time.Minute/time.Millisecond)))
		if chance.IntN(6) == 0 {
			e.At += rating.Instant(chance.Int64N(int64(35 * rating.Day)))
		}
		add(e)
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	events := make([]rating.Event, len(all))
	for i := range all {
		events[i] = all[i].event
	}
	return events
}
