package closing

import (
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"slices"
	"strings"
	"testing"
	"time"
)

var october = rating.Month{Year: 2026, Month: time.October}

// use of a sender: n notifications on a day of October, delivered.
func (w *house) sends(sender, account string, day, n int) {
	for i := range n {
		at := october.First().AddDays(day-1).Midnight(time.UTC) + 9*rating.Hour + rating.Instant(i)
		e := rating.Event{Type: rating.Sent, Kind: rating.Template, Category: "marketing", At: at, MessageID: fmt.Sprintf("m%d-%d-%s", day, i, account), Sender: sender, User: "+447700900001", Account: account}
		w.log.events = append(w.log.events, e)
		e.Type = rating.Delivered
		w.log.events = append(w.log.events, e)
	}
}

// alone closes accounts by themselves.
func (w *house) alone(accounts ...string) *Result {
	w.t.Helper()
	w.closer.Accounts = accounts
	defer func() { w.closer.Accounts = nil }()
	return w.close(october)
}

// shown is what a result has for each account, in order.
func shown(r *Result) (all []string) {
	for _, one := range append([]*Result{r}, r.Late...) {
		for i := range one.Documents {
			d := &one.Documents[i]
			all = append(all, fmt.Sprintf("%s %s %s %s", d.Month, d.Type, d.Customer.ID, d.Net))
		}
	}
	return all
}

