package closing

import (
	"context"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
	"strings"
)

// checkAccounts refuses to close accounts by themselves that are not there, or that
// share counters with others: what one of them uses moves the tiers of the other, so
// they are closed together, up to one cut-off.
func (c *Closer) checkAccounts(ctx context.Context, m rating.Month, cutoff reports.Cutoff) error {
	if c.Accounts == nil {
		return nil
	}
	shared, _, err := sharing(ctx, c.Log, c.Tariff, cutoff)
	if err != nil {
		return err
	}
	there := c.Tariff.Accounts(m)
	for _, account := range c.Accounts {
		if !slices.Contains(there, account) {
			return fmt.Errorf("account %q has no row in accounts.csv for %s", account, m)
		}
		var together, missing []string
		for _, other := range there {
			if shared.OfAccount(other) != shared.OfAccount(account) {
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

// nothingUsed are the empty statements of accounts that are closed by themselves and have used
// nothing: they are closed as well.
func (c *Closer) nothingUsed(e *Evaluation) (empty []rating.Statement, err error) {
	for _, account := range c.Accounts {
		if slices.ContainsFunc(e.Statements, func(s rating.Statement) bool { return s.Account == account }) {
			continue
		}
		s, err := rating.NewFolder(c.Tariff, account, e.Run.Month).Statement()
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", account, err)
		}
		empty = append(empty, *s)
	}
	return empty, nil
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
