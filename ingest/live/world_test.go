package live_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"postage/ingest"
	"postage/ingest/live"
	"postage/rating"
	"postage/schemas/clickhouse"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// world is a topic, a log and the processes of a group that follow it, with chance
// deciding who does what when.
type world struct {
	t       *testing.T
	r       *rand.Rand
	store   *clickhouse.Store
	tariffs map[string]*rating.Tariff

	file       []ingest.Record // events that a loader brings, which owns no partition
	loader     *live.Follower  // nil when there is no such file
	loaded     int
	topic      [][]ingest.Record // by partition, offsets from 0
	appended   []int64
	committed  []int64
	generation int
	members    []*member
	zombies    []*member
}

// member is a process in one generation. observe lags behind append by what is in queue.
type member struct {
	*live.Follower
	generation int
	owned      []int32
	queue      []*ingest.Batch
}

const (
	topicName = "postage.events"
	fileName  = "load:file"
)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

var regimeEdges = []rating.Date{
	{Year: 2019, Month: time.June, Day: 1},
	{Year: 2022, Month: time.February, Day: 1},
	{Year: 2023, Month: time.March, Day: 1},
	{Year: 2023, Month: time.June, Day: 1},
	{Year: 2024, Month: time.November, Day: 1},
	{Year: 2025, Month: time.July, Day: 1},
	{Year: 2026, Month: time.September, Day: 28},
	{Year: 2026, Month: time.October, Day: 1},
}

// randomTariff has accounts in several zones and regimes, with and without a cost list.
func randomTariff(t *testing.T, r *rand.Rand, version string) *rating.Tariff {
	t.Helper()
	from := rating.Date{Year: 2018, Month: time.January, Day: 1}
	rows := &rating.TariffRows{Version: "sha256:" + version}
	line := 1
	row := func(file string) rating.Row { line++; return rating.Row{File: file, Line: line} }
	for i, zone := range []string{"Europe/London", "America/New_York", "Asia/Kolkata"} {
		account := fmt.Sprintf("account%d", i)
		rows.Accounts = append(rows.Accounts, rating.AccountRow{Row: row("accounts.csv"), Account: account, Name: account, Country: "GB", Timezone: zone, Currency: "GBP", Package: pick(r, "plain", "costed"), ValidFrom: from})
		if chance(r, 80) {
			rows.Senders = append(rows.Senders, rating.SenderRow{Row: row("senders.csv"), Sender: senders[i], Account: account})
		}
		if chance(r, 30) {
			rows.Regimes = append(rows.Regimes, rating.RegimeRow{Row: row("regimes.csv"), Account: account, ValidFrom: from, Regime: rating.Regime(1 + r.IntN(6))})
		}
		if chance(r, 20) {
			rows.Settings = append(rows.Settings, rating.SettingRow{Row: row("settings.csv"), Account: account, Setting: "authority", Value: "carrier", ValidFrom: from})
		}
	}
	rows.Packages = []rating.PackageRow{
		{Row: row("packages.csv"), Package: "plain", ValidFrom: from, Currency: "GBP", PriceList: "list"},
		{Row: row("packages.csv"), Package: "costed", ValidFrom: from, Currency: "GBP", PriceList: "list", CostList: "list"},
	}
	rows.Markets = []rating.MarketRow{
		{Row: row("markets.csv"), Market: "United Kingdom", Prefix: "44", Country: "GB", ValidFrom: from},
		{Row: row("markets.csv"), Market: pick(r, "India", "South Asia"), Prefix: "91", Country: "IN", ValidFrom: from},
	}
	rows.Prices = []rating.PriceRow{{Row: row("prices.csv"), PriceList: "list", ValidFrom: from, Currency: "GBP", Origin: "*", Market: "*", Category: "*", FromVolume: 1, UnitPrice: decimal.New(5, -2)}}
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatal(err)
	}
	return tariff
}

var senders = []string{"+442079460000", "+442079460001", "+442079460002"}