func (w *house) wants(what string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// TestLateUsageOfAccountsClosedEarly comes with the close of the others, for its own reason, under its
// own tariff; a correction has no part in it.
func TestLateUsageOfAccountsClosedEarly(t *testing.T) {
	w := newHouse(t)
	w.use(lateTariff("v0", nil))
	w.sends(senderOf(0), "", 5, 2) // acme; brig, of the same pool, has nothing yet
	w.wants("acme and brig alone", shown(w.alone("acme", "brig")), "2026-10 invoice acme 0.11")

	w.sends(senderOf(0), "", 6, 1)
	w.sends(senderOf(1), "", 6, 1)
	w.sends(senderOf(2), "", 6, 1) // cove
	w.use(lateTariff("v1", func(rows *rating.TariffRows) { rows.Prices[0].UnitPrice = d("0.07") }))
	r := w.close(october)
	w.wants("the others, and what came late of acme", shown(r), "2026-10 invoice cove 7", "2026-10 invoice dune 0.5", "2026-10 debit_note acme 0.05", "2026-10 invoice brig 0.05")
	if got := r.Late[0].Documents[0].Reason; got != reports.LateUsage(october) {
		t.Errorf("reason of the note: %q", got)
	}
	if r := w.close(october.Next()); len(r.Late) > 0 {
		t.Errorf("the next close: %q; all of October has been compared", shown(r))
	}
	w.correctIs("0.08", "2026-10 debit_note acme 0.08", "2026-10 debit_note brig 0.03")
	w.verify()
}

// correctIs corrects the price of October's first tier; notes are compared as far as they are written out.
func (w *house) correctIs(price string, want ...string) {
	w.t.Helper()
	w.use(lateTariff("v"+price, func(rows *rating.TariffRows) { rows.Prices[0].UnitPrice = d(price) }))
	r, err := w.closer.Correct(w.t.Context(), october, Correction{Reason: "a test", By: "tester"}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.wants("correction to "+price, shown(r), want...)
}

// TestCorrectionWaitsForTheWholeMonth: where the documents of some accounts speak of later events than
// those of the rest, there is no common state that prices could be corrected in.
func TestCorrectionWaitsForTheWholeMonth(t *testing.T) {
	w := newHouse(t)
	w.use(lateTariff("v0", nil))
	w.sends(senderOf(0), "", 5, 2)
	w.sends(senderOf(1), "", 5, 1)
	w.close(october)
	w.sends(senderOf(0), "", 6, 4)
	w.wants("acme and brig adjusted alone", shown(w.alone("acme", "brig")), "2026-10 debit_note acme 0.16")
	w.use(lateTariff("v1", func(rows *rating.TariffRows) { rows.Prices[0].UnitPrice = d("0.08") }))
	if _, err := w.closer.Correct(t.Context(), october, Correction{Reason: "a test", By: "tester"}, false); !errors.Is(err, books.ErrApart) {
		t.Errorf("a correction meanwhile: got %v, want ErrApart", err)
	}
	w.close(october)
	w.correctIs("0.08", "2026-10 debit_note acme 0.11", "2026-10 debit_note brig 0.03")
	w.verify()
}

// TestSharedByEvents: accounts that share a sender only by what its events name are closed together.
func TestSharedByEvents(t *testing.T) {
	w := newHouse(t)
	w.use(lateTariff("v0", nil))
	w.sends("+442079469999", "cove", 5, 1)
	w.sends("+442079469999", "dune", 5, 1)
	w.closer.Accounts = []string{"cove"}
	if r, err := w.closer.Close(t.Context(), october); err == nil || !strings.Contains(err.Error(), "--account cove --account dune") {
		t.Errorf("cove alone: got %v, %v; want a refusal that names dune", r, err)
	}
	w.wants("both", shown(w.alone("cove", "dune")), "2026-10 invoice cove 7", "2026-10 invoice dune 0.5")
}

// TestTotalStands: usage below the minimum moves lines and no total; a reviewer is told, once.
func TestTotalStands(t *testing.T) {
	w := newHouse(t)
	w.use(lateTariff("v0", nil))
	w.sends(senderOf(3), "", 5, 2)
	w.close(october)
	w.sends(senderOf(3), "", 6, 1)
	code := func(r *Result) (found []string) {
		for _, e := range r.Exceptions {
			if e.Code == "total_stands" {
				found = append(found, e.String())
			}
		}
		return found
	}
	r := w.close(october.Next())
	found := code(r)
	if len(found) != 1 || !strings.Contains(found[0], "dune") || !strings.Contains(found[0], "minimum_spend") || len(shown(r)) != len(r.Documents) {
		t.Errorf("exceptions %q, documents %q; want one of dune that names its lines, and no note", found, shown(r))
	}
	if found := code(w.close(october.Next())); found != nil {
		t.Errorf("a second time: %q", found)
	}
}

// TestAccrualOfLateUsage: what the next close will bill of closed accounts and months is accrued with the
// month in which it is known, and no more once it is billed.
func TestAccrualOfLateUsage(t *testing.T) {
	w := newHouse(t)
	w.use(lateTariff("v0", nil))
	accrued := func(m rating.Month) (all []string) {
		a, err := w.closer.Accrue(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range a.Batches {
			for _, p := range b.Postings {
				if p.LineKind == "" && b.Kind == reports.AccrualBatch {
					all = append(all, fmt.Sprintf("%s on %s: %s %s", b.Month, b.PostedOn, p.Customer, p.Debit.Sub(p.Credit)))
				}
			}
		}
		return all
	}
	w.sends(senderOf(0), "", 5, 2)
	w.wants("open", accrued(october), "2026-10 on 2026-10-31: acme 0.11", "2026-10 on 2026-10-31: cove 7", "2026-10 on 2026-10-31: dune 0.5")
	w.alone("acme", "brig")
	w.sends(senderOf(0), "", 6, 1)
	w.wants("closed in part", accrued(october), "2026-10 on 2026-10-31: cove 7", "2026-10 on 2026-10-31: dune 0.5", "2026-10 on 2026-10-31: acme 0.05")
	w.close(october)
	w.wants("closed", accrued(october))
	w.sends(senderOf(0), "", 7, 2)
	w.use(lateTariff("v1", func(rows *rating.TariffRows) { rows.Prices[0].UnitPrice = d("0.9") }))
	w.wants("late, seen from October", accrued(october), "2026-10 on 2026-10-31: acme 0.1")
	w.wants("late, seen from November", accrued(october.Next()), "2026-11 on 2026-11-30: cove 7", "2026-11 on 2026-11-30: dune 0.5", "2026-10 on 2026-11-30: acme 0.1")
	w.wants("late, seen from September", accrued(rating.Month{Year: 2026, Month: time.September}), "2026-09 on 2026-09-30: cove 7", "2026-09 on 2026-09-30: dune 0.5")
	w.close(october)
	w.wants("billed", accrued(october))
}
