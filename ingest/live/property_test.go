package live_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"postage/rating"
	"testing"
)

// TestEqualsOffline: whatever happens on the way, in the end the view is the offline
// classification of the same events. Batches are cut at random; events come late, repeatedly, under
// wrong keys; caches are tiny; processes come, go, forget, and go on for a lost generation.
func TestEqualsOffline(t *testing.T) {
	seed := randomSeed(t)
	worlds := 12
	if n := os.Getenv("POSTAGE_TEST_WORLDS"); n != "" { // as many as there is time for
		if _, err := fmt.Sscan(n, &worlds); err != nil {
			t.Fatalf("POSTAGE_TEST_WORLDS: %v", err)
		}
	}
	var shortened, late, noted int
	defer func() {
		t.Logf("%d messages left out of stories, %d classified again late, %d conversations noted by others", shortened, late, noted)
		if !t.Failed() && worlds >= 12 && (shortened == 0 || late == 0 || noted == 0) {
			t.Error("want some of each: the worlds have become too tame")
		}
	}()
	for i := range worlds {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			w := &world{t: t, r: r, store: open(t), tariffs: map[string]*rating.Tariff{}}
			defer w.end()
			tariff := randomTariff(t, r, "first")
			events := randomEvents(r, pick(r, regimeEdges...), 300+r.IntN(900))
			w.fill(events, 1+r.IntN(4), pick(r, 0, 10, 100))
			if chance(r, 80) {
				w.activate(tariff)
			}
			most := 1 + r.IntN(60)
			w.rebalance()
			for range 30 + r.IntN(40) {
				m := pick(r, w.members...)
				switch {
				case chance(r, 8):
					w.rebalance()
				case chance(r, 2):
					tariff = randomTariff(t, r, fmt.Sprint("later", r.Int()))
					w.activate(tariff)
				case chance(r, 10):
					w.load(most)
				case chance(r, 10) && len(w.zombies) > 0:
					w.observe(pick(r, w.zombies...))
				case chance(r, 55) && len(m.queue) < 3:
					w.append(m, most)
				default:
					w.observe(m)
				}
			}
			w.activate(tariff)
			w.finish()
			for _, m := range w.members {
				shortened += m.Shortened()
				late += int(m.Stats.Late.Load())
				noted += int(m.Stats.Noted.Load())
			}
			compare(t, liveRows(t, w.store), offlineRows(tariff, events))
		})
	}
}
