package closing

import (
	"errors"
	"fmt"
	"postage/rating"
	"slices"
)

// statable says whether all fees of a month can be stated in the currency of their
// account; accounts is nil for all. It is asked before a month is rated, which takes
// its time, and the error lists every account that lacks an exchange rate.
func statable(t *rating.Tariff, m rating.Month, accounts []string) error {
	var lacking []error
	for _, account := range t.Accounts(m) {
		if accounts != nil && !slices.Contains(accounts, account) {
			continue
		}
		if _, err := rating.NewFolder(t, account, m).Statement(); err != nil {
			lacking = append(lacking, fmt.Errorf("account %s: %w", account, err))
		}
	}
	return errors.Join(lacking...)
}
