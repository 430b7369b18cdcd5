package rating_test

import (
	"math/rand/v2"
	"postage/rating"
	"slices"
	"testing"
)

// TestAbsorbs: what Absorbs says a further copy does not change, it does not change, whatever the copies before
// were.
func TestAbsorbs(t *testing.T) {
	chance := rand.New(rand.NewPCG(11, 0))
	pick := func(words ...string) string { return words[chance.IntN(len(words))] }
	random := func() rating.Event {
		return rating.Event{
			Type: rating.Sent, At: rating.Instant(1_790_812_800_000 + chance.Int64N(3)), Sender: "+442079460000", User: "+447700900000", MessageID: "m",
			Kind: []rating.Kind{rating.KindUnknown, rating.Template, rating.Freeform}[chance.IntN(3)], Category: pick("", "unknown", "utility", "marketing"),
			Template: pick("", "a", "unknown", "b"), Account: pick("", "x"), Extra: pick("", `{"a":1}`, `{"b":2}`),
		}
	}
	tariff, err := rating.NewTariff(&rating.TariffRows{})
	if err != nil {
		t.Fatal(err)
	}
	c := rating.NewClassifier(tariff)
	merge := func(copies []rating.Event) (merged rating.Event, differs bool) {
		shuffled := slices.Clone(copies)
		chance.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		c.Classify(nil, shuffled)
		c.Merged(func(e *rating.Event, d bool) { merged, differs = *e, d })
		return merged, differs
	}
	absorbed := 0
	for range 100_000 {
		var copies []rating.Event
		for range 2 + chance.IntN(3) {
			copies = append(copies, random())
		}
		before, differs := merge(copies)
		if !differs {
			continue
		}
		further := random()
		if chance.IntN(4) == 0 {
			further = copies[chance.IntN(len(copies))]
		}
		after, _ := merge(append(copies, further))
		switch {
		case before.Absorbs(&further) && after != before:
			t.Fatalf("%+v\nbecame\n%+v\nby\n%+v\nof\n%+v", before, after, further, copies)
		case before.Absorbs(&further):
			absorbed++ // it may say no of others that change nothing
		}
	}
	if absorbed < 20_000 {
		t.Errorf("%d copies absorbed", absorbed)
	}
}
