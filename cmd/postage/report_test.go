package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// traffic makes up a month of the example's firms and takes it into the log.
func (p *plant) traffic(month rating.Month, messages int, seed uint64) {
	p.t.Helper()
	g, err := (&trafficFlags{Month: month.String(), Messages: messages, Seed: seed, Format: "v1"}).generator(p.tariff.Tariff)
	if err != nil {
		p.t.Fatal(err)
	}
	var records []kafka.Produced
	for r := range g.Records() {
		records = append(records, kafka.Produced{Key: []byte(r.Key), Value: r.Value, Time: r.Arrived.Time()})
	}
	p.produce(records...)
	p.ingest()
}

// report runs `postage report` on the plant, into a folder of its own.
func (p *plant) report(c reportCommand) (dir, said string) {
	p.t.Helper()
	c.engineFlags, c.Month, c.Out = p.engineFlags, "2026-10", p.t.TempDir()
	if c.Kind == "" {
		c.Kind = "auto"
	}
	var out bytes.Buffer
	s := *p.streams
	s.out = &out
	if err := c.Run(p.t.Context(), &s); err != nil {
		p.t.Fatalf("report %s: %v", c.Format, err)
	}
	return c.Out, out.String()
}

// csvSums adds up columns of a CSV file, by account and column.
func csvSums(t *testing.T, path string, keep func(row map[string]string) bool, columns ...string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]decimal.Decimal{}
	for _, r := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = r[i]
		}
		if !keep(row) {
			continue
		}
		for _, c := range columns {
			key := row["account"] + " " + c
			sums[key] = sums[key].Add(decimal.RequireFromString(row[c]))
		}
	}
	return words(sums)
}

func words(sums map[string]decimal.Decimal) map[string]string {
	out := map[string]string{}
	for k, v := range sums {
		out[k] = v.String()
	}
	return out
}

func every(map[string]string) bool { return true }

