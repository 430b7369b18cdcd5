package traffic

import (
	"math"
	"math/rand/v2"
	"postage/rating"
)

// dice is a stream of chance. Traffic draws from one stream and delivery of
// records from another, so that the format cannot change the traffic.
type dice struct{ *rand.Rand }

func newDice(seed, stream uint64) dice { return dice{rand.New(rand.NewPCG(seed, mix(stream)))} }

// chance is true with probability p.
func (d dice) chance(p float64) bool { return d.Float64() < p }

// between draws evenly from [lo, hi].
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// skewed draws from a log-normal distribution: most near the median, a long tail.
func (d dice) skewed(median, sigma float64) float64 {
	return median * math.Exp(sigma*d.NormFloat64())
}

// seconds draws a log-normal delay in whole seconds within [lo, hi].
func (d dice) seconds(median, sigma float64, lo, hi rating.Instant) rating.Instant {
	s := min(d.skewed(median, sigma), 1e9)
	return min(max(rating.Instant(s)*second, lo), hi)
}

// millis draws a log-normal delay in milliseconds, at least one.
func (d dice) millis(median, sigma float64) rating.Instant {
	return 1 + rating.Instant(min(d.skewed(median, sigma), 1e12))
}

const (
	second = rating.Instant(1000)
	minute = 60 * second
)

// mix is a bijection of 64 bits that scatters neighbours (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mixString folds a string into 64 bits (FNV-1a, then mix).
func mixString(seed uint64, s string) uint64 {
	h := uint64(14695981039346656037) ^ seed
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// fraction maps 64 bits evenly to [0, 1).
func fraction(x uint64) float64 { return float64(x>>11) / (1 << 53) }
