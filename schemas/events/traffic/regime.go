package traffic

import (
	"postage/rating"
	"time"
)

// schedule is when the carrier changed its rules, local midnight. A generator
// needs it to play the carrier; rating has its own, and does not trust this one.
var schedule = [...]struct {
	from   rating.Date
	regime rating.Regime
}{
	{rating.Date{Year: 2018, Month: time.January, Day: 1}, rating.NBP},
	{rating.Date{Year: 2022, Month: time.February, Day: 1}, rating.CBP1},
	{rating.Date{Year: 2023, Month: time.June, Day: 1}, rating.CBP2},
	{rating.Date{Year: 2024, Month: time.November, Day: 1}, rating.CBP3},
	{rating.Date{Year: 2025, Month: time.July, Day: 1}, rating.PMP1},
	{rating.Date{Year: 2026, Month: time.October, Day: 1}, rating.PMP2},
}

// builtinRegimes is the carrier's schedule in a timezone.
func builtinRegimes(loc *time.Location) func(rating.Instant) rating.Regime {
	var from [len(schedule)]rating.Instant
	for i, s := range schedule {
		from[i] = s.from.Midnight(loc)
	}
	return func(at rating.Instant) rating.Regime {
		i := len(schedule) - 1
		for i > 0 && at < from[i] {
			i--
		}
		return schedule[i].regime
	}
}

// entryPointLength is how long a free entry point lasts that starts at the
// instant; 0 under NBP, which knew none.
func entryPointLength(r rating.Regime, at rating.Instant, loc *time.Location) rating.Instant {
	switch {
	case r == rating.NBP:
		return 0
	case at >= entryPoint7Days.Midnight(loc):
		return 168 * rating.Hour
	case at >= entryPoint3Days.Midnight(loc):
		return 72 * rating.Hour
	default:
		return 24 * rating.Hour
	}
}

var (
	entryPoint3Days = rating.Date{Year: 2023, Month: time.March, Day: 1}
	entryPoint7Days = rating.Date{Year: 2026, Month: time.September, Day: 28}
)
