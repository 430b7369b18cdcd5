package rating

import "time"

// days tells local dates of instants. Messages come in runs of the same day, so
// it remembers the last day of each timezone, and rarely asks the calendar.
type days struct {
	byZone map[*time.Location]*day
	zone   *time.Location // the last one asked for
	last   *day
}

type day struct {
	from, to Instant // local midnights
	date     Date
}

func newDays() days { return days{byZone: map[*time.Location]*day{}} }

// of returns the date that an instant has in a timezone.
func (d *days) of(at Instant, zone *time.Location) Date {
	if zone != d.zone {
		d.zone, d.last = zone, d.byZone[zone]
		if d.last == nil {
			d.last = &day{}
			d.byZone[zone] = d.last
		}
	}
	if at < d.last.from || at >= d.last.to {
		date := DateOf(at.Time().In(zone))
		*d.last = day{date.Midnight(zone), date.AddDays(1).Midnight(zone), date}
	}
	return d.last.date
}

// month returns the month that an instant has in a timezone.
func (d *days) month(at Instant, zone *time.Location) Month {
	date := d.of(at, zone)
	return Month{date.Year, date.Month}
}
