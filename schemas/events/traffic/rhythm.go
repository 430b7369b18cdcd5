package traffic

import (
	"math"
	"postage/rating"
	"time"
)

// shape says how an activity is spread over the hours of a day.
type shape uint8

const (
	office    shape = iota // working hours
	shopping               // a hump at lunch, a larger one at night
	waking                 // when people write
	always                 // all hours, more by day
	blasts                 // campaign evenings
	atBorders              // the first and last second of the month
)

var hours = [...][24]float64{
	office:   {0, 0, 0, 0, 0, 0, 1, 4, 8, 10, 10, 9, 7, 8, 9, 9, 8, 6, 3, 1, .5, .2, 0, 0},
	shopping: {1, .5, .3, .2, .2, .3, 1, 2, 4, 5, 6, 7, 8, 7, 6, 6, 6, 7, 8, 10, 11, 9, 5, 2},
	waking:   {.8, .4, .2, .1, .1, .3, 1, 3, 6, 8, 9, 9, 8, 8, 8, 8, 8, 8, 9, 9, 8, 6, 3, 1.5},
	always:   {2, 1.5, 1.2, 1, 1, 1.5, 3, 5, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 6, 5, 4, 3},
	blasts:   {17: 4, 18: 10, 19: 6, 20: 1},
}

// Traffic also begins a little before the month and after it, so that messages
// sent in one month are delivered in the next.
const (
	leadIn  = 24 * rating.Hour
	leadOut = 12 * rating.Hour
	spill   = .06 // of the normal rate
)

// stream is an activity of an account and what of it is still to come.
type stream struct {
	share
	budget  int       // outbound messages of the whole run
	planned int       // of these, planned so far
	upTo    []float64 // by slice: share of the budget that should be planned by its end
	first   rating.Instant
	pending float64 // consents have no budget; this is what is owed of them
	rate    float64 // consents per run
}

// plan spreads a budget over activities and time.
func (t *trade) plan(a *account, budget int) []stream {
	weights := make([]float64, len(t.shares))
	for i, s := range t.shares {
		weights[i] = s.part
	}
	streams := make([]stream, len(t.shares))
	first := a.from - leadIn
	first -= first % slice
	for i, n := range divide(budget, weights) {
		streams[i] = stream{share: t.shares[i], budget: n, first: first}
		streams[i].upTo = a.rhythm(t, t.shares[i].shape, first)
		if t.shares[i].doing == consents {
			streams[i].rate = float64(budget) / 120
		}
	}
	return streams
}

// rhythm is the cumulative weight of every slice, ascending to 1.
func (a *account) rhythm(t *trade, s shape, first rating.Instant) []float64 {
	var upTo []float64
	var sum float64
	for at := first; at < a.to+leadOut; at += slice {
		sum += a.weight(t, s, at)
		upTo = append(upTo, sum)
	}
	for i := range upTo {
		upTo[i] /= sum
	}
	return upTo
}

// weight is how busy an activity is in the slice that begins at the instant.
func (a *account) weight(t *trade, s shape, at rating.Instant) float64 {
	if s == atBorders {
		if at < a.from && a.from <= at+slice || at < a.to && a.to <= at+slice {
			return 1
		}
		return 0
	}
	local := at.Time().In(a.Timezone)
	w := hours[s][local.Hour()]
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	if weekend {
		w *= t.weekend
	}
	if s == blasts && !a.campaignDay(local) {
		w = 0
	}
	w *= 1 + .15*math.Sin(float64(local.YearDay())/4+float64(a.salt%7)) // no two weeks are alike
	if at < a.from || at >= a.to {
		w *= spill
	}
	return w
}

// campaignDay: two or three evenings a week, other ones for every account. The
// third of the month makes sure that there is one.
func (a *account) campaignDay(local time.Time) bool {
	return local.Day() == 3 || mix(a.salt^uint64(local.YearDay()))%5 < 2
}

// due is how many outbound messages should be planned by the end of the slice.
func (s *stream) due(at rating.Instant) int {
	i := int((at - s.first) / slice)
	switch {
	case i < 0:
		return 0
	case i >= len(s.upTo)-1:
		return s.budget
	}
	return int(float64(s.budget) * s.upTo[i])
}

// owed is how many consents fall into the slice.
func (s *stream) owed(at rating.Instant) int {
	i := int((at - s.first) / slice)
	if i < 1 || i >= len(s.upTo) {
		return 0
	}
	s.pending += s.rate * (s.upTo[i] - s.upTo[i-1])
	n := int(s.pending)
	s.pending -= float64(n)
	return n
}
