package closing

import (
	"context"
	"fmt"
	"postage/rating"
	"postage/reports"
	"time"
)

// border is a stretch of time about the beginning of a month, in steps of all the offsets of timezones.
const (
	borderHours = 15 // no zone is further from UTC
	borderStep  = rating.Hour / 4
)

// movedAtBorder warns of senders whose messages about the beginning of a month are billed twice or
// by nobody: the month before was closed when they belonged to an account for which it ends at
// another instant than for the one that they belong to by now.
func (c *Closer) movedAtBorder(ctx context.Context, p *proposal) ([]reports.Exception, error) {
	m := p.Run.Month
	closed, err := c.Books.Month(ctx, previous(m))
	if err != nil || closed == nil {
		return nil, err
	}
	terms, err := c.Books.Terms(ctx, previous(m))
	if err != nil || terms[0].Tariff == p.tariff.Rows.Version {
		return nil, err
	}
	then, err := c.thawed(ctx, terms[0].Tariff)
	if err != nil {
		return nil, err
	}
	was, is := registrations(then.Rows), registrations(p.tariff.Rows)
	var found []reports.Exception
	for i := range p.tariff.Rows.Senders {
		sender := p.tariff.Rows.Senders[i].Sender
		if was[sender] == is[sender] || was[sender] == "" || is[sender] == "" {
			continue
		}
		is[sender] = "" // seen
		if e := crossing(then, p.tariff, sender, m); e != nil {
			found = append(found, *e)
		}
	}
	return found, nil
}

// registrations says of each sender whose it is and when, and in which timezones.
func registrations(rows *rating.TariffRows) map[string]string {
	zones := map[string]string{}
	for i := range rows.Accounts {
		a := &rows.Accounts[i]
		zones[a.Account] += fmt.Sprintf("%s from %s to %s ", a.Timezone, a.ValidFrom, a.ValidTo)
	}
	of := map[string]string{}
	for i := range rows.Senders {
		s := &rows.Senders[i]
		of[s.Sender] += fmt.Sprintf("%s from %s to %s (%s)\n", s.Account, s.ValidFrom, s.ValidTo, zones[s.Account])
	}
	return of
}

// crossing looks at the instants about the beginning of a month that two tariffs put into two months,
// or into none of the two.
func crossing(then, now *rating.Tariff, sender string, m rating.Month) *reports.Exception {
	midnight := m.First().Midnight(time.UTC)
	var first, last rating.Instant
	var what, was, is string
	for at := midnight - borderHours*rating.Hour; at <= midnight+borderHours*rating.Hour; at += borderStep {
		before, monthThen := then.Registered(sender, at)
		after, monthNow := now.Registered(sender, at)
		if before == "" || after == "" || (monthThen == m) == (monthNow == m) {
			continue
		}
		if what == "" {
			first, was, is = at, before, after
			if what = "twice"; monthThen == m {
				what = "to nobody"
			}
		}
		last = at + borderStep
	}
	if what == "" {
		return nil
	}
	e := warning("sender_moved", is, fmt.Sprintf("%s was registered to %s when %s was closed, and between %s and %s UTC it was one month there and is another here: messages of then are billed %s",
		sender, was, previous(m), minute(first), minute(last), what),
		fmt.Sprintf("have valid_to and valid_from in senders.csv say that it was still registered to %s then", was))
	return &e
}

func minute(at rating.Instant) string { return at.Time().Format("2006-01-02 15:04") }
