package traffic

import (
	"bytes"
	"postage/rating"
	"postage/schemas/events"
	"postage/schemas/tariff"
	"testing"
	"time"
)

// decode reads a stream as ingest does; a refused item is a failure.
func decode(t *testing.T, cfg Config) []rating.Event {
	t.Helper()
	var d events.Decoder
	var items []events.Item
	var all []rating.Event
	for r := range start(t, cfg).Records() {
		var refused []events.Refusal
		items, refused = d.Decode(items[:0], r.Value, r.Arrived)
		for _, f := range refused {
			t.Fatalf("%s: refused %s: %s\n%s", cfg.Format, f.Reason, f.Detail, r.Value)
		}
		for i := range items {
			all = append(all, items[i].Event)
		}
	}
	return all
}

// identity is that of SEMANTICS.
type identity struct {
	sender, user, message string
	typ                   rating.EventType
	consent               rating.Instant
}

func identityOf(e *rating.Event) identity {
	id := identity{e.Sender, e.User, e.MessageID, e.Type, 0}
	if e.Type.IsConsent() {
		id.consent = e.At
	}
	return id
}

// fold keeps the earliest copy of every event.
func fold(all []rating.Event) map[identity]rating.Event {
	events := map[identity]rating.Event{}
	for _, e := range all {
		id := identityOf(&e)
		if old, ok := events[id]; !ok || e.At < old.At {
			events[id] = e
		}
	}
	return events
}

func exampleAccounts(t *testing.T) (*rating.TariffRows, []Account) {
	t.Helper()
	rows, err := tariff.Read(tariff.Example)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := AccountsOf(rows, october, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rows, accounts
}

func TestBothFormatsAreTheSameTraffic(t *testing.T) {
	_, accounts := exampleAccounts(t)
	for _, month := range []rating.Month{{Year: 2019, Month: time.June}, {Year: 2022, Month: time.June}, {Year: 2024, Month: time.June}, {Year: 2025, Month: time.August}, october} {
		cfg := Config{Month: month, Messages: 6000, Seed: 12, Accounts: accounts}
		v1 := fold(decode(t, cfg))
		g := start(t, cfg)
		for range g.Records() {
		}
		if want := g.Facts().Total.Events; int64(len(v1)) != want {
			t.Errorf("%s: v1 holds %d identities, facts say %d", month, len(v1), want)
		}
		cfg.Format = Webhook
		hooks := fold(decode(t, cfg))
		if len(hooks) != len(v1) {
			t.Errorf("%s: webhooks hold %d identities, v1 %d", month, len(hooks), len(v1))
		}
		for id, want := range v1 {
			got, ok := hooks[id]
			switch {
			case !ok:
				t.Errorf("%s: %v is in v1 only", month, id)
			case got.At != want.At || got.UserCountry != want.UserCountry || got.Claim != want.Claim || got.Error != want.Error:
				t.Errorf("%s: webhook %+v\nwant %+v", month, got, want)
			case got.Kind != rating.KindUnknown && got.Kind != want.Kind:
				t.Errorf("%s: webhook kind %s, want %s: %+v", month, got.Kind, want.Kind, want)
			case want.Claim.Model == "PMP" && (got.Kind != want.Kind || got.Category != want.Category):
				t.Errorf("%s: webhook %s %s, want %s %s", month, got.Kind, got.Category, want.Kind, want.Category)
			case want.Type == rating.Received && got.Kind != want.Kind:
				t.Errorf("%s: webhook inbound %q, want %q", month, got.Kind, want.Kind)
			}
		}
	}
}

func TestBodiesOfSeveralEventsOccur(t *testing.T) {
	_, accounts := exampleAccounts(t)
	var d events.Decoder
	var items []events.Item
	several, registered, records := 0, 0, 0
	for r := range start(t, Config{Month: october, Messages: 60_000, Seed: 12, Accounts: accounts, Format: Webhook}).Records() {
		records++
		items, _ = d.Decode(items[:0], r.Value, r.Arrived)
		if len(items) > 1 {
			several++
		}
		for _, it := range items[1:] {
			if it.Event.Sender != items[0].Event.Sender {
				t.Errorf("body of two senders: %s", r.Value)
			}
		}
		if bytes.Contains(r.Value, []byte(`"phone_number_id":"2000000000000`)) {
			registered++
		}
	}
	between(t, "share of bodies with several events", float64(several)/float64(records), .002, .1)
	between(t, "share of bodies with the registered phone_number_id", float64(registered)/float64(records), .9, 1)
}

// classify judges all conversations of a stream.
func classify(t *testing.T, rows *rating.TariffRows, all []rating.Event) map[string]rating.Message {
	t.Helper()
	tf, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatal(err)
	}
	talks := map[[2]string][]rating.Event{}
	for _, e := range all {
		key := [2]string{e.Sender, e.User}
		talks[key] = append(talks[key], e)
	}
	messages := map[string]rating.Message{}
	c := rating.NewClassifier(tf)
	for _, events := range talks {
		for _, m := range c.Classify(nil, events) {
			messages[m.MessageID] = m
		}
	}
	return messages
}

// Under PMP2 both formats are charged alike, and the carrier we play agrees
// with the rules: where it does not, one of the two is wrong.
func TestBothFormatsAreChargedAlike(t *testing.T) {
	rows, accounts := exampleAccounts(t)
	rows.Regimes = nil // all accounts under the carrier's rules
	cfg := Config{Month: october, Messages: 20_000, Seed: 12, Accounts: accounts}
	v1 := classify(t, rows, decode(t, cfg))
	cfg.Format = Webhook
	hooks := classify(t, rows, decode(t, cfg))

	charged := 0
	for id, want := range v1 {
		got := hooks[id]
		if (got.Outcome == rating.Charged) != (want.Outcome == rating.Charged) ||
			want.Outcome == rating.Charged && (got.Category != want.Category || got.Market != want.Market || got.Month != want.Month || got.Account != want.Account) {
			t.Errorf("webhook %s %s %s %s %s, want %s %s %s %s %s: %s", got.Kind, got.Outcome, got.Reason, got.Category, got.Month,
				want.Kind, want.Outcome, want.Reason, want.Category, want.Month, id)
		}
		if want.Outcome == rating.Charged {
			charged++
		}
		if want.Flags&rating.WindowEvidenceMissing != 0 {
			t.Errorf("delivered outside the windows that the stream shows: %+v", want)
		}
		if want.Flags&rating.CarrierDisagrees == 0 {
			continue
		}
		switch {
		case want.Reason == rating.DeliveredAfter30Days: // the claim was made when it was sent
		case want.Reason == rating.ServiceRegular && want.Claim.Type == "free_customer_service": // the free tier, as Price will find
		default:
			t.Errorf("carrier disagrees: %+v", want)
		}
	}
	if charged < 10_000 {
		t.Errorf("charged: got %d of 20000, want most", charged)
	}
}
