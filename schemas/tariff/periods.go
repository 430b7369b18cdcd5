package tariff

import (
	"cmp"
	"fmt"
	"postage/rating"
	"slices"
)

// period is the validity [from, to) of one row about key; a zero to is open.
type period struct {
	rating.Row
	key      string
	from, to rating.Date
}

// periods checks the validity of accounts and senders: at any time, at most one
// row speaks for each.
func (c *checker) periods() {
	var accounts, senders []period
	for _, r := range c.rows.Accounts {
		accounts = append(accounts, period{r.Row, r.Account, r.ValidFrom, r.ValidTo})
	}
	for _, r := range c.rows.Senders {
		senders = append(senders, period{r.Row, r.Sender, r.ValidFrom, r.ValidTo})
	}
	c.disjoint("account", accounts)
	c.disjoint("sender", senders)
}

func (c *checker) disjoint(column string, ps []period) {
	for _, p := range ps {
		if !p.to.IsZero() && !p.from.Before(p.to) {
			c.fault(p.Row, "valid_to", p.to.String(), "not after valid_from, so the line is never valid", "write a later date, or leave it empty")
		}
	}
	slices.SortStableFunc(ps, func(a, b period) int {
		return cmp.Or(cmp.Compare(a.key, b.key), a.from.Compare(b.from), cmp.Compare(a.Line, b.Line))
	})
	for i := 1; i < len(ps); i++ {
		a, b := ps[i-1], ps[i]
		switch {
		case a.key == "" || a.key != b.key:
		case a.from == b.from:
			when := "from " + b.from.String()
			if b.from.IsZero() {
				when = "from the beginning"
			}
			c.fault(b.Row, column, b.key, fmt.Sprintf("line %d is about it %s too", a.Line, when), "delete one, or give it a later valid_from")
		case !a.to.IsZero() && b.from.Before(a.to):
			c.fault(a.Row, "valid_to", a.to.String(), fmt.Sprintf("reaches into line %d, valid from %s", b.Line, b.from), "write "+b.from.String())
		}
	}
}
