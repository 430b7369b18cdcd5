package pdf

import (
	"fmt"
	"postage/rating"
	"postage/reports"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// amount writes d with exactly places decimals and commas between thousands. It
// never rounds away a digit: a finer d is written in full.
func amount(d decimal.Decimal, places int32) string {
	s := d.Abs().StringFixed(max(places, precision(d)))
	whole, fraction, hasFraction := strings.Cut(s, ".")
	s = thousands(whole)
	if hasFraction {
		s += "." + fraction
	}
	if d.IsNegative() {
		s = "-" + s
	}
	return s
}

// precision is the number of decimals that d needs.
func precision(d decimal.Decimal) int32 {
	s := d.String() // without trailing zeros after the point
	_, fraction, _ := strings.Cut(s, ".")
	return int32(len(strings.TrimRight(fraction, "0")))
}

func whole(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "-" + thousands(s[1:])
	}
	return thousands(s)
}

func thousands(digits string) string {
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// day writes a date so that no reader can take the month for the day.
func day(d rating.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %04d", d.Day, d.Month, d.Year)
}

func month(m rating.Month) string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s %04d", m.Month, m.Year)
}

func period(m rating.Month) string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d to %s", m.First().Day, day(m.Last()))
}

// taxLabel names one row of the tax in the totals.
func taxLabel(t reports.TaxTotal, d *reports.Document) string {
	name := map[string]string{
		"S": "Tax", "AE": "Tax, reverse charge", "O": "Outside the scope of tax", "Z": "Tax, zero rated", "E": "Exempt from tax",
	}[t.Treatment]
	if name == "" {
		name = clean("Tax " + t.Treatment)
	}
	if t.Treatment != "O" && t.Treatment != "E" {
		name += " " + amount(t.RatePercent, 0) + "%"
	}
	return name + " on " + amount(t.Base, d.Scale)
}

// fact is a label and what it says.
type fact struct{ label, value string }

// identity lists what identifies the document, in reading order.
func identity(d *reports.Document) []fact {
	number := clean(d.Number)
	if number == "" {
		number = "None: this is a draft"
	}
	facts := []fact{
		{clean(d.Type.Title()) + " number", number},
		{"Issued on", day(d.IssuedOn)},
		{"Billing month", month(d.Month)},
		{"Period", period(d.Month)},
		{"Due on", day(d.DueOn)},
		{"Your reference", clean(d.BuyerReference)},
	}
	if d.Preceding != nil {
		facts = append(facts, fact{"Corrects invoice", clean(d.Preceding.Number)}, fact{"Invoice date", day(d.Preceding.IssuedOn)})
	}
	return append(facts, fact{"Reason", clean(d.Reason)}, fact{"Account", clean(d.Customer.ID)})
}

// totalLabel is the question page one answers first.
func totalLabel(d *reports.Document) string {
	switch {
	case d.Type == reports.CreditNote:
		return "Total credited to you"
	case d.Number == "":
		return "Total, draft"
	default:
		return "Total due"
	}
}

// countRows lists the month's messages for the box beside the totals. Rows that
// are usually nought appear only when they are not.
func countRows(c rating.Counts) []fact {
	rows := []fact{
		{"Care messages, free", whole(c.CareFree)},
		{"Notifications, charged", whole(c.NoticeCharged)},
		{"Notifications, free", whole(c.NoticeFree)},
		{"Not delivered, free", whole(c.NotDelivered)},
	}
	for _, r := range []struct {
		name string
		n    int64
	}{
		{"Care messages, charged", c.CareCharged},
		{"Rejected, free", c.Rejected},
		{"Still in flight", c.Pending},
		{"Held until a price is known", c.Unrated},
	} {
		if r.n != 0 {
			rows = append(rows, fact{r.name, whole(r.n)})
		}
	}
	return append(rows, fact{"All messages sent", whole(c.Messages)})
}
