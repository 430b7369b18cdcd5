package main

import (
	"bytes"
	"encoding/json"
	"postage/rating"
	"testing"

	"github.com/shopspring/decimal"
)

// TestLineIsJSON: the hand-written encoder says what encoding/json would.
func TestLineIsJSON(t *testing.T) {
	rate := &rating.Rate{PriceRow: "prices \"2\".csv:17", Currency: "EUR", UnitPrice: decimal.RequireFromString("0.05"), ListPrice: decimal.RequireFromString("0.0500")}
	awkward := "a\"b\\c\u2028<&>\x01\xff \u00e9\U0001f600"
	for i, m := range []rating.Message{
		{Class: rating.Care, Verdict: rating.Verdict{Outcome: rating.Free, Reason: rating.Allowance, Regime: rating.NBP}},
		{
			MessageID: awkward, Account: awkward, Sender: awkward, User: awkward, Market: awkward, SentAt: 1_790_000_000_123, DeliveredAt: 253_402_300_799_999,
			Class: rating.Notification, Flags: rating.AccountDisagrees | rating.DuplicateDiffers, Month: rating.Month{Year: 2026, Month: 9},
			Verdict: rating.Verdict{Outcome: rating.Charged, Reason: rating.TemplateRegular, Regime: rating.PMP2, Category: awkward, Tier: 12, Rate: rate},
			Cost:    rating.Verdict{Outcome: rating.Charged, Reason: rating.TemplateRegular, Tier: 1, Rate: rate},
			Claim:   rating.Claim{Billable: rating.BillableNo, Model: awkward, Type: awkward, Category: awkward},
		},
		{Class: rating.Care, SentAt: 1, Flags: 1 << 7, Claim: rating.Claim{Billable: rating.BillableYes}, Cost: rating.Verdict{Outcome: rating.Unrated, Reason: rating.NoPrice}, Verdict: rating.Verdict{Outcome: rating.Pending, Reason: rating.InFlight, Regime: rating.CBP2}},
	} {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(newRatedLine(&m, "sha256:1")); err != nil {
			t.Fatal(err)
		}
		if d := firstDifference(newLineEncoder("sha256:1").append(nil, &m), want.Bytes()); d != "" {
			t.Errorf("message %d: %s", i, d)
		}
	}
}
