package rating_test

import "postage/rating"

// span is a free entry point or a conversation session, [from, to).
type span struct {
	category string
	from, to rating.Instant
	regime   rating.Regime
}

func (s span) has(at rating.Instant) bool { return s.from <= at && at < s.to }

// entryPoints finds the free entry points of a conversation and the messages
// that open them.
func entryPoints(live []*judged, inbound []fact) (points []span, openers map[*judged]bool) {
	openers = map[*judged]bool{}
	for _, f := range inbound {
		if f.Referral == rating.ReferralNone || f.Client == rating.ClientWeb || f.Client == rating.ClientDesktop {
			continue
		}
		var first *judged
		for _, j := range live {
			if j.regime == rating.NBP || j.sentAt < f.At || j.sentAt >= f.At+24*hour {
				continue
			}
			if first == nil || j.deciding() < first.deciding() || j.deciding() == first.deciding() && j.id < first.id {
				first = j
			}
		}
		if first == nil || openers[first] {
			continue
		}
		openers[first] = true
		from := first.deciding()
		on := localDate(from, first.timezone)
		length := 24 * hour
		if !on.Before(day(2023, 3, 1)) {
			length = 72 * hour
		}
		if !on.Before(day(2026, 9, 28)) {
			length = 168 * hour
		}
		points = append(points, span{"", from, from + length, first.regime})
	}
	return points, openers
}

// enters makes a message free that opens an entry point or lies inside one.
func enters(j *judged, points []span, openers map[*judged]bool) bool {
	in := openers[j]
	for _, p := range points {
		in = in || p.has(j.deciding())
	}
	if !in {
		return false
	}
	j.decide(rating.Free, rating.InFreeEntryPoint)
	if openers[j] {
		j.decide(rating.Free, rating.OpensFreeEntryPoint)
	}
	if cbp(j.regime) {
		j.verdict.category = "referral_conversion"
	}
	return true
}
