package closing

import (
	"context"
	"fmt"
	"postage/rating"
	"slices"
	"strings"
)

// checkAccounts refuses to close accounts by themselves that are not there, or that
// share counters with others: what one of them uses moves the tiers of the other, so
// they are closed together, up to one cut-off.
func (c *Closer) checkAccounts(m rating.Month) error {
	there := c.Tariff.Accounts(m)
	for _, account := range c.Accounts {
		if !slices.Contains(there, account) {
			return fmt.Errorf("account %q has no row in accounts.csv for %s", account, m)
		}
		var together, missing []string
		for _, other := range there {
			if c.Tariff.Group(other) != c.Tariff.Group(account) {
				continue
			}
			together = append(together, "--account "+other)
			if !slices.Contains(c.Accounts, other) {
				missing = append(missing, other)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("account %q shares counters (a pool, a WABA or a number) with %s: close them together: %s", account, strings.Join(missing, ", "), strings.Join(together, " "))
		}
	}
	return nil
}

// closedBefore are the accounts of an open month that were closed by themselves.
func (c *Closer) closedBefore(ctx context.Context, m rating.Month) (map[string]bool, error) {
	versions, err := c.Books.Versions(ctx, m)
	if err != nil {
		return nil, err
	}
	closed := map[string]bool{}
	for account := range versions {
		closed[account] = true
	}
	for _, account := range c.Accounts {
		if closed[account] {
			return nil, fmt.Errorf("account %q is closed for %s; what has arrived since comes as an adjustment once the whole month is closed", account, m)
		}
	}
	return closed, nil
}
