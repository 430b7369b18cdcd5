package closing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"postage/rating"
	"postage/reports"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// TestLateLaw: events come in any order, months are closed and closed again in any
// order, in some worlds accounts by themselves before the others or after; in others the tariff
// changes and prices of closed months are corrected. After each close
// every closed month, rated again as a whole under its own tariff, is what its
// documents add up to: so no month that an event could reach was passed over.
func TestLateLaw(t *testing.T) {
	seed, worlds := uint64(time.Now().UnixNano()), 12
	if s := os.Getenv("POSTAGE_TEST_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
		worlds = 1
	}
	starts := []rating.Month{{Year: 2019, Month: time.May}, {Year: 2023, Month: time.April}, {Year: 2024, Month: time.October}, {Year: 2025, Month: time.June}, {Year: 2026, Month: time.September}}
	seen := counts{}
	for i := range uint64(worlds) {
		t.Run(fmt.Sprintf("POSTAGE_TEST_SEED=%d", seed+i), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed+i, 0))
			live(newHouse(t), chance, starts[chance.IntN(len(starts))], &seen)
		})
	}
	t.Logf("documents: %+v", seen)
	if worlds > 1 && (seen.credits == 0 || seen.debits == 0) {
		t.Errorf("the worlds were too tame: %+v", seen)
	}
}

type counts struct{ credits, debits, lateInvoices, members, skipped int }

// live leads a world through three months and some more.
func live(w *house, chance *rand.Rand, first rating.Month, seen *counts) {
	months := []rating.Month{first, first.Next(), first.Next().Next()}
	coming := lateTraffic(chance, first.First().AddDays(-3).Midnight(time.UTC).Time(), 96, 260)
	w.use(lateTariff("v0", nil))
	version, oneTariff := 0, chance.IntN(2) == 0
	for len(coming) > 0 {
		n := min(len(coming), 1+chance.IntN(60))
		w.log.events = append(w.log.events, coming[:n]...)
		coming = coming[n:]
		switch what := chance.IntN(6); {
		case what < 2 && oneTariff:
			w.closeAlone(months[chance.IntN(3)], [][]string{{"acme", "brig"}, {"cove"}, {"dune"}}[chance.IntN(3)])
		case what == 0: // a new tariff: dearer, and a sender that belongs to another account
			version++
			w.use(lateTariff(fmt.Sprintf("v%d", version), func(rows *rating.TariffRows) {
				rows.Prices[0].UnitPrice = rows.Prices[0].UnitPrice.Add(decimal.New(int64(version), -3))
				rows.Senders[chance.IntN(4)].Account = "cove"
			}))
		case what == 1:
			w.correct(months[chance.IntN(3)])
		}
		if chance.IntN(2) == 0 {
			if reached, untouched, err := w.closer.reached(w.t.Context(), w.now()); err == nil && len(reached) > 0 {
				seen.skipped += len(untouched)
			}
			r := w.close(months[chance.IntN(3)])
			seen.count(r)
			w.check(seen)
		}
	}
	for _, m := range months {
		w.close(m)
	}
	w.check(seen)
	w.verify()
	for _, m := range months {
		if r := w.close(m); r.documents() != 0 {
			w.t.Errorf("closing %s again without anything new: %d documents", m, r.documents())
		}
	}
}

