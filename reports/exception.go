package reports

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Severity says whether an exception keeps a month open.
type Severity string

// The severities: a blocking exception must be cured, a warning be looked at.
const (
	Blocking Severity = "blocking"
	Warning  Severity = "warning"
)

// Exception is one thing that a reviewer should look at before a month is issued.
type Exception struct {
	Severity Severity         `json:"severity"`
	Code     string           `json:"code"`              // for programs: "negative_total"
	Account  string           `json:"account,omitempty"` // "" where it concerns no single one
	Amount   *decimal.Decimal `json:"amount,omitempty"`
	Currency string           `json:"currency,omitempty"` // of Amount
	Problem  string           `json:"problem"`            // in words
	Fix      string           `json:"fix"`                // what to do
}

// String is the exception in one line.
func (e *Exception) String() string {
	s := fmt.Sprintf("%s %s: ", e.Severity, e.Code)
	if e.Account != "" {
		s += e.Account + ": "
	}
	s += e.Problem
	if e.Fix != "" {
		s += "; " + e.Fix
	}
	return s
}
