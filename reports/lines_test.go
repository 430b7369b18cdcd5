package reports_test

import (
	"postage/rating"
	"postage/reports"
	"strings"
	"testing"
)

// TestLinesInWords: what a payer reads on an invoice.
func TestLinesInWords(t *testing.T) {
	line := func(kind rating.LineKind, regime, category, market, reason string, tier int, from int64, detail string) rating.Line {
		return rating.Line{Kind: kind, Regime: regime, Category: category, Market: market, Reason: reason, Tier: tier, From: from, Detail: detail, Quantity: 1}
	}
	all := []rating.Line{
		line(rating.MonthlyFeeLine, "", "", "", "", 0, 0, "basic, 31 of 31 days"),
		line(rating.SenderFeeLine, "", "", "", "", 0, 0, "+442079460001, 10 of 31 days"),
		line(rating.CareFeeLine, "", "", "", "", 0, 0, "basic"),
		line(rating.UsageLine, "PMP2", "utility", "India", "template_regular", 1, 1, ""),
		line(rating.UsageLine, "PMP2", "utility", "India", "template_regular", 2, 100001, ""),
		line(rating.UsageLine, "PMP2", "service", "Brazil", "service_regular", 1, 1, ""),
		line(rating.UsageLine, "CBP1", "business_initiated", "", "opens_conversation", 1, 1, ""),
		line(rating.AllowanceLine, "PMP2", "authentication", "India", "allowance", 0, 0, ""),
		line(rating.MinimumSpendLine, "", "", "", "", 0, 0, "minimum spend 500"),
		line(rating.AdjustmentLine, "", "", "", "", 0, 0, "Goodwill"),
	}
	words := func(c *reports.Composer, s *rating.Statement) []string {
		doc, err := c.Invoice(s)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, l := range doc.Lines {
			said = append(said, l.Description)
		}
		return said
	}
	c := taxed(t, customer("GB", "business", "GBP"))
	s := owing("GBP")
	s.Lines = all
	want := []string{
		"Monthly fee, package basic, 31 of 31 days",
		"Sender fee, number +442079460001, 10 of 31 days",
		"Fee per care message, package basic",
		"Utility notifications to India, rules of October 2026",
		"Utility notifications to India, tier 2 (from 100,001), rules of October 2026",
		"Service messages to Brazil, rules of October 2026",
		"Business-initiated conversations, rules of February 2022",
		"Authentication notifications to India, included in the package, rules of October 2026",
		"Difference to the minimum spend 500",
		"Goodwill",
	}
	if got := words(c, s); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("a month that spans two regimes:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	s.Lines = all[3:6]
	if got := words(c, s); strings.Contains(strings.Join(got, "\n"), "rules") {
		t.Errorf("one regime: it is named all the same:\n%s", strings.Join(got, "\n"))
	}

	// A note names the regime where its invoice does, though it has lines of one only.
	before, now := owing("GBP", "1", "2"), owing("GBP", "1", "3")
	before.Lines[0].Regime, now.Lines[0].Regime = "PMP1", "PMP1"
	invoice, err := c.Invoice(before)
	if err != nil {
		t.Fatal(err)
	}
	note, err := c.Adjustment(before, now, invoice, reports.LateUsage(now.Month))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := note.Lines[0].Description, "Reversal: "+invoice.Lines[1].Description; got != want || !strings.Contains(got, "rules of October 2026") {
		t.Errorf("note: %q, want %q", got, want)
	}
}
