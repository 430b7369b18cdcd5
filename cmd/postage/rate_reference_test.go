package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"postage/rating"
	"postage/schemas/events"
	"slices"
	"strings"
	"testing"
)

// eventReader gathers conversations in memory: `postage rate` without its sorting
// and its goroutines, to compare with.
type eventReader struct {
	decoder *events.Decoder
	byTalk  map[talk][]rating.Event
}

func newEventReader(t *rating.Tariff) *eventReader {
	return &eventReader{decoder: newDecoder(t), byTalk: map[talk][]rating.Event{}}
}

// conversations yields what was read, one conversation at a time.
func (r *eventReader) conversations() iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		for _, events := range r.byTalk {
			if !yield(events, nil) {
				return
			}
		}
	}
}

// referenceRate is what `postage rate` must print for a file.
func referenceRate(t *testing.T, tariff *rating.Tariff, file []byte) []byte {
	t.Helper()
	in := newEventReader(tariff)
	for line := range bytes.Lines(file) {
		items, _ := in.decoder.Decode(nil, line, 0)
		for _, it := range items {
			k := talk{it.Event.Sender, it.Event.User}
			in.byTalk[k] = append(in.byTalk[k], it.Event)
		}
	}
	rated, err := rating.Evaluate(tariff, in.conversations(), nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rated.Messages, func(a, b *rating.Message) int {
		return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
	})
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	for _, m := range rated.Messages {
		if err := lines.Encode(newRatedLine(m, tariff.Rows.Version)); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// newRatedLine says in one place what stands on a line.
func newRatedLine(m *rating.Message, tariff string) ratedLine {
	l := ratedLine{
		MessageID: m.MessageID, Account: m.Account, Sender: m.Sender, User: m.User,
		SentAt: m.SentAt.String(), DeliveredAt: m.DeliveredAt.String(),
		Class: m.Class.String(), Outcome: m.Outcome.String(), Reason: m.Reason.String(), Flags: m.Flags.Names(),
		Regime: m.Regime.String(), Category: m.Category, Market: m.Market, Month: m.Month.String(), Tariff: tariff,
		CarrierModel: m.Claim.Model, CarrierType: m.Claim.Type, CarrierCategory: m.Claim.Category,
	}
	if m.Claim.Billable != rating.BillableUnsaid {
		billable := m.Claim.Billable == rating.BillableYes
		l.CarrierBillable = &billable
	}
	if m.Rate != nil {
		l.Tier, l.Currency, l.PriceRow = m.Tier, m.Rate.Currency, m.Rate.PriceRow
		l.UnitPrice = m.Rate.FormatUnitPrice()
		l.Price = l.UnitPrice
	}
	if m.Cost.Outcome != 0 {
		l.CostOutcome, l.CostReason = m.Cost.Outcome.String(), m.Cost.Reason.String()
	}
	if m.Cost.Rate != nil {
		l.CostTier, l.CostCurrency, l.CostRow = m.Cost.Tier, m.Cost.Rate.Currency, m.Cost.Rate.PriceRow
		l.UnitCost = m.Cost.Rate.FormatUnitPrice()
		l.Cost = l.UnitCost
	}
	return l
}
