package events

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct{ name, record, want string }{
		{"nothing wrong", benchV1, ""},
		{
			"all faults, not only the first",
			`{"type":"message.teleported","time":"yesterday","message_id":5,"sender":"442079460000","catagory":"utility","kind":"poll","pricing":{"billable":"yes","a/b":1},"user_country":"GBR"}`,
			`refused: type: found "message.teleported", expected message.received, message.sent, message.delivered, message.read, message.failed, consent.granted or consent.revoked
refused: time: found "yesterday", expected an RFC 3339 time with zone
refused: sender: found "442079460000", expected + and 7 to 15 digits
refused: user: found nothing, expected + and 7 to 15 digits
refused: message_id: found the number 5, expected the id of the message
unknown: catagory: found the string "utility", expected no member of this name
ignored: kind: found "poll", expected template, freeform, reaction, call or echo
unknown: pricing/a~1b: found the number 1, expected no member of this name
ignored: pricing/billable: found "yes", expected true or false
ignored: user_country: found "GBR", expected a country of two letters`,
		},
		{
			"a webhook item with several faults",
			`{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"messages":[{"timestamp":true}]}}]}]}`,
			`refused: entry/0/changes/0/value/metadata/display_phone_number: found nothing, expected the sender's number, or a phone_number_id listed in senders.csv
refused: entry/0/changes/0/value/messages/0/timestamp: found true, expected Unix seconds
refused: entry/0/changes/0/value/messages/0/id: found nothing, expected the id of the message
refused: entry/0/changes/0/value/messages/0/from: found nothing, expected 7 to 15 digits`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Decoder
			var got []string
			for _, p := range d.Validate([]byte(c.record), 0) {
				got = append(got, p.String())
			}
			if got := strings.Join(got, "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
