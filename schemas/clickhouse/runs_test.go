package clickhouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"postage/reports"
	"reflect"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
)

var october = rating.Month{Year: 2026, Month: 10}

func testRun(id string, kind reports.RunKind) reports.Run {
	return reports.Run{ID: id, Month: october, Kind: kind, Cutoff: reports.Cutoff{{Topic: topic, Offset: 5}}, Tariff: "sha256:aa"}
}

// charged is a message charged at a price.
func charged(i int, account string, price string) rating.Message {
	return rating.Message{
		MessageID: fmt.Sprintf("m%d", i), Sender: "+442079460000", User: "+447700900123", Account: account,
		Kind: rating.Template, SentAt: 1_790_812_800_000, DeliveredAt: 1_790_812_801_000, Class: rating.Notification, Market: "GB", Month: october,
		Verdict: rating.Verdict{
			Regime: rating.PMP2, Outcome: rating.Charged, Reason: rating.TemplateRegular, Category: "utility", Tier: 1,
			Rate: &rating.Rate{PriceRow: "prices.csv:2", PriceList: "std", FromVolume: 1, Tier: 1, UnitPrice: decimal.RequireFromString(price), Currency: "GBP"},
		},
	}
}

func writeRun(t testing.TB, s *Store, r reports.Run, messages []rating.Message, statements ...*rating.Statement) {
	t.Helper()
	w, err := s.BeginRun(t.Context(), r)
	if err != nil {
		t.Fatalf("BeginRun: %v", err)
	}
	if err := w.WriteMessages(t.Context(), messages); err != nil {
		t.Fatalf("WriteMessages: %v", err)
	}
	for _, st := range statements {
		if err := w.WriteStatement(t.Context(), st); err != nil {
			t.Fatalf("WriteStatement: %v", err)
		}
	}
	if err := w.Finish(t.Context()); err != nil {
		t.Fatalf("Finish: %v", err)
	}
}

// TestRunIsVisibleWhenFinished: not before, whole afterwards, and replaced as a whole.
func TestRunIsVisibleWhenFinished(t *testing.T) {
	s := open(t)
	visible := func() string {
		t.Helper()
		return rowsOf(t, s, "SELECT run, toString(count()), toString(min(price)) FROM v_charges GROUP BY run ORDER BY run")
	}
	w, err := s.BeginRun(t.Context(), testRun("r1", reports.DraftRun))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteMessages(t.Context(), []rating.Message{charged(1, "acme", "0.05")}); err != nil {
		t.Fatal(err)
	}
	if err := w.(*runWriter).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := visible(); got != "" {
		t.Errorf("before Finish: got %q, want nothing", got)
	}
	// A second attempt removes what this one left behind.
	writeRun(t, s, testRun("r1", reports.DraftRun), []rating.Message{charged(1, "acme", "0.05"), charged(2, "acme", "0.05")})
	if got, want := visible(), "r1\t2\t0.05"; got != want {
		t.Errorf("after Finish: got %q, want %q", got, want)
	}
	if err := w.Finish(t.Context()); !errors.Is(err, ErrRunReplaced) {
		t.Errorf("Finish of the replaced attempt: got %v, want ErrRunReplaced", err)
	}
	if got, want := visible(), "r1\t2\t0.05"; got != want {
		t.Errorf("after the replaced attempt: got %q, want %q", got, want)
	}
	// The same run again, while the first stays visible.
	again, err := s.BeginRun(t.Context(), testRun("r1", reports.DraftRun))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.WriteMessages(t.Context(), []rating.Message{charged(3, "acme", "0.07")}); err != nil {
		t.Fatal(err)
	}
	if got, want := visible(), "r1\t2\t0.05"; got != want {
		t.Errorf("while it is written again: got %q, want %q", got, want)
	}
	if err := again.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := visible(), "r1\t1\t0.07"; got != want {
		t.Errorf("written again: got %q, want %q", got, want)
	}
	if got, want := rowsOf(t, s, "SELECT toString(count()) FROM charges"), "1"; got != want {
		t.Errorf("rows left in charges: got %s, want %s", got, want)
	}
}

