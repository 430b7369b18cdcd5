package files

import (
	"postage/rating"
	"sync"
)

// groupTable numbers the groups of accounts that are priced together. All events are
// read, and the names in them noted, before the first number is given.
type groupTable struct {
	tariff  *rating.Tariff
	mu      sync.Mutex // guards what follows
	shared  *rating.Groups
	numbers map[string]uint32
}

func newGroupTable(t *rating.Tariff) *groupTable {
	return &groupTable{tariff: t, shared: t.Groups(), numbers: map[string]uint32{}}
}

// names notes that events of a sender name an account.
func (t *groupTable) names(w who) {
	if !t.tariff.Names(w.sender, w.account) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shared.Names(w.sender, w.account)
}

// number numbers the group of an account. Only accounts of the tariff are charged, so
// there are no more than that.
func (t *groupTable) number(account string) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := t.shared.OfAccount(account)
	n, ok := t.numbers[name]
	if !ok {
		n = uint32(len(t.numbers))
		t.numbers[name] = n
	}
	return n
}
