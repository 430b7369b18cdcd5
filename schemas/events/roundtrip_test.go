package events

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"testing"
)

// TestV1RoundTrip holds the law decode(encode(e)) == e, and that the canonical
// content is a fixed point.
func TestV1RoundTrip(t *testing.T) {
	r := newRand(t)
	var d Decoder
	for range 20_000 {
		want := randomEvent(r)
		encoded := AppendV1(nil, &want)
		items, refused := d.Decode(nil, encoded, 0)
		if len(refused) > 0 || len(items) != 1 {
			t.Fatalf("%s: got %d events, refused %v", encoded, len(items), refused)
		}
		if got := items[0].Event; got != want {
			t.Fatalf("%s:\ngot  %+v\nwant %+v", encoded, got, want)
		}
		if again := AppendV1(nil, &items[0].Event); string(again) != string(encoded) {
			t.Fatalf("encoded again: got %s, want %s", again, encoded)
		}
	}
}

// TestWebhookRoundTrip holds that a body gives back its events, as far as a
// webhook can carry them.
func TestWebhookRoundTrip(t *testing.T) {
	r := newRand(t)
	var d Decoder
	for range 5_000 {
		evs := make([]*rating.Event, 1+r.IntN(6))
		for i := range evs {
			e := randomWebhookEvent(r)
			evs[i] = &e
		}
		body := AppendWebhook(nil, evs...)
		items, refused := d.Decode(nil, body, 0)
		if len(refused) > 0 || len(items) != len(evs) {
			t.Fatalf("%s: got %d events, want %d; refused %v", body, len(items), len(evs), refused)
		}
		for i, it := range items {
			if it.Index != int32(i) || it.Event != *evs[i] {
				t.Fatalf("%s:\nitem %d, got %+v\nwant %+v", body, it.Index, it.Event, *evs[i])
			}
		}
	}
}

// newRand gives a source of chance whose seed is printed when the test fails.
func newRand(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomEvent(r *rand.Rand) rating.Event {
	e := rating.Event{
		Type:        rating.EventType(1 + r.IntN(int(rating.Failed))),
		Kind:        rating.Kind(r.IntN(int(rating.Echo) + 1)),
		Referral:    rating.Referral(r.IntN(3)),
		Client:      rating.Client(r.IntN(5)),
		At:          earliest + rating.Instant(r.Int64N(int64(latest-earliest)+1)),
		Sender:      randomNumber(r),
		User:        randomNumber(r),
		Account:     randomText(r),
		UserCountry: pick(r, "", "GB", "IN", "GBR", "g1"),
		Category:    randomText(r),
		Template:    randomText(r),
		Claim: rating.Claim{
			Billable: rating.Billable(r.IntN(3)),
			Model:    pick(r, "", "NBP", "CBP", "PMP"),
			Type:     randomText(r),
			Category: randomText(r),
		},
		Error: rating.CarrierError{Code: int32(r.Uint32()) * int32(r.IntN(2)), Title: randomText(r)},
	}
	if e.Type.IsConsent() {
		e.Source = randomText(r)
	} else {
		e.MessageID = "wamid." + randomText(r)
	}
	extras := []string{"", "", "", `{"a":1}`, `{"\u0001":[],"zz":{"b":null,"c":"}\"{"}}`, `{"sendes":true,"sendez":[1.50,"x,y"]}`, `{"é":"é"}`}
	e.Extra = pick(r, extras...)
	if e.Extra == "" && r.IntN(4) == 0 { // members of pricing and error, beside those of the event
		e.Extra = pick(r, `{"error":{"a":1,"zzz":2}}`, `{"pricing":{"b":0,"n":"x","zz":[]}}`, `{"error":{"details":{}},"pricing":{"subtype":"paid_exempt"},"x":1}`)
	}
	if e.Extra == "" && e.Kind == rating.KindUnknown && r.IntN(2) == 0 {
		e.Extra = `{"kind":"poll"}`
	}
	return e
}

// randomWebhookEvent makes an event with only what a webhook carries.
func randomWebhookEvent(r *rand.Rand) rating.Event {
	e := rating.Event{
		At:          earliest + rating.Instant(r.Int64N(1_000_000_000))*1000,
		MessageID:   "wamid." + randomText(r),
		Sender:      pick(r, "+442079460000", "+15550783881"),
		User:        randomNumber(r),
		UserCountry: pick(r, "", "GB"),
	}
	switch r.IntN(4) {
	case 0:
		e.Type, e.Kind, e.Referral = rating.Received, pick(r, rating.Freeform, rating.Reaction), rating.Referral(r.IntN(3))
	case 1:
		e.Type, e.Kind = rating.Received, rating.Call
	case 2:
		e.Type, e.Kind = rating.Sent, rating.Echo
	default:
		e.Type = pick(r, rating.Sent, rating.Delivered, rating.Read, rating.Failed)
		known := pick(r, webhookTable...)
		e.Claim, e.Kind, e.Category = known.claim, known.kind, known.category
		if e.Type == rating.Failed {
			e.Error = rating.CarrierError{Code: 131049, Title: "not \"delivered\""}
		}
	}
	return e
}

// webhookTable is the table of SEMANTICS, "Webhook bodies to events".
var webhookTable = []struct {
	claim    rating.Claim
	kind     rating.Kind
	category string
}{
	{rating.Claim{}, rating.KindUnknown, ""},
	{rating.Claim{Model: "NBP", Billable: rating.BillableYes}, rating.Template, "notification"},
	{rating.Claim{Model: "NBP", Billable: rating.BillableNo}, rating.KindUnknown, "notification"},
	{rating.Claim{Model: "NBP"}, rating.KindUnknown, "notification"},
	{rating.Claim{Model: "CBP", Billable: rating.BillableYes, Category: "user_initiated"}, rating.KindUnknown, "user_initiated"},
	{rating.Claim{Model: "CBP", Billable: rating.BillableYes, Category: "business_initiated"}, rating.Template, "business_initiated"},
	{rating.Claim{Model: "CBP", Billable: rating.BillableNo, Category: "referral_conversion"}, rating.KindUnknown, "referral_conversion"},
	{rating.Claim{Model: "CBP", Billable: rating.BillableYes, Category: "marketing"}, rating.Template, "marketing"},
	{rating.Claim{Model: "CBP", Billable: rating.BillableYes, Category: "service"}, rating.Freeform, "service"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableYes, Type: "regular", Category: "marketing"}, rating.Template, "marketing"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableYes, Type: "regular", Category: "marketing_lite"}, rating.Template, "marketing_lite"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableYes, Type: "regular", Category: "authentication"}, rating.Template, "authentication"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableYes, Type: "regular", Category: "authentication-international"}, rating.Template, "authentication_international"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableNo, Type: "free_customer_service", Category: "utility"}, rating.Template, "utility"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableNo, Type: "free_customer_service", Category: "service"}, rating.Freeform, "service"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableNo, Type: "free_customer_service"}, rating.Freeform, "service"},
	{rating.Claim{Model: "PMP", Billable: rating.BillableNo, Type: "free_entry_point", Category: "marketing"}, rating.Template, "marketing"},
}

func randomNumber(r *rand.Rand) string {
	return fmt.Sprintf("+%07d", 1_000_000+r.Int64N(999_999_999_999_999-1_000_000))
}

func randomText(r *rand.Rand) string {
	return pick(r, "", "acme", "utility", "a\"b\\c/d", "\x00\x1f\b\f\n\r\t\x7f", "naïve €\u2028 😀", "<&>", string(rune(r.IntN(0xD800))))
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
