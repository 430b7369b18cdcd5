package rating

import (
	"cmp"
	"math"
)

// Groups finds what must be rated together, because it shares a counter: accounts that
// share a pool or a WABA, the senders registered to them, and senders whose events
// name an account while no registration says whose they are. A group is named by the
// smallest account in it, or by its only sender. It is not safe for concurrent use.
type Groups struct {
	tariff *Tariff
	joined joined
}

// Groups returns the groups as far as the tariff knows them. Tell it with Names what the
// events say before asking.
func (t *Tariff) Groups() *Groups { return &Groups{t, joinRows(t.Rows)} }

// Names notes that events of a sender name an account, which counts when the sender is not
// registered at the time, so wherever that may be.
func (g *Groups) Names(sender, account string) {
	if g.tariff.Names(sender, account) {
		g.joined.join(account, senderNode(sender))
	}
}

// Names says whether it can decide anything that events of a sender name an account: the account
// is one of the tariff, and the sender is not registered at all times.
func (t *Tariff) Names(sender, account string) bool {
	return account != "" && !t.alwaysRegistered(sender) && t.accounts[account] != nil
}

// OfSender is the group of a sender.
func (g *Groups) OfSender(sender string) string { return g.joined.find(senderNode(sender)) }

// OfAccount is the group of an account.
func (g *Groups) OfAccount(account string) string { return g.joined.find(account) }

// alwaysRegistered says whether some registration of a sender holds at all times, so that
// the accounts its events name decide nothing.
func (t *Tariff) alwaysRegistered(sender string) bool {
	for _, term := range t.senders[sender] {
		if term.from == math.MinInt64 && term.to == forever {
			return true
		}
	}
	return false
}

// joined is a set of things that are or are not in one group: a forest in which each
// points towards the smallest of its group.
type joined map[string]string

// Nodes of other sorts than accounts have a byte in front that no account name starts
// with and that sorts behind every name, so that the root is an account wherever there is one.
const notAccount = "\xff"

func senderNode(sender string) string { return notAccount + "sender " + sender }

func (j joined) find(x string) string {
	p, ok := j[x]
	if !ok {
		return x
	}
	if p == x {
		return x
	}
	root := j.find(p)
	j[x] = root
	return root
}

func (j joined) join(a, b string) {
	a, b = j.find(a), j.find(b)
	if b < a {
		a, b = b, a
	}
	j[a], j[b] = a, a
}

// joinRows joins what the rows of a tariff put together: accounts of a pool, of a WABA and
// of a sender, whenever that was.
func joinRows(rows *TariffRows) joined {
	j := joined{}
	for i := range rows.Accounts {
		a := &rows.Accounts[i]
		j.join(a.Account, notAccount+"pool "+cmp.Or(a.Pool, a.Account)) // a pool may have an account's name
	}
	for i := range rows.Senders {
		s := &rows.Senders[i]
		j.join(s.Account, senderNode(s.Sender))
		if s.WABA != "" {
			j.join(s.Account, notAccount+"waba "+s.WABA)
		}
	}
	return j
}

// groupAccounts maps each account to its group.
func groupAccounts(rows *TariffRows) map[string]string {
	j := joinRows(rows)
	groups := make(map[string]string, len(j))
	for x := range j {
		if x[:min(1, len(x))] != notAccount {
			groups[x] = j.find(x)
		}
	}
	return groups
}
