package tariff

import (
	"cmp"
	"fmt"
	"postage/rating"
	"slices"
)

// coverage checks that what an account needs at all times is there at all times:
// a row of its package, and a row of its own while a sender is registered to it.
func (c *checker) coverage() {
	if c.broken["accounts.csv"] {
		return
	}
	if !c.broken["packages.csv"] {
		c.packagesInForce()
	}
	if !c.broken["senders.csv"] {
		c.gaps()
	}
}

// packagesInForce checks that each row of an account has a row of its package
// from its first day.
func (c *checker) packagesInForce() {
	first := map[string]rating.PackageRow{}
	for _, r := range c.rows.Packages {
		if f, ok := first[r.Package]; !ok || r.ValidFrom.Before(f.ValidFrom) {
			first[r.Package] = r
		}
	}
	for _, p := range accountPeriods(c.rows) {
		f, ok := first[p.account.Package]
		if !ok || p.never() || !p.from.Before(f.ValidFrom) {
			continue
		}
		c.fault(p.account.Row, "package", p.account.Package,
			fmt.Sprintf("begins on %s (%s), but the account has it from %s", f.ValidFrom, f.Row, p.from),
			"give the first row of the package valid_from "+p.from.String()+" or earlier")
	}
}

// gaps checks that no sender is registered to an account between two of its rows.
func (c *checker) gaps() {
	senders := map[string][]span{}
	for _, p := range senderPeriods(c.rows) {
		senders[p.sender.Account] = append(senders[p.sender.Account], p.span)
	}
	periods := accountPeriods(c.rows)
	for i := 1; i < len(periods); i++ {
		a, b := periods[i-1], periods[i]
		gap := span{a.to, b.from}
		if a.account.Account != b.account.Account || a.to.IsZero() || gap.never() {
			continue
		}
		if slices.ContainsFunc(senders[a.account.Account], gap.overlaps) {
			c.fault(a.account.Row, "valid_to", a.to.String(),
				fmt.Sprintf("line %d begins only on %s, and a sender is registered to the account in between", b.account.Line, b.from),
				"write "+b.from.String()+" or nothing, or end the sender's registration")
		}
	}
}

// span is [from, to); a zero from or to is open.
type span struct{ from, to rating.Date }

func (s span) never() bool { return !s.to.IsZero() && !s.from.Before(s.to) }

func (s span) overlaps(o span) bool {
	return !s.never() && !o.never() && (s.to.IsZero() || o.from.Before(s.to)) && (o.to.IsZero() || s.from.Before(o.to))
}

func (s span) holds(on rating.Date) bool {
	return !on.Before(s.from) && (s.to.IsZero() || on.Before(s.to))
}

// until ends the span where the next one begins.
func (s span) until(next rating.Date) span {
	if s.to.IsZero() || next.Before(s.to) {
		s.to = next
	}
	return s
}

type accountPeriod struct {
	span
	account rating.AccountRow
}

// accountPeriods are the rows of accounts with the time in which they speak, by
// account and time: a later row takes over from an earlier one.
func accountPeriods(rows *rating.TariffRows) []accountPeriod {
	var ps []accountPeriod
	for _, r := range rows.Accounts {
		ps = append(ps, accountPeriod{span{r.ValidFrom, r.ValidTo}, r})
	}
	slices.SortStableFunc(ps, func(a, b accountPeriod) int {
		return cmp.Or(cmp.Compare(a.account.Account, b.account.Account), a.from.Compare(b.from))
	})
	for i := 1; i < len(ps); i++ {
		if ps[i-1].account.Account == ps[i].account.Account {
			ps[i-1].span = ps[i-1].until(ps[i].from)
		}
	}
	return ps
}

type senderPeriod struct {
	span
	sender rating.SenderRow
}

// senderPeriods is accountPeriods for senders.
func senderPeriods(rows *rating.TariffRows) []senderPeriod {
	var ps []senderPeriod
	for _, r := range rows.Senders {
		ps = append(ps, senderPeriod{span{r.ValidFrom, r.ValidTo}, r})
	}
	slices.SortStableFunc(ps, func(a, b senderPeriod) int {
		return cmp.Or(cmp.Compare(a.sender.Sender, b.sender.Sender), a.from.Compare(b.from))
	})
	for i := 1; i < len(ps); i++ {
		if ps[i-1].sender.Sender == ps[i].sender.Sender {
			ps[i-1].span = ps[i-1].until(ps[i].from)
		}
	}
	return ps
}