// TestViewsShowTheLatestRun of each month and kind.
func TestViewsShowTheLatestRun(t *testing.T) {
	s := open(t)
	writeRun(t, s, testRun("draft1", reports.DraftRun), []rating.Message{charged(1, "acme", "0.05")})
	writeRun(t, s, testRun("draft2", reports.DraftRun), []rating.Message{charged(1, "acme", "0.05")})
	writeRun(t, s, testRun("final1", reports.FinalRun), []rating.Message{charged(1, "acme", "0.05")})
	got := rowsOf(t, s, "SELECT run, kind, month, toString(messages), toString(charges), toString(latest) FROM v_runs ORDER BY run")
	want := "draft1\tdraft\t2026-10\t1\t1\t0\ndraft2\tdraft\t2026-10\t1\t1\t1\nfinal1\tfinal\t2026-10\t1\t1\t1"
	if got != want {
		t.Errorf("v_runs: got\n%s\nwant\n%s", got, want)
	}
	for _, view := range []string{"v_messages", "v_charges"} {
		if got, want := rowsOf(t, s, "SELECT run FROM "+view+" ORDER BY run"), "draft2\nfinal1"; got != want {
			t.Errorf("%s: got %q, want %q", view, got, want)
		}
	}
	outcomes, err := s.Outcomes(t.Context(), "draft1")
	if want := []OutcomeCount{{"acme", "notification", "charged", "template_regular", 1}}; err != nil || !slices.Equal(outcomes, want) {
		t.Errorf("Outcomes of an older run: got %v, %v; want %v", outcomes, err, want)
	}
	if outcomes, err := s.Outcomes(t.Context(), "unknown"); err != nil || len(outcomes) != 0 {
		t.Errorf("Outcomes of no run: got %v, %v; want none", outcomes, err)
	}
}

