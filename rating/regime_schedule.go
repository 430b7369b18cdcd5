package rating

import "slices"

import "time"

// schedule is when each regime began, at the sender's local midnight (domain
// page, section B). A tariff may override it for an account: regimes.csv.
var schedule = []RegimeRow{
	{ValidFrom: Date{2018, time.January, 1}, Regime: NBP},
	{ValidFrom: Date{2022, time.February, 1}, Regime: CBP1},
	{ValidFrom: Date{2023, time.June, 1}, Regime: CBP2},
	{ValidFrom: Date{2024, time.November, 1}, Regime: CBP3},
	{ValidFrom: Date{2025, time.July, 1}, Regime: PMP1},
	{ValidFrom: Date{2026, time.October, 1}, Regime: PMP2},
}

// regimeOn returns the regime of an account on the sender's local date and the
// date it came into force: the account's own rows of regimes.csv first, then
// those of "*", then the built-in schedule.
func (t *Tariff) regimeOn(account string, on Date) (Regime, Date) {
	for _, rows := range [...][]RegimeRow{t.regimes[account], t.regimes["*"]} {
		if regime, since := scheduled(rows, on); regime != 0 {
			return regime, since
		}
	}
	return t.carrierRegimeOn(on)
}

// carrierRegimeOn returns the regime of the built-in schedule.
func (t *Tariff) carrierRegimeOn(on Date) (Regime, Date) {
	if regime, since := scheduled(schedule, on); regime != 0 {
		return regime, since
	}
	return NBP, schedule[0].ValidFrom // only a day in 2017, west of UTC
}

// scheduled returns the last row that began on or before the date, or zero.
func scheduled(rows []RegimeRow, on Date) (Regime, Date) {
	for _, row := range slices.Backward(rows) {
		if !on.Before(row.ValidFrom) {
			return row.Regime, row.ValidFrom
		}
	}
	return 0, Date{}
}

// overridesRegime says whether the account has another schedule than the
// carrier's.
func (t *Tariff) overridesRegime(account string) bool {
	return len(t.regimes[account]) > 0 || len(t.regimes["*"]) > 0
}
