package reports

import (
	"cmp"
	"maps"
	"postage/rating"
	"slices"

	"github.com/shopspring/decimal"
)

// Pooled settles who is billed what after late usage in a closed month. The
// accounts of a pool share volume counters, so that what one of them used late
// can move the tiers of all. An account that has nothing late of its own keeps
// what it was billed; what its statement has come out different by is borne by
// the pool's owner, on lines of its own. The owner is the invoiced account that
// bears the pool's name, else the one whose invoice of the month was issued
// first, among those billed in the same currency.
//
// now is what re-rating says, of every account billed too; billed what each was billed
// last; invoices the month's, in order of issue. The result is in the order of now; its
// billed total is that of now, to the last digit, exact and rounded.
func Pooled(t *rating.Tariff, now, billed []rating.Statement, invoices []*Document) []rating.Statement {
	p := pooling{tariff: t, rated: map[string]int{}, billed: byAccount(billed), invoices: invoices}
	target := slices.Clone(now)
	for i := range target {
		p.rated[target[i].Account] = i
	}
	for i := range now {
		s := &now[i]
		owner, moved := p.movedByOthers(s)
		if !moved {
			continue
		}
		kept := Own(p.billed[s.Account])
		reversed, anew := changedLines(kept.Lines, s.Lines)
		bearer := &target[p.rated[owner]]
		bearer.Lines = slices.Clone(bearer.Lines)
		for _, l := range reversed {
			bearer.Lines = append(bearer.Lines, ofMember(s.Account, l, decimal.NewFromInt(-1)))
		}
		for _, l := range anew {
			bearer.Lines = append(bearer.Lines, ofMember(s.Account, l, decimal.NewFromInt(1)))
		}
		addUp(bearer)
		bearer.Costs = costsMoved(bearer.Costs, kept.Costs, s.Costs)
		target[i] = kept
	}
	return target
}

type pooling struct {
	tariff   *rating.Tariff
	rated    map[string]int // by account, where its statement stands
	billed   map[string]*rating.Statement
	invoices []*Document
}

// movedByOthers says whether an account's statement has changed by what others
// of its pool have used only, and who bears that.
func (p *pooling) movedByOthers(now *rating.Statement) (owner string, moved bool) {
	billed := p.billed[now.Account]
	if billed == nil {
		return "", false
	}
	owner = p.owner(now)
	if owner == "" || owner == now.Account {
		return "", false
	}
	kept := Own(billed)
	return owner, !kept.Billed.Equal(now.Billed) && sameUse(kept.Lines, now.Lines)
}

// owner finds who bears what late usage moves on a statement: "" for an account
// that shares no pool or was not invoiced.
func (p *pooling) owner(s *rating.Statement) string {
	pool := p.poolOf(s.Account, s.Month)
	owner, invoiced := "", false
	for _, d := range p.invoices {
		member := d.Customer.ID
		if _, rated := p.rated[member]; !rated || d.Currency != s.Currency || p.poolOf(member, s.Month) != pool {
			continue
		}
		invoiced = invoiced || member == s.Account
		if owner == "" || member == pool {
			owner = member
		}
	}
	if !invoiced {
		return ""
	}
	return owner
}

// poolOf is the pool of an account on its last day in the month: its own name when
// it shares none.
func (p *pooling) poolOf(account string, m rating.Month) string {
	row := p.tariff.LastTerms(account, m)
	if row == nil {
		return account
	}
	return cmp.Or(row.Pool, account)
}

// sameUse says whether two statements count the same messages and fees, whatever
// tiers they fell into and whatever that makes of the minimum spend.
func sameUse(a, b []rating.Line) bool {
	usedA, restA := useOf(a)
	usedB, restB := useOf(b)
	if len(usedA) != len(usedB) {
		return false
	}
	for key, n := range usedA {
		if usedB[key] != n {
			return false
		}
	}
	reversed, anew := changedLines(restA, restB)
	return len(reversed) == 0 && len(anew) == 0
}

type useKey struct {
	kind                             rating.LineKind
	regime, market, category, reason string
}

func useOf(lines []rating.Line) (used map[useKey]int64, rest []rating.Line) {
	used = map[useKey]int64{}
	for _, l := range lines {
		switch l.Kind {
		case rating.UsageLine, rating.AllowanceLine:
			used[useKey{l.Kind, l.Regime, l.Market, l.Category, l.Reason}] += l.Quantity
		case rating.MinimumSpendLine:
		default:
			rest = append(rest, l)
		}
	}
	return used, rest
}

// Own is a statement without what its account bears for others of its pool: as it was
// rated.
func Own(s *rating.Statement) rating.Statement {
	own := *s
	own.Lines = slices.DeleteFunc(slices.Clone(s.Lines), func(l rating.Line) bool { return l.Member != "" })
	addUp(&own)
	return own
}

func ofMember(account string, l rating.Line, sign decimal.Decimal) rating.Line {
	l.Member = account
	l.Quantity *= sign.IntPart()
	l.Exact, l.Billed = l.Exact.Mul(sign), l.Billed.Mul(sign)
	return l
}

// costsMoved adds to the costs of who bears a difference what the carrier's bill for
// the other account has come out different by.
func costsMoved(bearer, was, is []rating.Cost) []rating.Cost {
	sums := map[string]rating.Cost{}
	add := func(costs []rating.Cost, sign int64) {
		for _, c := range costs {
			s := sums[c.Currency]
			s.Currency, s.Messages, s.Unrated = c.Currency, s.Messages+sign*c.Messages, s.Unrated+sign*c.Unrated
			s.Exact = s.Exact.Add(c.Exact.Mul(decimal.NewFromInt(sign)))
			sums[c.Currency] = s
		}
	}
	add(bearer, 1)
	add(was, -1)
	add(is, 1)
	var costs []rating.Cost
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		if c := sums[currency]; c.Messages != 0 || c.Unrated != 0 || !c.Exact.IsZero() {
			costs = append(costs, c)
		}
	}
	return costs
}

// addUp computes the totals of a statement from its lines.
func addUp(s *rating.Statement) {
	s.Exact, s.Billed = decimal.Decimal{}, decimal.Decimal{}
	for _, l := range s.Lines {
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	s.Residue = s.Billed.Sub(s.Exact)
}

func byAccount(statements []rating.Statement) map[string]*rating.Statement {
	by := map[string]*rating.Statement{}
	for i := range statements {
		by[statements[i].Account] = &statements[i]
	}
	return by
}