// randomEvents are dense conversations around an edge, every kind of event in every state,
// times coarse enough for ties, copies alike and different, in an order that is mostly that of time.
func randomEvents(r *rand.Rand, edge rating.Date, n int) []rating.Event {
	base := edge.Midnight(time.UTC)
	span := pick(r, 2, 10, 45)
	slow, clicks := pick(r, 0, 0, 1, 10), pick(r, 0, 3, 25)
	coarse := rating.Instant(pick(r, 1, 1000, 3_600_000))
	copies := pick(r, 10, 10, 60) // percent of what may have one more
	type talk struct{ sender, user string }
	var talks []talk
	for i := range 2 + r.IntN(6) {
		talks = append(talks, talk{pick(r, senders...), fmt.Sprintf("+%s70090%04d", pick(r, "447", "917", "33"), i)})
	}
	type sent struct {
		rating.Event
		seen rating.Instant
	}
	var all []sent
	post := func(e rating.Event) {
		e.At -= e.At % coarse
		delay := rating.Instant(r.IntN(60_000))
		if chance(r, 10) {
			delay = rating.Instant(r.IntN(6 * int(rating.Hour)))
		}
		if chance(r, slow) {
			delay = rating.Instant(r.IntN(20 * int(rating.Day)))
		}
		all = append(all, sent{e, e.At + delay})
		for chance(r, copies) {
			c := e
			if chance(r, 30) {
				c.At += rating.Instant(r.IntN(7200_000)) - 3600_000
				c.At -= c.At % coarse
			}
			if chance(r, 25) {
				c.Extra = pick(r, "", `{"attempt":2}`, `{"attempt":3}`)
			}
			if chance(r, 25) {
				c.Category, c.Template = pick(r, "", "unknown", "utility", "marketing"), pick(r, "", "unknown", "hello", "bye")
			}
			if chance(r, 15) {
				c.Kind = pick(r, rating.KindUnknown, rating.Freeform, rating.Reaction, rating.Template)
			}
			if chance(r, 10) {
				c.Account, c.UserCountry = pick(r, "", "account0", "account1"), pick(r, "", "GB", "IN")
			}
			if chance(r, 10) {
				c.Claim = rating.Claim{Billable: rating.Billable(r.IntN(3)), Category: pick(r, "", "utility", "marketing")}
			}
			if chance(r, 10) && e.Type == rating.Received {
				c.Referral = pick(r, rating.ReferralNone, rating.ReferralAd)
			}
			all = append(all, sent{c, e.At + delay + rating.Instant(r.IntN(3*int(rating.Day)))})
		}
	}
	for i := 0; len(all) < n; i++ {
		k := pick(r, talks...)
		at := base + rating.Instant(r.Int64N(2*int64(span)*int64(rating.Day))) - rating.Instant(span)*rating.Day
		e := rating.Event{Sender: k.sender, User: k.user, At: at, MessageID: fmt.Sprintf("wamid.%d", i)}
		if chance(r, 5) {
			e.Account = pick(r, "account0", "account1", "nobody")
		}
		if chance(r, 5) {
			e.UserCountry = pick(r, "GB", "IN")
		}
		switch r.IntN(20) {
		case 0, 1, 2, 3, 4:
			e.Type, e.Kind = rating.Received, pick(r, rating.Freeform, rating.Reaction, rating.Call)
			if chance(r, clicks) {
				e.Referral, e.Client = pick(r, rating.ReferralAd, rating.ReferralPageCTA), rating.Client(r.IntN(5))
			}
			post(e)
		case 5:
			e.Type, e.MessageID, e.Source = pick(r, rating.ConsentGranted, rating.ConsentRevoked), "", "link"
			post(e)
		default:
			e.Kind = pick(r, rating.Template, rating.Template, rating.Template, rating.Freeform, rating.Freeform, rating.KindUnknown, rating.Echo, rating.Reaction)
			e.Category = pick(r, "utility", "marketing", "authentication", "", "unknown")
			e.Template = pick(r, "", "hello")
			e.Type = rating.Sent
			if chance(r, 30) {
				e.Claim = rating.Claim{Billable: rating.Billable(r.IntN(3)), Model: "PMP", Type: "regular", Category: pick(r, "utility", "marketing-lite", "referral_conversion", "")}
			}
			if chance(r, 90) {
				post(e)
			}
			later := rating.Instant(r.IntN(5 * 60_000))
			if chance(r, slow) {
				later = rating.Instant(r.IntN(40 * int(rating.Day)))
			}
			if chance(r, 75) {
				d := e
				d.Type, d.At = rating.Delivered, at+later
				if chance(r, 50) {
					d.Kind, d.Category, d.Template = rating.KindUnknown, "", ""
				}
				post(d)
			}
			if chance(r, 40) {
				d := e
				d.Type, d.At = rating.Read, at+later+rating.Instant(r.IntN(600_000))
				post(d)
			}
			if chance(r, 10) {
				d := e
				d.Type, d.At, d.Error = rating.Failed, at+later, rating.CarrierError{Code: 131049, Title: "not now"}
				post(d)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sent) int { return cmp.Compare(a.seen, b.seen) })
	events := make([]rating.Event, len(all))
	for i := range all {
		events[i] = all[i].Event
	}
	return events
}

// fill puts events into the topic, some under a wrong key.
func (w *world) fill(events []rating.Event, partitions, wrong int) {
	w.topic = make([][]ingest.Record, partitions)
	w.appended, w.committed = make([]int64, partitions), make([]int64, partitions)
	if chance(w.r, 40) {
		w.loader = w.follower()
		if err := w.loader.Begin(w.t.Context(), ingest.Takeover{Owned: map[ingest.Partition]ingest.Reached{{Topic: fileName}: {}}}); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, e := range events {
		if w.loader != nil && chance(w.r, 20) {
			o := ingest.Origin{Topic: fileName, Offset: int64(len(w.file))}
			w.file = append(w.file, ingest.Record{Origin: o, ArrivedAt: e.At, Event: e})
			continue
		}
		p := live.Key{Sender: e.Sender, User: e.User}.Home(partitions)
		if chance(w.r, wrong) {
			p = int32(w.r.IntN(partitions))
		}
		o := ingest.Origin{Topic: topicName, Partition: p, Offset: int64(len(w.topic[p]))}
		w.topic[p] = append(w.topic[p], ingest.Record{Origin: o, ArrivedAt: e.At, Event: e})
	}
}

func (w *world) follower() *live.Follower {
	f := live.New(live.Options{
		Store:      clickhouse.Live{Store: w.store},
		Tariff:     func(_ context.Context, version string) (*rating.Tariff, error) { return w.tariffs[version], nil },
		CacheBytes: pick[int64](w.r, 0, 1<<14, 9_700, 10_700), // nearly nothing: the index alone takes 8,192, the latest ids a sixteenth
		Poll:       time.Duration(pick(w.r, 1, 10, 100, 10_000)) * time.Millisecond,
		Logger:     slog.New(slog.DiscardHandler),
	})
	if chance(w.r, 70) {
		f.Bound(pick(w.r, 200, 500), 1+w.r.IntN(4), pick(w.r, 700, 1<<20))
	}
	return f
}

// rebalance begins a generation: some members stay, some come anew without memory, some are
// shut out and do not know it.
func (w *world) rebalance() {
	w.generation++
	old := w.members
	w.members = nil
	n := 1 + w.r.IntN(3)
	for len(w.members) < n {
		m := &member{generation: w.generation}
		if len(old) > 0 && chance(w.r, 50) {
			m.Follower, old = old[0].Follower, old[1:]
			m.End()
		} else {
			m.Follower = w.follower()
		}
		w.members = append(w.members, m)
	}
	for _, m := range old {
		if chance(w.r, 50) {
			m.End() // it is dead
		} else {
			w.zombies = append(w.zombies, m)
		}
	}
	for p := range w.topic {
		m := pick(w.r, w.members...)
		m.owned = append(m.owned, int32(p))
	}
	for _, m := range w.members {
		take := ingest.Takeover{Topic: topicName, Shards: len(w.topic), Owned: map[ingest.Partition]ingest.Reached{}, Prove: func(context.Context) error {
			if m.generation != w.generation {
				return ingest.ErrGenerationEnded
			}
			return nil
		}}
		for _, p := range m.owned {
			take.Owned[ingest.Partition{Topic: topicName, ID: p}] = ingest.Reached{Committed: w.committed[p], Covered: w.appended[p]}
		}
		if err := m.Begin(w.t.Context(), take); err != nil {
			w.t.Fatalf("Begin: %v", err)
		}
	}
}

// append stores a batch of random length of some of the member's partitions.
func (w *world) append(m *member, most int) {
	b := &ingest.Batch{}
	for _, p := range m.owned {
		from := w.appended[p]
		to := min(from+int64(w.r.IntN(most+1)), int64(len(w.topic[p])))
		if to == from {
			continue
		}
		b.Events = append(b.Events, w.topic[p][from:to]...)
		b.Spans = append(b.Spans, ingest.Span{Topic: topicName, Partition: p, From: from, To: to, Records: to - from, Stored: to - from, Events: to - from})
		w.appended[p] = to
	}
	if len(b.Spans) == 0 {
		return
	}
	if chance(w.r, 50) { // the order between partitions is chance
		w.r.Shuffle(len(b.Events), func(i, j int) { b.Events[i], b.Events[j] = b.Events[j], b.Events[i] })
	}
	if err := w.store.Append(w.t.Context(), ingest.Sole{}, b); err != nil {
		w.t.Fatalf("Append: %v", err)
	}
	m.queue = append(m.queue, b)
}

// load brings some events of the file.
func (w *world) load(most int) {
	to := min(w.loaded+1+w.r.IntN(most), len(w.file))
	if to == w.loaded {
		return
	}
	b := &ingest.Batch{Events: w.file[w.loaded:to], Spans: []ingest.Span{{Topic: fileName, From: int64(w.loaded), To: int64(to), Records: int64(to - w.loaded), Stored: int64(to - w.loaded), Events: int64(to - w.loaded)}}}
	if err := w.store.Append(w.t.Context(), ingest.Sole{}, b); err != nil {
		w.t.Fatalf("Append: %v", err)
	}
	if err := w.loader.Observe(w.t.Context(), b); err != nil {
		w.t.Fatalf("Observe of a file: %v", err)
	}
	w.loaded = to
}

// observe lets a member follow its oldest batch, and commits when it is still entitled to.
func (w *world) observe(m *member) {
	if len(m.queue) == 0 {
		return
	}
	b := m.queue[0]
	m.queue = m.queue[1:]
	ctx := w.t.Context()
	if chance(w.r, 5) { // it does not get far
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		ctx = cancelled
	}
	if err := m.Observe(ctx, b); err != nil {
		if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
			w.t.Fatalf("Observe: %v", err)
		}
		m.queue = nil
		if m.generation == w.generation {
			w.rebalance()
		}
		return
	}
	if m.generation != w.generation {
		return
	}
	for _, s := range b.Spans {
		w.committed[s.Partition] = s.To
	}
}

func (w *world) activate(tariff *rating.Tariff) {
	w.tariffs[tariff.Rows.Version] = tariff
	if _, err := w.store.Activate(w.t.Context(), tariff.Rows.Version); err != nil {
		w.t.Fatal(err)
	}
}

// finish brings everything to its end.
func (w *world) finish() {
	for w.loaded < len(w.file) {
		w.load(400)
	}
	for !w.done() {
		m := pick(w.r, w.members...)
		w.append(m, 400)
		w.observe(m)
	}
	for range 3 { // each may pass on notes to the others
		for _, m := range w.members {
			if err := m.CatchUp(w.t.Context()); err != nil {
				w.t.Fatalf("CatchUp: %v", err)
			}
		}
	}
}

// done says whether everything has been appended and observed.
func (w *world) done() bool {
	for p := range w.topic {
		if w.appended[p] < int64(len(w.topic[p])) {
			return false
		}
	}
	return !slices.ContainsFunc(w.members, func(m *member) bool { return len(m.queue) > 0 })
}

func (w *world) end() {
	for _, m := range slices.Concat(w.members, w.zombies) {
		m.End()
	}
}
