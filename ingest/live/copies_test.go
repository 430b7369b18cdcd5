package live

import (
	"math/rand/v2"
	"postage/rating"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestCopies: what a story takes in, copy by copy of the same few events, between two stays in the cache, gives the
// verdicts that all of them give together. What it refuses comes from the log.
func TestCopies(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 8))
	tariff, err := rating.NewTariff(&rating.TariffRows{})
	if err != nil {
		t.Fatal(err)
	}
	key := Key{"+442079460000", "+447700900123"}
	packed, _ := key.pack()
	ids := map[uint64]string{}
	for _, id := range []string{"in", "a", "b"} {
		ids[hashText(id)] = id
	}
	word := func(words ...string) string { return words[r.IntN(len(words))] }
	often := func() bool { return r.IntN(3) == 0 }
	random := func(usual []rating.Event) rating.Event {
		e := usual[r.IntN(len(usual))]
		if often() {
			e.At += rating.Instant(r.IntN(3))
		}
		if often() {
			e.Kind = []rating.Kind{rating.KindUnknown, rating.Template, rating.Freeform, rating.Reaction}[r.IntN(4)]
		}
		if often() {
			e.Category, e.Template = word("", "unknown", "utility", "marketing"), word("", "unknown", "hello", "bye")
		}
		if often() {
			e.Extra = word("", `{"a":1}`, `{"b":2}`)
		}
		if r.IntN(8) == 0 {
			e.Account, e.UserCountry = word("", "x", "y"), word("", "GB", "IN")
		}
		if r.IntN(8) == 0 {
			e.Claim = rating.Claim{Billable: rating.Billable(r.IntN(3)), Category: word("", "utility")}
		}
		if r.IntN(8) == 0 {
			e.Referral, e.Client = rating.Referral(r.IntN(3)), rating.Client(r.IntN(3))
		}
		if r.IntN(8) == 0 {
			e.Error = rating.CarrierError{Code: 1 + r.Int32N(2)}
		}
		return e
	}
	live, offline, shapes := newJudge(tariff), newJudge(tariff), newShapes()
	var taken, third int
	for range 20_000 {
		at := rating.Instant(1_780_000_000_000)
		event := func(id string, typ rating.EventType, after rating.Instant) rating.Event {
			return rating.Event{Type: typ, At: at + after, Sender: key.Sender, User: key.User, MessageID: id, Kind: rating.Freeform}
		}
		usual := []rating.Event{event("a", rating.Sent, 2), event("a", rating.Delivered, 4), event("in", rating.Received, 1), event("b", rating.Delivered, 3)}[:1+r.IntN(4)]
		var all []rating.Event
		var record []byte
		for range 2 + r.IntN(6) {
			var s story
			if record != nil {
				shapes.decode(&s, record, key)
			}
			fine := true
			for range 1 + r.IntN(2) {
				e := random(usual)
				all = append(all, e)
				merged := slices.Contains(s.merged, true)
				fine = fine && s.add(&e, hashText(e.MessageID), func(uint64) bool { return false })
				if fine && merged {
					third++
				}
			}
			s.rename(func(hash uint64) string { return ids[hash] })
			want := offline.classify(slices.Clone(all))
			if fine {
				taken++
				got := live.classify(s.forClassifier())
				live.settle(&s)
				s.tie(got)
				byID := func(a, b rating.Message) int { return strings.Compare(a.MessageID, b.MessageID) }
				got, want = slices.Clone(got), slices.Clone(want)
				slices.SortFunc(got, byID)
				slices.SortFunc(want, byID)
				if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Fatalf("got\n%+v\nwant\n%+v\nof\n%+v", got, want, all)
				}
			} else {
				s = story{}
				offline.merge(&s)
				s.tie(want)
			}
			record = shapes.encode(nil, packed, &s)
		}
	}
	if taken < 20_000 || third < 5_000 {
		t.Errorf("%d batches taken in, %d copies beside merged ones: want more", taken, third)
	}
}
