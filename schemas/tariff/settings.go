package tariff

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// settings are the ones whose values are known here. A setting that another
// package reads is passed on as written; only a slip of one of these is refused.
var settings = []string{authority, authInternationalFrom, closeApproval, variancePercent, varianceMinimum}

const (
	authority             = "authority"               // rules | carrier
	authInternationalFrom = "auth_international_from" // a date, or an instant in RFC 3339
	closeApproval         = "close_approval"          // required | none
	variancePercent       = "variance_percent"        // a difference to the month before that a reviewer is shown
	varianceMinimum       = "variance_minimum"        // and its smallest amount, in the account's currency
)

func (l *line) settingName() string {
	v := l.name("setting", false)
	if v == "" || slices.Contains(settings, v) {
		return v
	}
	if like := slipOf(v, settings); like != "" {
		l.wrong("setting", v, "no setting is called that", "write "+like)
	}
	return v
}

func (l *line) settingValue() string {
	switch l.cells[l.head.at["setting"]] {
	case authority:
		return l.oneOf("value", "rules", "carrier")
	case closeApproval:
		return l.oneOf("value", "required", "none")
	case variancePercent, varianceMinimum:
		return l.decimal("value", zeroOrMore).String()
	case authInternationalFrom:
		v := l.text("value")
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return v
		}
		return l.date("value").String()
	default:
		return l.text("value")
	}
}

// percent reads a markup: any percentage, a discount being negative, but
// nothing that would turn a price into a gift or less.
func (l *line) percent(column string) decimal.Decimal {
	d := l.decimal(column, anyAmount)
	if d.LessThanOrEqual(decimal.NewFromInt(-100)) {
		l.wrong(column, d.String(), "takes away the whole price", "write a discount of less than 100, such as -5")
		return decimal.Decimal{}
	}
	return d
}

// categories are the ones known to the rules, the carrier and its webhooks.
var categories = strings.Fields(`
	marketing utility authentication authentication_international service marketing_lite
	notification business_initiated user_initiated referral_conversion
	group_marketing group_utility group_service general_purpose_ai
	ACCOUNT_UPDATE ALERT_UPDATE APPOINTMENT_UPDATE AUTO_REPLY ISSUE_RESOLUTION PAYMENT_UPDATE PERSONAL_FINANCE_UPDATE
	RESERVATION_UPDATE SHIPPING_UPDATE TICKET_UPDATE TRANSPORTATION_UPDATE`)
