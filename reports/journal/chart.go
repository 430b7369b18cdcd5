package journal

import (
	"postage/rating"
)

// What an entry may be booked on: the column posting of gl.csv. Revenue is booked by
// the kind of line (rating.LineKind), usage by category too.
const (
	receivables        = "receivables"
	accruedIncome      = "accrued_income"
	vat                = "vat"
	carrierCost        = "carrier_cost"
	accruedCarrierCost = "accrued_carrier_cost"
)

// Account is an account of the general ledger.
type Account struct{ Code, Name string }

// Chart says which account a posting goes to.
type Chart struct{ accounts map[place]Account }

type place struct{ posting, category string }

// standard is used for what gl.csv does not say.
var standard = map[string]Account{
	receivables:                     {"1100", "Trade receivables"},
	accruedIncome:                   {"1150", "Accrued income"},
	accruedCarrierCost:              {"2110", "Accrued carrier cost"},
	vat:                             {"2200", "VAT on sales"},
	string(rating.UsageLine):        {"4000", "Message revenue"},
	string(rating.MonthlyFeeLine):   {"4100", "Monthly fees"},
	string(rating.SenderFeeLine):    {"4110", "Sender fees"},
	string(rating.CareFeeLine):      {"4120", "Fees per message"},
	string(rating.ReceivedFeeLine):  {"4120", "Fees per message"},
	string(rating.FailedFeeLine):    {"4120", "Fees per message"},
	string(rating.MinimumSpendLine): {"4200", "Minimum spend"},
	string(rating.AdjustmentLine):   {"4300", "Services and goodwill"},
	carrierCost:                     {"5000", "Carrier cost"},
}

// NewChart reads the rows of gl.csv; what they do not say is booked on standard
// accounts.
func NewChart(rows []rating.GLRow) Chart {
	c := Chart{map[place]Account{}}
	for posting, account := range standard {
		c.accounts[place{posting: posting}] = account
	}
	for _, r := range rows {
		c.accounts[place{r.Posting, r.Category}] = Account{r.Code, r.Name}
	}
	return c
}

// find returns the account of a posting: for usage the one of its category
// before the one of all.
func (c Chart) find(posting, category string) Account {
	if a, ok := c.accounts[place{posting, category}]; ok {
		return a
	}
	return c.accounts[place{posting: posting}]
}
