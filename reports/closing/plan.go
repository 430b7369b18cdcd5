package closing

import (
	"context"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
	"time"
)

// portion is what one goroutine rates at once: whole groups of accounts and senders that share
// counters, and the slices of the log that hold all of their events. Either it is small
// enough for memory as a whole, or it is a single group in several slices.
type portion struct {
	groups []*group
	slices []reports.LogSlice
}

// group is a group of accounts and senders (rating.Groups).
type group struct {
	accounts []string
	senders  []reports.SenderSummary
	events   int64
}

// limits bound what rests in memory. Tests lower them.
type limits struct {
	sliceEvents   int64 // of a slice of the log, about
	sliceSenders  int   // named in one query
	groupMessages int   // chargeable ones of a group that wait in memory
}

// usualLimits keep the process under 1 GB with three goroutines at work: a slice takes up to 40 MB and a
// group up to 120 MB.
var usualLimits = limits{sliceEvents: 100_000, sliceSenders: 1000, groupMessages: 200_000}

// plan cuts a month into portions. Accounts is nil, or says which are wanted; whole groups are
// planned in any case.
func (r *monthRating) plan(ctx context.Context, accounts []string) ([]portion, error) {
	shared, senders, err := sharing(ctx, r.log, r.tariff, r.run.Cutoff)
	if err != nil {
		return nil, err
	}
	var order []*group // of the first sender, so that those of a portion are neighbours in the log
	groups := map[string]*group{}
	find := func(name string) *group {
		g := groups[name]
		if g == nil {
			g = &group{}
			groups[name] = g
			order = append(order, g)
		}
		return g
	}
	early := r.before.First().AddDays(-2).Midnight(time.UTC) // before the month before, in any timezone
	for _, s := range senders {
		if s.Latest >= early { // else nothing of it is in a month whose counters matter
			g := find(shared.OfSender(s.Sender))
			g.senders, g.events = append(g.senders, s), g.events+s.Events
		}
	}
	for _, account := range r.tariff.Accounts(r.run.Month) {
		g := find(shared.OfAccount(account))
		g.accounts = append(g.accounts, account)
	}
	if accounts != nil {
		wanted := map[*group]bool{}
		for _, account := range accounts {
			wanted[groups[shared.OfAccount(account)]] = true
		}
		order = slices.DeleteFunc(order, func(g *group) bool { return !wanted[g] })
	}
	return r.portions(ctx, order)
}

// sharing finds what shares counters by a tariff and by what the events below a cut-off name,
// and the senders that have events there.
func sharing(ctx context.Context, log reports.EventLog, t *rating.Tariff, upTo reports.Cutoff) (*rating.Groups, []reports.SenderSummary, error) {
	senders, err := log.Senders(ctx, upTo)
	if err != nil {
		return nil, nil, fmt.Errorf("event log: %w", err)
	}
	shared := t.Groups()
	for _, s := range senders {
		for _, account := range s.Accounts {
			shared.Names(s.Sender, account)
		}
	}
	return shared, senders, nil
}

// portions puts small groups together and cuts large ones. Large ones come first, so that
// no goroutine is left alone with one at the end.
func (r *monthRating) portions(ctx context.Context, groups []*group) (portions []portion, err error) {
	var open portion
	var senders []string
	var events int64
	seal := func() {
		if len(open.groups) > 0 {
			if len(senders) > 0 {
				open.slices = []reports.LogSlice{{Senders: senders}}
			}
			portions = append(portions, open)
		}
		open, senders, events = portion{}, nil, 0
	}
	var large []portion
	for _, g := range groups {
		if g.events > r.limits.sliceEvents || len(g.senders) > r.limits.sliceSenders {
			p := portion{groups: []*group{g}}
			if p.slices, err = r.cut(ctx, g); err != nil {
				return nil, err
			}
			large = append(large, p)
			continue
		}
		if events+g.events > r.limits.sliceEvents || len(senders)+len(g.senders) > r.limits.sliceSenders {
			seal()
		}
		open.groups, events = append(open.groups, g), events+g.events
		for _, s := range g.senders {
			senders = append(senders, s.Sender)
		}
	}
	seal()
	slices.SortStableFunc(large, func(a, b portion) int { return int(b.groups[0].events - a.groups[0].events) })
	return append(large, portions...), nil
}

// cut slices the events of a large group: small senders together, large ones by their users.
func (r *monthRating) cut(ctx context.Context, g *group) (out []reports.LogSlice, err error) {
	var open reports.LogSlice
	var events int64
	for _, s := range g.senders {
		if n := s.Events / r.limits.sliceEvents; n > 0 {
			users, err := r.log.Users(ctx, r.run.Cutoff, s.Sender, int(n))
			if err != nil {
				return nil, fmt.Errorf("event log: %w", err)
			}
			from := ""
			for _, to := range append(users, "") {
				out = append(out, reports.LogSlice{Senders: []string{s.Sender}, UserFrom: from, UserTo: to})
				from = to
			}
			continue
		}
		if events+s.Events > r.limits.sliceEvents || len(open.Senders) == r.limits.sliceSenders {
			out = append(out, open)
			open, events = reports.LogSlice{}, 0
		}
		open.Senders, events = append(open.Senders, s.Sender), events+s.Events
	}
	if len(open.Senders) > 0 {
		out = append(out, open)
	}
	return out, nil
}

func previous(m rating.Month) rating.Month {
	d := m.First().AddDays(-1)
	return rating.Month{Year: d.Year, Month: d.Month}
}
