package closing

import (
	"context"
	"fmt"
	"maps"
	"postage/rating"
	"postage/reports"
	"slices"
	"time"
)

// MustBeClosed says what to do about a month that is not closed, or is only for
// some of its accounts.
func (c *Closer) MustBeClosed(ctx context.Context, m rating.Month) error {
	closed, err := c.Books.Month(ctx, m)
	if err == nil && closed == nil {
		return fmt.Errorf("month %s is open: there is no invoice to adjust; close it first (postage close --month %s)", m, m)
	}
	return err
}

// late composes the notes that late usage asks for in closed months other than m,
// oldest month first, and names the months that it has found to agree with the
// log. Months that no new event reaches are not rated.
func (c *Closer) late(ctx context.Context, m rating.Month, kind reports.RunKind, cutoff reports.Cutoff) (notes []*proposal, agree []rating.Month, err error) {
	if c.Accounts != nil {
		return nil, nil, nil // closing some accounts is no run over the others
	}
	reached, agree, err := c.reached(ctx, cutoff)
	if err != nil {
		return nil, nil, err
	}
	for _, month := range reached {
		if month == m {
			continue
		}
		c.Logger.Info("late usage", "month", month)
		proposals, err := c.again(ctx, &revision{month: month, kind: kind, cutoff: cutoff})
		if err != nil {
			return nil, nil, fmt.Errorf("late usage of %s: %w", month, err)
		}
		if proposals = slices.DeleteFunc(proposals, (*proposal).empty); len(proposals) == 0 {
			agree = append(agree, month)
		}
		notes = append(notes, proposals...)
	}
	return notes, agree, nil
}

// empty says that there is nothing to issue and nothing to say.
func (p *proposal) empty() bool { return len(p.issue.Documents) == 0 && len(p.exceptions) == 0 }

// early composes the notes that late usage asks for of accounts that were closed before
// the others of their month, now that these are closed. any says whether there are such.
func (c *Closer) early(ctx context.Context, m rating.Month, kind reports.RunKind, cutoff reports.Cutoff) (notes []*proposal, any bool, err error) {
	if c.Accounts != nil {
		return nil, false, nil
	}
	versions, err := c.Books.Versions(ctx, m)
	if err != nil || len(versions) == 0 {
		return nil, false, err
	}
	notes, err = c.again(ctx, &revision{month: m, kind: kind, cutoff: cutoff, accounts: slices.Sorted(maps.Keys(versions))})
	if err != nil {
		return nil, false, fmt.Errorf("late usage of %s: %w", m, err)
	}
	return slices.DeleteFunc(notes, (*proposal).empty), true, nil
}

// reached splits the closed months into those that an event below a cut-off may have
// changed since they were last compared with the log, and those that none can have.
//
// An event can change how messages are judged from the earliest time of any event
// of its message on, and not before: every rule looks back, from the sending or
// the delivery of a message, at what happened in its conversation, and counters are
// drawn down in order of delivery, within a month. It has no bound the other way:
// a conversation session that opens an hour earlier ends earlier, the next opens
// earlier, and so on for as long as messages follow closely; a message delivered 30
// days after it was sent belongs to the month of its delivery. So all closed months
// from there on are reached; those before are not.
func (c *Closer) reached(ctx context.Context, upTo reports.Cutoff) (reached, untouched []rating.Month, err error) {
	closed, err := c.Books.Closed(ctx)
	if err != nil || len(closed) == 0 {
		return nil, nil, err
	}
	asked := map[string]*rating.Month{} // the first month reached, by cut-off; nil for none
	for _, look := range closed {
		key := fmt.Sprint(look.Cutoff)
		first, known := asked[key]
		if !known {
			if first, err = c.firstReached(ctx, look.Cutoff, upTo); err != nil {
				return nil, nil, err
			}
			asked[key] = first
		}
		if first == nil || look.Month.First().Before(first.First()) {
			untouched = append(untouched, look.Month)
		} else {
			reached = append(reached, look.Month)
		}
	}
	return reached, untouched, nil
}

// margin is how far local time is behind UTC at most, and a day for clocks that
// disagree: a message may bear a time of delivery before that of its sending.
const margin = 36 * time.Hour

// firstReached is the earliest month, anywhere, that events between two cut-offs
// can change, or nil.
func (c *Closer) firstReached(ctx context.Context, known, upTo reports.Cutoff) (*rating.Month, error) {
	if slices.Equal(known, upTo) {
		return nil, nil //nolint:nilnil // nothing has come
	}
	at, any, err := c.Log.Reach(ctx, known, upTo)
	if err != nil || !any {
		return nil, err
	}
	y, m, _ := at.Time().Add(-margin).Date()
	return &rating.Month{Year: y, Month: m}, nil
}
