package rating

import (
	"encoding/json"
	"testing"
)

func TestAppendCanonical(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Event
		want string
	}{
		{"empty", Event{}, `{}`},
		{
			"everything, sorted",
			Event{
				Type: Delivered, Kind: Template, Referral: ReferralPageCTA, Client: ClientIOS, At: 1_790_845_200_120,
				MessageID: "wamid.X", Sender: "+442079460000", User: "+447700900123", Account: "acme", UserCountry: "GB",
				Category: "utility", Template: "order_shipped", Source: "sms",
				Claim: Claim{BillableNo, "PMP", "regular", "utility"}, Error: CarrierError{131049, "no"},
			},
			`{"account":"acme","category":"utility","client":"ios","error":{"code":131049,"title":"no"},"kind":"template","message_id":"wamid.X","pricing":{"billable":false,"category":"utility","model":"PMP","type":"regular"},"referral":"page_cta","sender":"+442079460000","source":"sms","template":"order_shipped","time":"2026-10-01T09:00:00.120Z","type":"message.delivered","user":"+447700900123","user_country":"GB"}`,
		},
		{
			"extra members woven in",
			Event{Type: Sent, User: "+4477009001", Extra: `{"a":{"x":["}",1]},"kind":"poll","tz":"\"","uses":null,"zz":1}`},
			`{"a":{"x":["}",1]},"kind":"poll","type":"message.sent","tz":"\"","user":"+4477009001","uses":null,"zz":1}`,
		},
		{
			"extra members of pricing and error",
			Event{Claim: Claim{Model: "PMP"}, Error: CarrierError{Title: "no"}, Extra: `{"error":{"details":{}},"pricing":{"billable":"yes","subtype":"paid_exempt"}}`},
			`{"error":{"details":{},"title":"no"},"pricing":{"billable":"yes","model":"PMP","subtype":"paid_exempt"}}`,
		},
		{
			"extra pricing beside an empty claim",
			Event{Extra: `{"pricing":5}`},
			`{"pricing":5}`,
		},
		{
			"the event's own value wins",
			Event{Kind: Echo, Claim: Claim{Type: "regular"}, Extra: `{"kind":"poll","pricing":5}`},
			`{"kind":"echo","pricing":{"type":"regular"}}`,
		},
		{
			"escapes",
			Event{Template: "\"\\/\b\f\n\r\t\x01\x7f é€😀\u2028<&>\xff"},
			`{"template":"\"\\/\b\f\n\r\t\u0001` + "\x7f é€😀\u2028<&>\ufffd" + `"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(c.e.AppendCanonical([]byte("#")))
			if got != "#"+c.want {
				t.Errorf("got  %s\nwant #%s", got, c.want)
			}
			if !json.Valid([]byte(got[1:])) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
}
