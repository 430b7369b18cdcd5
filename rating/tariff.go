package rating

import "github.com/shopspring/decimal"

// TariffRows are the rows of a tariff as people wrote them, one slice per file.
// Every row remembers where it stands. schemas/tariff reads them from files;
// NewTariff checks them as a whole and builds the indexes that rating uses.
type TariffRows struct {
	Version string // "sha256:" and the hash of the content

	Accounts    []AccountRow
	Senders     []SenderRow
	Markets     []MarketRow
	Prices      []PriceRow
	Packages    []PackageRow
	Regimes     []RegimeRow
	Settings    []SettingRow
	FX          []FXRow
	Sellers     []SellerRow
	Taxes       []TaxRow
	Adjustments []AdjustmentRow
	Openings    []OpeningRow
	GL          []GLRow
}

// Row is a place in a tariff: "prices.csv:17". Lines count from 1, the header
// included.
type Row struct {
	File string
	Line int
}

// AccountRow is a row of accounts.csv. Validity is [ValidFrom, ValidTo) at the account's
// local midnights; a zero ValidTo is open.
type AccountRow struct {
	Row
	Account, Name, Country, Timezone, Currency, Package string
	ValidFrom, ValidTo                                  Date
	Pool                                                string // "" means the account alone
	Seller                                              string
	CustomerType                                        string // business | reseller | consumer
	TaxID, VATNumber, PeppolID, BuyerReference          string
	Address, Email                                      string
	PaymentTermsDays                                    int // 0 means the default of 30
}

// SenderRow is a row of senders.csv.
type SenderRow struct {
	Row
	Sender, Account, PhoneNumberID, WABA, Timezone string
	ValidFrom, ValidTo                             Date
}

// MarketRow is a row of markets.csv. Prefix is digits without +.
type MarketRow struct {
	Row
	Market, Prefix, Country string
	ValidFrom               Date
}

// PriceRow is a row of prices.csv. FromVolume is 1-based.
type PriceRow struct {
	Row
	PriceList                string
	ValidFrom                Date
	Currency                 string
	Origin, Market, Category string
	FromVolume               int64
	UnitPrice                decimal.Decimal
}

// PackageRow is a row of packages.csv. Fees are in Currency; percentages are of the unit
// price.
type PackageRow struct {
	Row
	Package                         string
	ValidFrom                       Date
	Currency, PriceList             string
	MonthlyFee, SenderFee           decimal.Decimal
	IncludedUnits                   int64
	IncludedCategory                string // "" or "*" means any charged category
	MarkupPercent, MarkupFixed      decimal.Decimal
	MinimumSpend                    decimal.Decimal
	TierMode                        string // "" = graduated | all_units
	CareFee, ReceivedFee, FailedFee decimal.Decimal
	CostList                        string
}

// RegimeRow is a row of regimes.csv, overriding the built-in schedule for one account (or
// all, "*").
type RegimeRow struct {
	Row
	Account   string
	ValidFrom Date
	Regime    Regime
}

// SettingRow is a row of settings.csv.
type SettingRow struct {
	Row
	Account, Setting, Value string
	ValidFrom               Date
}

// FXRow is a row of fx.csv. One unit of From buys Rate units of To on that day.
type FXRow struct {
	Row
	On       Date
	From, To string
	Rate     decimal.Decimal
	Source   string
}

// SellerRow is a row of sellers.csv. Currency is the one it accounts for tax in: see
// AccountingCurrency.
type SellerRow struct {
	Row
	Seller, Name, Address, Country, Currency, VATNumber, PeppolID, Bank, InvoiceSeries string
}

// TaxRow is a row of taxes.csv. Treatment is one of S (standard), AE (reverse charge),
// O (outside scope), Z (zero), E (exempt).
type TaxRow struct {
	Row
	SellerCountry, CustomerCountry, CustomerType, Treatment string
	RatePercent                                             decimal.Decimal
	Note                                                    string
	ValidFrom                                               Date
}

// AdjustmentRow is a row of adjustments.csv, a one-off service or goodwill.
type AdjustmentRow struct {
	Row
	Account             string
	Month               Month
	Description         string
	Quantity, UnitPrice decimal.Decimal
	Reason, ApprovedBy  string
}

// OpeningRow is a row of opening.csv, counters brought along when moving in mid-month.
type OpeningRow struct {
	Row
	Account, Sender           string
	Month                     Month
	Counter, Market, Category string
	Count                     int64
}

// GLRow is a row of gl.csv: the account of the general ledger that a posting is
// booked on. Category is for usage only; "" means all categories without a row.
type GLRow struct {
	Row
	Posting, Category, Code, Name string
}

// Fault is one thing wrong with a tariff: where it stands, what it says, and
// what to do about it.
type Fault struct {
	Row
	Column  string
	Value   string
	Problem string
	Fix     string
}
