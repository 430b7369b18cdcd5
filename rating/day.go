package rating

import "time"

// days tells local dates of instants. Messages of a month share a few dates, so
// it remembers some of each timezone and rarely asks the calendar.
type days struct {
	byZone map[*time.Location]*zoneDays
	zone   *time.Location // the last one asked for
	last   *zoneDays
}

// zoneDays are the days remembered of a timezone, each at the place of its noon.
type zoneDays struct {
	epoch Instant // a midnight, or where one would be, long before all events
	days  [64]day
}

// place counts days of 24 hours. Where clocks have changed since the epoch, the
// first or last hours of a day have the number of its neighbour.
func (z *zoneDays) place(at Instant) uint64 { return uint64(at-z.epoch) / uint64(Day) }

func (z *zoneDays) at(place uint64) *day { return &z.days[place%uint64(len(z.days))] }

type day struct {
	from, to Instant // local midnights
	date     Date
}

func newDays() days { return days{byZone: map[*time.Location]*zoneDays{}} }

// of returns the date that an instant has in a timezone.
func (d *days) of(at Instant, zone *time.Location) Date { return d.find(at, zone).date }

// month returns the month that an instant has in a timezone.
func (d *days) month(at Instant, zone *time.Location) Month {
	date := &d.find(at, zone).date
	return Month{date.Year, date.Month}
}

// find returns the day of an instant, valid until the next call.
func (d *days) find(at Instant, zone *time.Location) *day {
	z := d.last
	if zone != d.zone {
		if z = d.byZone[zone]; z == nil {
			z = &zoneDays{epoch: DateOf(at.Time().In(zone)).Midnight(zone) - 100_000*Day}
			d.byZone[zone] = z
		}
		d.zone, d.last = zone, z
	}
	p := z.place(at)
	for _, near := range [...]uint64{p, p - 1, p + 1} {
		if known := z.at(near); known.from <= at && at < known.to {
			return known
		}
	}
	date := DateOf(at.Time().In(zone))
	from := date.Midnight(zone)
	found := z.at(z.place(from + Day/2))
	*found = day{from, date.AddDays(1).Midnight(zone), date}
	return found
}
