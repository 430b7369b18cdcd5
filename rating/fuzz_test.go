package rating_test

import (
	"postage/rating"
	"strings"
	"testing"
	"time"
)

func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// FuzzEvaluate makes events of bytes, eight each, and wants no panic and no
// difference from the oracle.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x10\x00\x00\x00\x02\x08\x00" + "\x03\x11\x00\x00\x01\x01\x00\x03" + "\x04\x12\x00\x00\x01\x00\x00\x00"))
	f.Add([]byte("\x03\x00\x00\x00\x07\x05\x01\x02" + "\x05\x00\x01\x00\x07\x05\x01\x02" + "\x06\xff\x00\x00\x07\x05\x01\x02"))
	for seed := range uint64(10) {
		r, b := randomly(seed), make([]byte, 8*40)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Add([]byte(strings.Repeat("\x03\x01\x02\x03\x04\x05\x06\x07\x04\x01\x02\x04\x04\x05\x06\x07", 20)))
	rows, err := parseTariff(fuzzTariff)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8*400 {
			return
		}
		events := eventsOf(data)
		want := consult(rows, events)
		_, got := evaluate(t, rows, events)
		if len(got) != len(want) {
			t.Fatalf("got %d messages, want %d", len(got), len(want))
		}
		for _, m := range got {
			j := want[messageKey{m.Sender, m.User, m.MessageID}]
			if j == nil {
				t.Fatalf("%s %s %s: the oracle knows no such message", m.Sender, m.User, m.MessageID)
			}
			if diff := fields(verdictOf(m), j.verdict); diff != nil {
				t.Errorf("%s, sent %v: %v", m.MessageID, m.SentAt, diff)
			}
		}
	})
}

const fuzzTariff = `
account timezone=UTC pool=p
account account=beta country=IN timezone=Asia/Kolkata currency=EUR package=big valid_to=2025-07-05
account account=beta country=IN timezone=Asia/Kolkata currency=EUR valid_from=2025-07-05
sender sender=A waba=w
sender sender=B account=beta waba=w
sender sender=C account=beta valid_from=2025-06-01
market market="United Kingdom" prefix=44 country=GB
market market=Asia prefix=91 country=IN
market market=India prefix=91 country=IN valid_from=2025-07-02
price category=* from_volume=1 unit_price=0.05
price category=* from_volume=4 unit_price=0.04
price category=marketing valid_from=2025-07-01 unit_price=0.07
price market=IN category=utility unit_price=0.01
package included_units=2 included_category=authentication
package package=big markup_percent=10 tier_mode=all_units included_units=1
setting setting=auth_international_from value=2025-01-01
fx on=2018-01-01 from=GBP to=EUR rate=1.1
opening sender=A month=2025-07 counter=free_tier count=998
opening month=2025-07 counter=volume market="United Kingdom" category=marketing count=2
`

// eventsOf reads type, time (two bytes around the edge of July 2025 in steps of
// seven minutes, one of milliseconds), message, kind, category, and the rest.
func eventsOf(data []byte) (events []rating.Event) {
	edge := rating.Instant(time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	senders := []string{numberOf("A"), numberOf("B"), numberOf("C"), numberOf("D")}
	users := []string{numberOf("gb1"), numberOf("in1"), numberOf("xx1"), numberOf("gb2")}
	categories := []string{"", "marketing", "utility", "utility", "authentication", "service", "unknown", "authentication_international"}
	for ; len(data) >= 8; data = data[8:] {
		b := data[:8]
		e := rating.Event{
			Type:      rating.Received + rating.EventType(b[0]%7),
			At:        edge + rating.Instant(int16(uint16(b[1])<<8|uint16(b[2])))*7*60*1000 + rating.Instant(b[3]%3) - 1,
			MessageID: string(rune('a' + b[4]%26)),
			Sender:    senders[b[4]>>6], User: users[b[4]>>4&3],
			Kind: rating.Kind(b[5] % 6), Category: categories[b[6]&7],
			Referral: rating.Referral(b[6] >> 3 % 3), Client: rating.Client(b[6] >> 5 % 5),
		}
		names := b[7]
		if narrow["statuses that name different accounts"] {
			names = b[4]
		}
		if names&1 != 0 {
			e.Account = []string{"acme", "beta"}[names>>1&1]
		}
		if b[7]&4 != 0 {
			e.UserCountry = []string{"GB", "IN"}[b[7]>>3&1]
		}
		if e.Type.IsConsent() {
			e.MessageID = ""
		}
		if e.Type == rating.Received && narrow["an inbound with the id of an outbound"] {
			e.MessageID = "in " + e.MessageID
		}
		events = append(events, e)
	}
	return events
}