// TestMessageFieldsSurvive compares a message with what SQL shows of it.
func TestMessageFieldsSurvive(t *testing.T) {
	s := open(t)
	m := charged(1, "acme", "0.0123456789")
	m.UserCountry, m.Template, m.Failed, m.Window = "GB", "order\tshipped", true, 1_790_812_700_001
	m.Flags = rating.AccountDisagrees | rating.DuplicateDiffers
	m.Claim = rating.Claim{Billable: rating.BillableNo, Model: "PMP", Type: "regular", Category: "authentication-international"}
	m.Error = rating.CarrierError{Code: -5, Title: "no"}
	m.Position = 7
	m.Cost = rating.Verdict{
		Regime: rating.CBP2, Outcome: rating.Charged, Reason: rating.OpensConversation, Category: "marketing", Tier: 3, Position: 1 << 40,
		Rate: &rating.Rate{PriceRow: "prices.csv:9", UnitPrice: decimal.RequireFromString("0.000000000000000001"), Currency: "USD"},
	}
	pending := rating.Message{MessageID: "p", SentAt: 1_790_812_800_000, Verdict: rating.Verdict{Outcome: rating.Pending, Reason: rating.InFlight}}
	writeRun(t, s, testRun("r", reports.DraftRun), []rating.Message{m, pending})
	got := rowsOf(t, s, "SELECT formatRowNoNewline('JSONCompactEachRow', * EXCEPT (run, run_month, run_kind)) FROM v_messages ORDER BY message_id")
	want := `["acme", "m1", "+442079460000", "+447700900123", "GB", "order\tshipped", "template", "2026-10-01 00:00:00.000", "2026-10-01 00:00:01.000", true, "PMP2", "notification", "charged", "template_regular", ["account_disagrees","duplicate_differs"], "utility", "GB", "2026-10", "2026-09-30 23:58:20.001", "no", "PMP", "regular", "authentication-international", -5, "no", 1, "prices.csv:2", 7, "CBP2", "charged", "opens_conversation", "marketing", 3, 1099511627776, "prices.csv:9", 0.000000000000000001, "USD"]
["", "p", "", "", "", "", "", "2026-10-01 00:00:00.000", null, false, "", "", "pending", "in_flight", [], "", "", "", null, "unsaid", "", "", "", 0, "", 0, "", 0, "", "", "", "", 0, 0, "", null, ""]`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTotalsAgree: for random prices, quantities and currencies the totals that SQL computes
// from single charges equal those of the statement, half-way cases included.
func TestTotalsAgree(t *testing.T) {
	s := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var messages []rating.Message
	var statements []*rating.Statement
	for a := range 30 {
		scale := []int32{0, 2, 3}[a%3]
		st := &rating.Statement{Account: fmt.Sprintf("account%02d", a), Month: october, Currency: "GBP", Scale: scale}
		for l := range 1 + r.IntN(8) {
			line := rating.Line{Kind: rating.UsageLine, Regime: "PMP2", Market: fmt.Sprintf("M%d", l), Category: "utility", Reason: "template_regular", Tier: 1, From: 1, PriceRow: "prices.csv:2"}
			line.Quantity = int64(1 + r.IntN(30))
			line.UnitPrice = decimal.New(r.Int64N(1_000_000), -int32(r.IntN(8)))
			if r.IntN(2) == 0 { // exactly half of a minor unit for one, and for every odd number
				line.Quantity = line.Quantity | 1
				line.UnitPrice = decimal.New(10*r.Int64N(100)+5, -scale-1)
			}
			for range line.Quantity {
				m := charged(len(messages), st.Account, line.UnitPrice.String())
				m.Market = line.Market
				messages = append(messages, m)
			}
			st.Lines = append(st.Lines, line)
		}
		for _, fee := range []decimal.Decimal{decimal.New(-5, -scale-1), decimal.New(r.Int64N(1e9), -9)} {
			st.Lines = append(st.Lines, rating.Line{Kind: rating.AdjustmentLine, Quantity: 1, UnitPrice: fee})
		}
		sumUp(st)
		statements = append(statements, st)
	}
	writeRun(t, s, testRun("r", reports.FinalRun), messages, statements...)
	totals, err := s.StatementTotals(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	if len(totals) != len(statements) {
		t.Fatalf("accounts: got %d, want %d", len(totals), len(statements))
	}
	for i, got := range totals {
		want := statements[i]
		if got.Account != want.Account || !got.Exact.Equal(want.Exact) || !got.Billed.Equal(want.Billed) ||
			!got.FromLines.Equal(want.Billed) || !got.FromCharges.Equal(want.Billed) || !got.Agrees {
			t.Errorf("account %s: got %+v, want exact %s and billed %s everywhere", want.Account, got, want.Exact, want.Billed)
		}
	}
	if got := rowsOf(t, s, "SELECT a.account FROM v_account_month AS a INNER JOIN v_statements AS s ON a.account = s.account WHERE a.revenue != s.billed_total OR a.usage_exact + a.fees_exact != s.exact_total"); got != "" {
		t.Errorf("v_account_month differs from v_statements for %q", got)
	}
}

// sumUp fills the amounts of a statement as SEMANTICS says.
func sumUp(s *rating.Statement) {
	for i := range s.Lines {
		l := &s.Lines[i]
		l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity))
		l.Billed = l.Exact.Round(s.Scale) // shopspring rounds half away from zero
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	s.Residue = s.Billed.Sub(s.Exact)
}

func TestStatementsSurvive(t *testing.T) {
	s := open(t)
	st := &rating.Statement{
		Account: "acme", Name: "Acme, \"Ltd\"", Month: october, Package: "gold", Currency: "KWD", Scale: 3, Tariff: "sha256:aa",
		Lines:   []rating.Line{{Kind: rating.MonthlyFeeLine, PriceRow: "packages.csv:2", Detail: "31 of 31 days", Quantity: 1, UnitPrice: decimal.RequireFromString("-12345678901234567890.123456789012345678")}},
		Counts:  rating.Counts{Messages: 1, CareFree: 2, CareCharged: 3, NoticeFree: 4, NoticeCharged: 5, NotDelivered: 6, Rejected: 7, Pending: 8, Unrated: 9},
		Unrated: []rating.UnratedLine{{Reason: "no_price", Count: 9, Missing: "a row"}},
	}
	sumUp(st)
	writeRun(t, s, testRun("r", reports.FinalRun), nil, st)
	unrated, err := json.Marshal(st.Unrated)
	if err != nil {
		t.Fatal(err)
	}
	got := rowsOf(t, s, "SELECT account, name, month, package, currency, toString(minor_digits), tariff, toString(exact_total), toString(billed_total), toString(rounding_residue), toString([messages, care_free, care_charged, notification_free, notification_charged, not_delivered, rejected, pending, unrated]), unrated_detail FROM v_statements")
	want := "acme\tAcme, \"Ltd\"\t2026-10\tgold\tKWD\t3\tsha256:aa\t-12345678901234567890.123456789012345678\t-12345678901234567890.123\t0.000456789012345678\t[1,2,3,4,5,6,7,8,9]\t" + string(unrated)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCostsSurvive: the carrier's side of a statement, by currency.
func TestCostsSurvive(t *testing.T) {
	s := open(t)
	st := &rating.Statement{
		Account: "acme", Month: october, Currency: "GBP", Scale: 2,
		Costs: []rating.Cost{{Currency: "INR", Messages: 1, Exact: decimal.New(7, 0)}, {Currency: "USD", Messages: 3, Unrated: 1, Exact: decimal.New(15, -2)}},
	}
	writeRun(t, s, testRun("r", reports.DraftRun), nil, st)
	got := rowsOf(t, s, "SELECT account, month, currency, toString(messages), toString(unrated), toString(exact) FROM v_statement_costs ORDER BY currency")
	want := "acme\t2026-10\tINR\t1\t0\t7\nacme\t2026-10\tUSD\t3\t1\t0.15"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAmountsAreNotCut: an amount that does not fit is an error, never a smaller amount.
func TestAmountsAreNotCut(t *testing.T) {
	s := open(t)
	for _, price := range []string{"0.0000000000000000001", "1000000000000000000000"} {
		w, err := s.BeginRun(t.Context(), testRun("r", reports.DraftRun))
		if err != nil {
			t.Fatal(err)
		}
		err = w.WriteMessages(t.Context(), []rating.Message{charged(1, "acme", price)})
		if err == nil {
			err = w.Finish(t.Context())
		}
		if err == nil {
			t.Errorf("price %s: got no error", price)
		}
	}
}

// TestChargesComeBack in order of sending, then message id, with what they were written
// with; of a run that is not finished too; and not after they were given up.
func TestChargesComeBack(t *testing.T) {
	s := open(t)
	var want []rating.Message
	for i, price := range []string{"0.05", "0.000000000000000001", "0.05", "12345678901234567890.5"} {
		m := charged(9-i, "acme", price)
		m.SentAt += rating.Instant(i / 2)
		m.Regime, m.Category, m.Position = rating.NBP, "SHIPPING_UPDATE", int64(i)
		want = append(want, m)
	}
	want[0], want[1], want[2], want[3] = want[1], want[0], want[3], want[2]
	free := charged(1, "acme", "0.05")
	free.Outcome = rating.Free
	w, err := s.BeginRun(t.Context(), testRun("r", reports.DraftRun))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteMessages(t.Context(), []rating.Message{want[2], free, want[0], want[3], want[1]}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []rating.Message
	rates := map[*rating.Rate]bool{}
	for m, err := range s.Charges(t.Context(), "r") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *m)
		rates[m.Rate] = true
	}
	if len(got) != len(want) {
		t.Fatalf("charges: got %d, want %d", len(got), len(want))
	}
	for i := range want {
		if !want[i].Rate.UnitPrice.Equal(got[i].Rate.UnitPrice) {
			t.Errorf("price of %s: got %s, want %s", want[i].MessageID, got[i].Rate.UnitPrice, want[i].Rate.UnitPrice)
		}
		alike := *got[i].Rate
		alike.UnitPrice = want[i].Rate.UnitPrice
		got[i].Rate = &alike
		want[i].Kind = rating.KindUnknown // not kept
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("charge %d:\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
	if len(rates) != 3 {
		t.Errorf("rates: got %d, want the 3 prices that differ", len(rates))
	}
	if err := s.AbandonRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	for m, err := range s.Charges(t.Context(), "r") {
		t.Errorf("after AbandonRun: got %v, %v, want nothing", m, err)
	}
	if err := w.Finish(t.Context()); !errors.Is(err, ErrRunReplaced) {
		t.Errorf("Finish of an abandoned run: got %v, want ErrRunReplaced", err)
	}
}

// TestStaleAttemptsGo: what was begun days ago and never finished goes when any run begins; what
// was begun a moment ago, or finished, stays.
func TestStaleAttemptsGo(t *testing.T) {
	s := open(t)
	for _, id := range []string{"stale", "fresh", "finished"} {
		w, err := s.BeginRun(t.Context(), testRun(id, reports.DraftRun))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteMessages(t.Context(), []rating.Message{charged(1, "acme", "0.05")}); err != nil {
			t.Fatal(err)
		}
		if id == "finished" {
			err = w.Finish(t.Context())
		} else {
			err = w.Flush(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.conn.Exec(t.Context(), "INSERT INTO runs SELECT * REPLACE (at - INTERVAL 2 DAY AS at) FROM runs WHERE run != 'fresh'"); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Exec(t.Context(), "ALTER TABLE runs DELETE WHERE run != 'fresh' AND at > now() - INTERVAL 1 DAY SETTINGS mutations_sync = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BeginRun(t.Context(), testRun("next", reports.FinalRun)); err != nil {
		t.Fatal(err)
	}
	if got, want := rowsOf(t, s, "SELECT run FROM messages ORDER BY run"), "finished\nfresh"; got != want {
		t.Errorf("runs with rows: got %q, want %q", got, want)
	}
}
