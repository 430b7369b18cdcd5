package traffic

import (
	"postage/rating"
	"strings"
	"testing"
	"time"
)

// mapped is the table of SEMANTICS, "Webhook bodies to events": what a reader
// of the claim alone knows.
func mapped(c rating.Claim) (rating.Kind, string) {
	category := strings.ReplaceAll(c.Category, "-", "_")
	switch {
	case c.Model == "NBP" && c.Billable == rating.BillableYes:
		return rating.Template, "notification"
	case c.Model == "NBP":
		return rating.KindUnknown, "notification"
	case category == marketing || category == utility || category == authentication:
		return rating.Template, category
	case category == service:
		return rating.Freeform, service
	case category == "business_initiated":
		return rating.Template, category
	}
	return rating.KindUnknown, category
}

func TestClaimsGiveBackKindAndCategory(t *testing.T) {
	at := rating.At(time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC))
	open, shut := &talk{inbound: uint32(at/second) - 60}, &talk{}
	message := func(g *Generator, k rating.Kind, category string) *message {
		return &message{account: g.accounts[0], kind: k, category: category}
	}
	tests := []struct {
		regime   rating.Regime
		kind     rating.Kind
		category string
		talk     *talk
		entry    bool
		want     rating.Claim
	}{
		{rating.NBP, rating.Template, "ALERT_UPDATE", shut, false, rating.Claim{Billable: rating.BillableYes, Model: "NBP"}},
		{rating.NBP, rating.Freeform, service, open, false, rating.Claim{Billable: rating.BillableNo, Model: "NBP"}},
		{rating.CBP1, rating.Template, utility, shut, false, rating.Claim{Billable: rating.BillableYes, Model: "CBP", Category: "business_initiated"}},
		{rating.CBP1, rating.Template, utility, open, false, rating.Claim{Billable: rating.BillableYes, Model: "CBP", Category: "user_initiated"}},
		{rating.CBP2, rating.Template, marketing, open, false, rating.Claim{Billable: rating.BillableYes, Model: "CBP", Category: marketing}},
		{rating.CBP3, rating.Freeform, service, open, false, rating.Claim{Billable: rating.BillableYes, Model: "CBP", Category: service}},
		{rating.CBP2, rating.Template, utility, shut, true, rating.Claim{Billable: rating.BillableNo, Model: "CBP", Category: "referral_conversion"}},
		{rating.PMP1, rating.Template, utility, open, false, rating.Claim{Billable: rating.BillableNo, Model: "PMP", Type: "free_customer_service", Category: utility}},
		{rating.PMP1, rating.Template, utility, shut, false, rating.Claim{Billable: rating.BillableYes, Model: "PMP", Type: "regular", Category: utility}},
		{rating.PMP1, rating.Template, marketing, open, false, rating.Claim{Billable: rating.BillableYes, Model: "PMP", Type: "regular", Category: marketing}},
		{rating.PMP1, rating.Freeform, service, open, false, rating.Claim{Billable: rating.BillableNo, Model: "PMP", Type: "free_customer_service", Category: service}},
		{rating.PMP2, rating.Template, utility, open, false, rating.Claim{Billable: rating.BillableYes, Model: "PMP", Type: "regular", Category: utility}},
		{rating.PMP2, rating.Freeform, service, open, false, rating.Claim{Billable: rating.BillableNo, Model: "PMP", Type: "free_customer_service", Category: service}},
		{rating.PMP2, rating.Template, marketing, shut, true, rating.Claim{Billable: rating.BillableNo, Model: "PMP", Type: "free_entry_point", Category: marketing}},
	}
	for _, tt := range tests {
		g := start(t, Config{Month: october, Seed: 1})
		g.accounts[0].Regime = func(rating.Instant) rating.Regime { return tt.regime }
		m := message(g, tt.kind, tt.category)
		got := g.claim(m, tt.talk, at, tt.entry)
		if got != tt.want {
			t.Errorf("%s %s %s: claim %+v, want %+v", tt.regime, tt.kind, tt.category, got, tt.want)
		}
		kind, category := mapped(got)
		if tt.regime >= rating.PMP1 && (kind != tt.kind || category != tt.category) {
			t.Errorf("%s %s %s: the table gives back %s %s", tt.regime, tt.kind, tt.category, kind, category)
		}
		if kind != rating.KindUnknown && kind != tt.kind {
			t.Errorf("%s %s %s: the table gives back %s", tt.regime, tt.kind, tt.category, kind)
		}
	}
}

func TestServiceIsRegularBeyondTheFreeTier(t *testing.T) {
	g := start(t, Config{Month: october, Seed: 1})
	a := g.accounts[0]
	at := a.from + rating.Day
	m := &message{account: a, kind: rating.Freeform, category: service}
	open := &talk{inbound: uint32(at/second) - 60}
	a.senders[0].service[1] = freeService - 1
	if got := g.claim(m, open, at, false).Type; got != "free_customer_service" {
		t.Errorf("message 1000: got %s, want free_customer_service", got)
	}
	a.senders[0].service[1] = freeService
	if got := g.claim(m, open, at, false).Type; got != "regular" {
		t.Errorf("message 1001: got %s, want regular", got)
	}
}

func TestEntryPoints(t *testing.T) {
	g := start(t, Config{Month: october, Seed: 1})
	a := g.accounts[0]
	clicked := a.from + rating.Day
	m := &message{account: a, kind: rating.Template, category: utility}
	tk := &talk{click: uint32(clicked / second)}
	steps := []struct {
		after     rating.Instant
		delivered bool
		want      bool
		what      string
	}{
		{rating.Hour, false, false, "a reply that is not delivered opens nothing"},
		{2 * rating.Hour, true, true, "the first delivered reply opens it"},
		{2*rating.Hour + 168*rating.Hour - second, true, true, "a second before seven days are over"},
		{2*rating.Hour + 168*rating.Hour, true, false, "after seven days"},
	}
	for _, s := range steps {
		at := clicked + s.after
		var delivered rating.Instant
		if s.delivered {
			delivered = at + second
		}
		if got := g.entryPoint(m, tk, at, delivered); got != s.want {
			t.Errorf("%s: got %v, want %v", s.what, got, s.want)
		}
	}
}

// Every regime has traffic; a month is generated under the rules of its time.
func TestEveryRegime(t *testing.T) {
	for month, want := range map[rating.Month]string{
		{Year: 2019, Month: time.June}:      `"model":"NBP"`,
		{Year: 2022, Month: time.June}:      `"category":"business_initiated"`,
		{Year: 2024, Month: time.June}:      `"model":"CBP"`,
		{Year: 2025, Month: time.March}:     `"category":"referral_conversion"`,
		{Year: 2025, Month: time.September}: `"type":"free_customer_service"`,
		{Year: 2026, Month: time.October}:   `"type":"free_entry_point"`,
	} {
		n := 0
		for _, a := range read(t, Config{Month: month, Messages: 3000, Seed: 6}) {
			if strings.Contains(a.value, want) {
				n++
			}
		}
		if n == 0 {
			t.Errorf("%s: no record holds %s", month, want)
		}
	}
}
