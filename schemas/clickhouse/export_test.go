package clickhouse

import (
	"encoding/json"
	"fmt"
	"postage/rating"
	"postage/reports"
	"postage/reports/export"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// exported reads a table of a selection as text.
func exported(t *testing.T, s *Store, table *export.Table, of Selection) string {
	t.Helper()
	var b strings.Builder
	w, err := export.NewCSV(&b, table)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range s.Export(t.Context(), table, of) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(b.String(), "\r\n") // the header
	return strings.TrimSuffix(strings.ReplaceAll(rows, "\r\n", "\n"), "\n")
}

func statement(account string, billed string) *rating.Statement {
	st := &rating.Statement{
		Account: account, Month: october, Currency: "GBP", Scale: 2, Tariff: "sha256:aa",
		Lines: []rating.Line{{Kind: rating.UsageLine, Regime: "PMP2", Tier: 2, From: 11, Quantity: -1, UnitPrice: decimal.RequireFromString(billed)}},
		Costs: []rating.Cost{{Currency: "USD", Messages: 1, Exact: decimal.New(7, -3)}},
	}
	sumUp(st)
	return st
}

// TestExport: what comes out is what went in, account by account; of accounts that are in
// two final runs, what was finished first.
func TestExport(t *testing.T) {
	s := open(t)
	writeRun(t, s, testRun("draft", reports.DraftRun), []rating.Message{charged(1, "acme", "9")}, statement("acme", "9"))
	writeRun(t, s, testRun("one", reports.FinalRun), []rating.Message{charged(2, "acme", "0.05")}, statement("acme", "0.05"))
	writeRun(t, s, testRun("two", reports.FinalRun),
		[]rating.Message{charged(3, "zeta", "0.000000000000000001"), charged(4, "acme", "7"), charged(5, "beta", "-0.01")},
		statement("zeta", "1"), statement("acme", "7"), statement("beta", "2"))
	runs, err := s.RunsOf(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range runs {
		names = append(names, fmt.Sprintf("%s %s", r.Kind, r.ID))
	}
	if got, want := strings.Join(names, ", "), "draft draft, final one, final two"; got != want {
		t.Errorf("runs: got %s, want %s", got, want)
	}
	all := Selection{Runs: []string{"one", "two"}}
	if got, want := exported(t, s, &export.Charges, all), strings.Join([]string{
		"acme,2026-10,m2,+442079460000,+447700900123,2026-10-01T00:00:00.000Z,2026-10-01T00:00:01.000Z,PMP2,GB,utility,template_regular,1,1,0,prices.csv:2,std,0.05,0.05,GBP",
		"beta,2026-10,m5,+442079460000,+447700900123,2026-10-01T00:00:00.000Z,2026-10-01T00:00:01.000Z,PMP2,GB,utility,template_regular,1,1,0,prices.csv:2,std,-0.01,-0.01,GBP",
		"zeta,2026-10,m3,+442079460000,+447700900123,2026-10-01T00:00:00.000Z,2026-10-01T00:00:01.000Z,PMP2,GB,utility,template_regular,1,1,0,prices.csv:2,std,0.000000000000000001,0.000000000000000001,GBP",
	}, "\n"); got != want {
		t.Errorf("charges: got\n%s\nwant\n%s", got, want)
	}
	if got, want := exported(t, s, &export.Lines, Selection{Runs: []string{"one", "two"}, Account: "zeta"}), "zeta,2026-10,1,usage,PMP2,,,,2,11,,,-1,1,-1,-1,GBP"; got != want {
		t.Errorf("lines of zeta: got\n%s\nwant\n%s", got, want)
	}
	if n, err := s.ExportRows(t.Context(), all); err != nil || n != 3+3+3+3 {
		t.Errorf("rows: got %d, %v; want 12", n, err)
	}
	for row, err := range s.Export(t.Context(), &export.Charges, all) { // nobody wants the rest
		if err != nil || row[0].Text != "acme" {
			t.Errorf("first row: %v, %v", row, err)
		}
		break
	}
	got, err := s.Statements(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	want := []rating.Statement{*statement("acme", "0.05"), *statement("beta", "2"), *statement("zeta", "1")}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("statements: got\n%s\nwant\n%s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
