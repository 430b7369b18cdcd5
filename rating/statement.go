package rating

import "github.com/shopspring/decimal"

// Rate is one price row as one account pays it: the row of the price list and
// the effective unit price after markup and currency conversion. Messages point
// at it; no arithmetic is done per message.
type Rate struct {
	PriceRow   string // where it is written: "prices.csv:17"
	PriceList  string
	ValidFrom  Date
	Origin     string // "*" or the account's country
	Market     string // as the row has it: a market, a country or "*"
	Category   string // as the row has it: a category, "notification" or "*"
	FromVolume int64  // first unit of the tier, 1-based
	Tier       int    // 1-based

	ListPrice    decimal.Decimal // unit_price of the row, in ListCurrency
	ListCurrency string
	UnitPrice    decimal.Decimal // effective, exact, in Currency
	Currency     string          // the account's
}

// Statement is what one account owes for one month: the fold of its charged
// messages and fees. It is a pure function of (events, tariff) and carries
// nothing of how they arrived, so equal inputs give equal bytes.
type Statement struct {
	Account  string `json:"account"`
	Name     string `json:"name"`
	Month    Month  `json:"month"`
	Package  string `json:"package"` // the one in force on the last day
	Currency string `json:"currency"`
	Scale    int32  `json:"minor_digits"` // minor digits of the currency: 0, 2 or 3
	Tariff   string `json:"tariff"`       // version of the tariff, "sha256:..."

	Lines  []Line          `json:"lines"`
	Exact  decimal.Decimal `json:"exact_total"`  // sum of the lines' exact amounts
	Billed decimal.Decimal `json:"billed_total"` // sum of the lines' billed amounts, net of tax
	// Residue is Billed - Exact: what rounding each line once added or took.
	Residue decimal.Decimal `json:"rounding_residue"`

	Counts  Counts        `json:"counts"`
	Costs   []Cost        `json:"costs,omitempty"`   // what the carrier bills us for these messages
	Unrated []UnratedLine `json:"unrated,omitempty"` // held in suspense, never at zero
}

// Line is one billed line: quantity x unit price, rounded once.
type Line struct {
	Kind     LineKind `json:"kind"`
	Regime   string   `json:"regime,omitempty"`
	Market   string   `json:"market,omitempty"`
	Category string   `json:"category,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Tier     int      `json:"tier,omitempty"`
	From     int64    `json:"from_volume,omitempty"`
	PriceRow string   `json:"price_row,omitempty"`
	Detail   string   `json:"detail,omitempty"` // fees: "31 of 31 days", package or sender
	// Member is another account of the pool, whose issued invoice stays as it is:
	// the line is a difference on its statement that is borne here.
	Member string `json:"member,omitempty"`

	Quantity  int64           `json:"quantity"`
	UnitPrice decimal.Decimal `json:"unit_price"`
	Exact     decimal.Decimal `json:"exact"`
	Billed    decimal.Decimal `json:"billed"` // Exact rounded half away from zero to the currency's minor unit
}

// LineKind says what a line is for.
type LineKind string

// The kinds of line, in the order in which they stand on a statement.
const (
	MonthlyFeeLine   LineKind = "monthly_fee"
	SenderFeeLine    LineKind = "sender_fee"
	CareFeeLine      LineKind = "care_fee"     // per care message delivered
	ReceivedFeeLine  LineKind = "received_fee" // per customer's message received
	FailedFeeLine    LineKind = "failed_fee"   // per message that failed
	UsageLine        LineKind = "usage"
	AllowanceLine    LineKind = "allowance" // messages under the allowance, at zero
	MinimumSpendLine LineKind = "minimum_spend"
	AdjustmentLine   LineKind = "adjustment"
)

// Counts are the account's outbound messages of the month by outcome, for
// reading beside the amounts.
type Counts struct {
	Messages      int64 `json:"messages"`
	CareFree      int64 `json:"care_free"`
	CareCharged   int64 `json:"care_charged"`
	NoticeFree    int64 `json:"notification_free"`
	NoticeCharged int64 `json:"notification_charged"`
	NotDelivered  int64 `json:"not_delivered"`
	Rejected      int64 `json:"rejected"`
	Pending       int64 `json:"pending"`
	Unrated       int64 `json:"unrated"`
}

// Cost is what the carrier bills us for the messages of a statement, in one
// currency. The margin is the billed total less this, where the currencies agree.
type Cost struct {
	Currency string          `json:"currency"`
	Messages int64           `json:"messages"` // charged by the carrier
	Unrated  int64           `json:"unrated"`  // charged by the carrier, and no row of the cost list fits
	Exact    decimal.Decimal `json:"exact"`
}

// UnratedLine counts the messages that lack one thing, and names it.
type UnratedLine struct {
	Reason   string `json:"reason"`
	Market   string `json:"market,omitempty"`
	Category string `json:"category,omitempty"`
	Count    int64  `json:"count"`
	Missing  string `json:"missing"` // the row to add, in words
}
