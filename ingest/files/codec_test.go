package files

import (
	"postage/rating"
	"strings"
	"testing"
	"time"
)

// FuzzEventRecord: an event comes back from its record as it went in, with its
// facts numbered or, in a dictionary that is full, spelled out.
func FuzzEventRecord(f *testing.F) {
	f.Add(uint8(4), uint8(1), uint8(0), int64(1_790_000_000_123), "wamid.HBgL", "+442079460000", "+447700900123", "acme", "utility", "", int32(0), "")
	f.Add(uint8(7), uint8(5), uint8(9), int64(253_402_300_799_999), "", "+1", "", strings.Repeat("x", 300), "\x00", "undeliverable", int32(-1), `{"a":1}`)
	codecsOf := [...]*eventCodec{testRun(false).newEventCodec(), testRun(true).newEventCodec()}
	f.Fuzz(func(t *testing.T, typ, kind, origin uint8, at int64, id, sender, user, account, category, title string, code int32, extra string) {
		want := rating.Event{
			Type: rating.EventType(typ % 8), Kind: rating.Kind(kind % 6), Referral: rating.Referral(origin % 3), Client: rating.Client(origin / 3 % 5),
			At: rating.Instant(uint64(at) % 253_402_300_800_000), MessageID: id, Sender: sender, User: user, Account: account,
			UserCountry: category, Category: category, Template: account, Source: title,
			Claim: rating.Claim{Billable: rating.Billable(typ % 3), Model: category, Type: title, Category: account},
			Error: rating.CarrierError{Code: code, Title: title}, Extra: extra,
		}
		for full, c := range codecsOf {
			for range 2 { // the second time the facts are among the recent ones
				record := c.append(nil, senderHash(sender), talkHash(senderHash(sender), user), &want)
				if most := eventBytesMax(&want); len(record) > most {
					t.Errorf("record has %d bytes, want at most %d", len(record), most)
				}
				got := rating.Event{Template: "left over"}
				if c.read(string(record), &got); got != want {
					t.Errorf("dictionary %d\ngot  %+v\nwant %+v", full, got, want)
				}
			}
		}
	})
}

// FuzzMessageRecord is the same for messages, in both orders they are sorted by.
func FuzzMessageRecord(f *testing.F) {
	f.Add(uint8(1), uint8(2), uint8(3), int64(1_790_000_000_123), int64(0), "wamid.HBgL", "+442079460000", "+447700900123", "acme", "utility", uint16(3), uint32(70_000), int32(131_049))
	rates := [...]*rating.Rate{nil, {PriceRow: "prices.csv:17"}, {PriceRow: "prices.csv:18"}}
	type codecs struct{ writer, reader *codec }
	var both []codecs
	for _, full := range [...]bool{false, true} {
		r := testRun(full)
		both = append(both, codecs{r.newCodec(), r.newCodec()})
	}
	f.Fuzz(func(t *testing.T, a, b, flags uint8, sent, delivered int64, id, sender, user, account, category string, tier uint16, position uint32, code int32) {
		want := rating.Message{
			MessageID: id, Sender: sender, User: user, UserCountry: category, Account: account, Template: account, Kind: rating.Kind(a % 6),
			SentAt: rating.Instant(sent), DeliveredAt: rating.Instant(delivered), Failed: b%2 == 1, Class: rating.Class(b % 3), Flags: rating.Flags(flags),
			Market: category, Month: rating.Month{Year: int(tier), Month: time.Month(a % 13)},
			Verdict: rating.Verdict{Regime: rating.Regime(a % 7), Outcome: rating.Outcome(b % 6), Reason: rating.Reason(a % 24), Category: category, Tier: int(tier), Position: int64(position), Rate: rates[a%3]},
			Cost:    rating.Verdict{Regime: rating.Regime(b % 7), Outcome: rating.Outcome(a % 6), Category: account, Rate: rates[b%3]},
			Claim:   rating.Claim{Billable: rating.Billable(b % 3), Model: category, Type: account, Category: category},
		}
		if want.Failed {
			want.Error = rating.CarrierError{Code: code, Title: category}
		}
		for full, c := range both {
			writer, reader := c.writer, c.reader
			for _, byDelivery := range [...]bool{false, true} {
				w := (&sorter{}).writer(writer.compareNames)
				key, other, read := want.SentAt, want.DeliveredAt, reader.bySent
				if byDelivery {
					key, other, read = other, key, reader.byDelivery
				}
				record := writer.append(w.add(7, uint64(key)), &want, other)
				var got rating.Message
				if read(string(record), &got); got != want {
					t.Errorf("dictionary %d, by delivery: %t\ngot  %+v\nwant %+v", full, byDelivery, got, want)
				}
				priced := want
				priced.Outcome, priced.Rate, priced.Tier = rating.Charged, rates[2], 2
				writer.putVerdicts(record[recordHead:], &priced)
				if read(string(record), &got); got != priced {
					t.Errorf("priced afterwards\ngot  %+v\nwant %+v", got, priced)
				}
			}
		}
	})
}

// testRun is a run to code with, whose dictionaries may have no number left.
func testRun(full bool) *run {
	r := newRun(Config{Workers: 1, Tariff: &rating.Tariff{Rows: &rating.TariffRows{}}})
	if full {
		r.who.facts, r.what.facts, r.judged.facts = make([]who, dictionaryMax), make([]what, dictionaryMax), make([]judgement, dictionaryMax)
	}
	return r
}