// TestReport: what is exported adds up to the invoices and to what SQL says, in every
// currency of the example, by account and for all.
func TestReport(t *testing.T) {
	p := newPlant(t, embeddedBroker(t), "example")
	october := rating.Month{Year: 2026, Month: time.October}
	p.traffic(october, 1500, 1)
	c := p.closer()
	if _, err := c.Draft(t.Context(), october); err != nil {
		t.Fatal(err)
	}
	dir, said := p.report(reportCommand{Format: "csv"})
	if !strings.HasPrefix(said, "2026-10 draft, run 2026-10-draft-") || len(glob(t, dir, "*-2026-10-draft.csv")) != 4 {
		t.Errorf("before the close: got %q and %q, want the draft and its four tables", said, glob(t, dir, "*"))
	}

	// One account is closed before the rest of the traffic is known, the others after it.
	c.Accounts = []string{"fernhill-retail"}
	p.close(c, october)
	if _, said = p.report(reportCommand{Format: "csv"}); !strings.HasPrefix(said, "2026-10 draft, run 2026-10-draft-") {
		t.Errorf("with one account closed: got %q, want the draft still", said)
	}
	p.traffic(october, 1500, 2)
	c.Accounts = nil
	p.close(c, october)

	dir, said = p.report(reportCommand{Format: "csv", ByAccount: true})
	if !strings.HasPrefix(said, "2026-10 final, run ") || strings.Count(said, "2026-10-final-") != 2 {
		t.Errorf("after the close: got %q, want two final runs", said)
	}
	documents, err := c.Books.Documents(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	invoiced, exact := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	currencies := map[string]bool{}
	for _, d := range documents {
		if d.Type != reports.Invoice {
			continue
		}
		invoiced[d.Customer.ID+" billed_total"], currencies[d.Currency] = d.Net, true
		for _, l := range d.Lines {
			if l.Kind == rating.UsageLine {
				key := d.Customer.ID + " price"
				exact[key] = exact[key].Add(l.Exact)
			}
		}
	}
	if len(currencies) != 7 {
		t.Errorf("currencies: got %v, want seven", currencies)
	}
	statements := csvSums(t, filepath.Join(dir, "statements-2026-10.csv"), every, "billed_total")
	if want := words(invoiced); !maps.Equal(statements, want) {
		t.Errorf("statements: got %v, want as invoiced %v", statements, want)
	}
	lines := csvSums(t, filepath.Join(dir, "lines-2026-10.csv"), every, "billed")
	for account, want := range invoiced {
		if got := lines[strings.Replace(account, "billed_total", "billed", 1)]; got != want.String() {
			t.Errorf("lines of %s: got %s, want %s", account, got, want)
		}
	}
	charges := csvSums(t, filepath.Join(dir, "charges-2026-10.csv"), every, "price")
	if want := words(exact); !maps.Equal(charges, want) {
		t.Errorf("charges: got %v, want as invoiced %v", charges, want)
	}
	for _, row := range p.sql("SELECT account, toString(usage_exact) FROM v_account_month WHERE run_kind = 'final' AND usage_exact != 0 AND account != 'fernhill-retail'") {
		if got := charges[row[0]+" price"]; got != row[1] {
			t.Errorf("charges of %s: got %s, SQL says %s", row[0], got, row[1])
		}
	}
	p.checkByAccount(dir)
	p.checkParquet(charges, lines)

	again, _ := p.report(reportCommand{Format: "csv", ByAccount: true})
	if a, b := contents(t, dir), contents(t, again); !maps.Equal(a, b) {
		t.Errorf("the same report twice: %d and %d files, or other bytes", len(a), len(b))
	}
	one, _ := p.report(reportCommand{Format: "csv", Account: "dhow-cargo"})
	for name, content := range contents(t, one) {
		if content != contents(t, dir)[name] {
			t.Errorf("%s: --account gives other bytes than --by-account", name)
		}
	}
	book, _ := p.report(reportCommand{Format: "xlsx"})
	journal, _ := p.report(reportCommand{Format: "journal"})
	if len(glob(t, book, "postage-2026-10.xlsx")) != 1 || len(glob(t, journal, "journal-2026-10.csv")) != 1 {
		t.Errorf("got %q and %q, want the workbook and the journal", glob(t, book, "*"), glob(t, journal, "*"))
	}
}

// checkByAccount: the folders of accounts together are the files over all of them.
func (p *plant) checkByAccount(dir string) {
	p.t.Helper()
	files := contents(p.t, dir)
	for _, table := range []string{"charges", "lines", "statements", "costs"} {
		name := table + "-2026-10.csv"
		header, _, _ := strings.Cut(files[name], "\r\n")
		together := header + "\r\n"
		for _, path := range slices.Sorted(maps.Keys(files)) {
			if filepath.Dir(path) != "." && filepath.Base(path) == name {
				rows, ok := strings.CutPrefix(files[path], header+"\r\n")
				if !ok {
					p.t.Errorf("%s begins with another header than %s", path, name)
				}
				together += rows
			}
		}
		if together != files[name] {
			p.t.Errorf("%s: the files of the accounts together have %d bytes, it has %d", name, len(together), len(files[name]))
		}
	}
}

// checkParquet has ClickHouse read the files, which is no work of ours.
func (p *plant) checkParquet(charges, lines map[string]string) {
	p.t.Helper()
	dir, _ := p.report(reportCommand{Format: "parquet"})
	for name, want := range map[string]struct {
		column string
		sums   map[string]string
	}{"charges": {"price", charges}, "lines": {"billed", lines}} {
		query := fmt.Sprintf("SELECT account, toString(sum(%s)) FROM file('%s', Parquet) GROUP BY account", want.column, filepath.Join(dir, name+"-2026-10.parquet"))
		got := map[string]string{}
		for _, row := range p.sql(query) {
			got[row[0]+" "+want.column] = row[1]
		}
		if !maps.Equal(got, want.sums) {
			p.t.Errorf("%s.parquet: ClickHouse reads %v, want %v", name, got, want.sums)
		}
	}
	query := fmt.Sprintf("SELECT DISTINCT toTypeName(delivered_at), toTypeName(tier), toTypeName(price) FROM file('%s', Parquet)", filepath.Join(dir, "charges-2026-10.parquet"))
	if got, want := strings.Join(p.sql(query)[0], ", "), "DateTime64(3, 'UTC'), Int64, Decimal(38, 18)"; got != want {
		p.t.Errorf("types: got %s, want %s", got, want)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// contents are all files below a folder, hidden ones too.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