// verify recomputes every document ever issued. Rows are not kept here, so only their
// absence may be named.
func (w *house) verify() {
	w.t.Helper()
	v := &Verifier{
		Log: w.log, Books: w.closer.Books, Thaw: w.closer.Thaw, Logger: w.closer.Logger,
		LogFaults: func(context.Context, reports.Cutoff) ([]string, error) { return nil, nil },
		Projected: func(context.Context, string) (map[string]ProjectedTotal, error) { return nil, nil },
	}
	found, err := v.Verify(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range found.Differences {
		if d.Code != reports.ProjectionMissing {
			w.t.Errorf("verify: %s", d.String())
		}
	}
}

func (s *counts) count(r *Result) {
	for _, one := range append([]*Result{r}, r.Late...) {
		for i := range one.Documents {
			switch one.Documents[i].Type {
			case reports.CreditNote:
				s.credits++
			case reports.DebitNote:
				s.debits++
			case reports.Invoice:
				if one.Kind == reports.AdjustmentRun {
					s.lateInvoices++
				}
			}
		}
	}
}

// closeAlone closes some accounts of a month by themselves, or adjusts them when the month is closed.
func (w *house) closeAlone(m rating.Month, accounts []string) {
	w.t.Helper()
	versions, err := w.closer.Books.Versions(w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	closed, err := w.closer.Books.Month(w.t.Context(), m)
	if err != nil || closed == nil && versions[accounts[0]] > 0 {
		return // the rest of the month comes first
	}
	w.closer.Accounts = accounts
	defer func() { w.closer.Accounts = nil }()
	w.close(m)
}

// correct corrects a month under the tariff in force, when it is closed and under
// another; its documents are then what the log said when it was last compared.
func (w *house) correct(m rating.Month) {
	w.t.Helper()
	terms, err := w.closer.Books.Terms(w.t.Context(), m)
	if err != nil || terms[0].Tariff == w.closer.Tariff.Rows.Version {
		return // open, or its tariff already
	}
	if _, err := w.closer.Correct(w.t.Context(), m, Correction{Reason: "a test", By: "tester"}, false); err != nil {
		w.t.Fatalf("correction of %s: %v", m, err)
	}
	cutoff, err := w.closer.Books.Reviewed(w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	w.checkMonth(m, cutoff, &counts{})
}

// check holds all closed months against the log as it is.
func (w *house) check(seen *counts) {
	w.t.Helper()
	closed, err := w.closer.Books.Closed(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	reached, _, err := w.closer.reached(w.t.Context(), w.now())
	if err != nil || len(reached) > 0 {
		w.t.Errorf("months still to be looked at after a close: %v, %v", reached, err)
	}
	cutoff := w.now()
	for _, look := range closed {
		w.checkMonth(look.Month, cutoff, seen)
	}
}

// checkMonth rates a closed month as a whole and compares it with its documents.
func (w *house) checkMonth(m rating.Month, cutoff reports.Cutoff, seen *counts) {
	w.t.Helper()
	terms, err := w.closer.Books.Terms(w.t.Context(), m)
	if err != nil || len(terms) != 1 {
		w.t.Fatalf("terms of %s: %v, %v", m, terms, err)
	}
	tariff := w.tariffs[terms[0].Tariff]
	rated, err := rateMonth(w.t.Context(), w.log, tariff, reports.Run{Month: m, Cutoff: cutoff}, monthOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	billed, err := w.closer.billed(w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	pool := func(account string) string {
		if account == "acme" || account == "brig" {
			return "north"
		}
		return account
	}
	due, issued := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, s := range rated.Statements {
		due[pool(s.Account)] = due[pool(s.Account)].Add(s.Billed)
	}
	for i := range billed.Statements {
		s := &billed.Statements[i]
		issued[pool(s.Account)] = issued[pool(s.Account)].Add(s.Billed)
		for _, l := range s.Lines {
			if l.Member != "" {
				seen.members++
			}
		}
		w.checkLines(s, billed.Documents)
	}
	for _, account := range []string{"north", "cove", "dune"} {
		if !due[account].Equal(issued[account]) {
			w.t.Errorf("%s of %s under %s up to %v: billed %s, rated %s", account, m, terms[0].Tariff, cutoff, issued[account], due[account])
		}
	}
}

// checkLines: the documents of an account add up to its statement, line by line.
func (w *house) checkLines(s *rating.Statement, documents []reports.Document) {
	w.t.Helper()
	sum := map[string]decimal.Decimal{}
	add := func(key string, v decimal.Decimal) {
		if sum[key] = sum[key].Add(v); sum[key].IsZero() {
			delete(sum, key)
		}
	}
	for i := range documents {
		d := &documents[i]
		if d.Customer.ID != s.Account {
			continue
		}
		sign := decimal.NewFromInt(1)
		if d.Type == reports.CreditNote {
			sign = sign.Neg()
		}
		if d.Net.IsNegative() || d.Type != reports.Invoice && (d.Preceding == nil || !d.Net.IsPositive()) {
			w.t.Errorf("%s: %s of %s, preceding %v", d.Number, d.Type, d.Net, d.Preceding)
		}
		for _, l := range d.Lines {
			add(fmt.Sprint(l.Kind, l.Regime, l.Market, l.Category, l.Tier, l.UnitPrice), l.Billed.Mul(sign))
		}
	}
	for _, l := range s.Lines {
		add(fmt.Sprint(l.Kind, l.Regime, l.Market, l.Category, l.Tier, l.UnitPrice), l.Billed.Neg())
	}
	if len(sum) > 0 {
		w.t.Errorf("%s of %s: documents less statement: %v", s.Account, s.Month, sum)
	}
}
