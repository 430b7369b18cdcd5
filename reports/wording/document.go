package wording

import (
	"postage/rating"
	"postage/reports"
)

// Example is what stands on every page of a document made from the example tariff.
const Example = "Example: made from example price lists"

// Heading is the document in large type: "Invoice", "Draft credit note".
func Heading(d *reports.Document) string {
	title := Line(d.Type.Title())
	if d.Number != "" || title == "" {
		return title
	}
	return "Draft " + string(title[0]|0x20) + title[1:]
}

// Name is the document in two words: "Invoice INV-7", "Invoice, draft".
func Name(d *reports.Document) string {
	if d.Number == "" {
		return Line(d.Type.Title()) + ", draft"
	}
	return Line(d.Type.Title()) + " " + Line(d.Number)
}

// Fact is a label and what it says: a text, or a day that a format may write as
// one.
type Fact struct {
	Label, Text string
	On          rating.Date
}

// String is the value in words.
func (f Fact) String() string { return f.Text + Day(f.On) }

// Identity lists what identifies a document, in reading order, without what it
// lacks.
func Identity(d *reports.Document) []Fact {
	number := Line(d.Number)
	if number == "" {
		number = "None: this is a draft"
	}
	facts := []Fact{
		{Label: Line(d.Type.Title()) + " number", Text: number},
		{Label: "Issued on", On: d.IssuedOn},
		{Label: "Billing month", Text: Month(d.Month)},
		{Label: "Period", Text: Period(d.Month)},
		{Label: "Due on", On: d.DueOn},
		{Label: "Your reference", Text: Line(d.BuyerReference)},
	}
	if d.Preceding != nil {
		facts = append(facts, Fact{Label: "Corrects invoice", Text: Line(d.Preceding.Number)}, Fact{Label: "Invoice date", On: d.Preceding.IssuedOn})
	}
	facts = append(facts, Fact{Label: "Account", Text: Line(d.Customer.ID)})
	var kept []Fact
	for _, f := range facts {
		if f.String() != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// Particulars is what stands under the name of a party.
func Particulars(p reports.Party) []string {
	lines := Lines(p.Address)
	if len(lines) > 8 {
		lines = append(lines[:8], "…")
	}
	for _, f := range []Fact{{Text: p.Country}, {Label: "VAT number ", Text: p.VATNumber}, {Label: "Tax ID ", Text: p.TaxID}, {Label: "Peppol ID ", Text: p.PeppolID}, {Text: p.Email}} {
		if v := Line(f.Text); v != "" {
			lines = append(lines, f.Label+v)
		}
	}
	return lines
}

// TotalLabel is the question page one answers first.
func TotalLabel(d *reports.Document) string {
	switch {
	case d.Type == reports.CreditNote:
		return "Total credited to you"
	case d.Number == "":
		return "Total, draft"
	default:
		return "Total due"
	}
}

// TaxName names one row of the tax in the totals: "Tax, reverse charge 0%".
func TaxName(t reports.TaxTotal) string {
	name := map[string]string{
		"S": "Tax", "AE": "Tax, reverse charge", "O": "Outside the scope of tax", "Z": "Tax, zero rated", "E": "Exempt from tax",
	}[t.Treatment]
	if name == "" {
		name = Line("Tax " + t.Treatment)
	}
	if t.Treatment != "O" && t.Treatment != "E" {
		name += " " + Amount(t.RatePercent, 0) + "%"
	}
	return name
}

// Count is a number of messages and what they were.
type Count struct {
	Label string
	N     int64
}

// Counts lists the month's messages, all of them last, nothing when there were
// none. Rows that are usually nought appear only when they are not.
func Counts(c rating.Counts) []Count {
	if c.Messages == 0 {
		return nil
	}
	rows := []Count{
		{"Care messages, free", c.CareFree},
		{"Notifications, charged", c.NoticeCharged},
		{"Notifications, free", c.NoticeFree},
		{"Not delivered, free", c.NotDelivered},
	}
	for _, r := range []Count{
		{"Care messages, charged", c.CareCharged},
		{"Rejected, free", c.Rejected},
		{"Still in flight", c.Pending},
		{"Held until a price is known", c.Unrated},
	} {
		if r.N != 0 {
			rows = append(rows, r)
		}
	}
	return append(rows, Count{"All messages sent", c.Messages})
}

// TaxNotes is the wording each tax treatment requires, and the tax in the
// seller's currency.
func TaxNotes(d *reports.Document) (notes []string) {
	for _, t := range d.Taxes {
		if note := Line(t.Note); note != "" {
			notes = append(notes, note)
		}
	}
	if own := accounting(d.AccountingTax, d); own != "" {
		notes = append(notes, own)
	}
	return notes
}

// Notes is the small print: how the amounts came about.
func Notes(d *reports.Document) (notes []string) {
	if d.Type == reports.CreditNote {
		notes = append(notes, "Amounts on this credit note are owed to you.")
	}
	unit := Line(d.Currency)
	how := "Each amount is quantity times unit price, rounded once, half away from zero, to " + Whole(int64(d.Scale)) + " decimals of " + unit + "."
	if !d.ExactNet.Equal(d.Net) {
		how += " Before rounding line by line the net total is " + unit + " " + Amount(d.ExactNet, d.Scale) + "."
	}
	return append(notes, how)
}

// accounting says how the tax in the seller's own currency came about.
func accounting(t *reports.AccountingTax, d *reports.Document) string {
	if t == nil {
		return ""
	}
	scale := rating.MinorDigits(t.Currency)
	own := Line(t.Currency)
	s := "For tax purposes: net " + own + " " + Amount(t.Net, scale) + ", tax " + own + " " + Amount(t.Tax, scale) +
		", at " + own + " " + Amount(t.Rate, 0) + " for " + Line(d.Currency) + " 1, rate of " + Day(t.RateOn)
	if source := Line(t.Source); source != "" {
		s += " (" + source + ")"
	}
	return s + "."
}
