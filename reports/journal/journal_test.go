package journal_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"postage/reports"
	"postage/reports/journal"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

var (
	d       = decimal.RequireFromString
	october = rating.Month{Year: 2026, Month: time.October}
	issued  = rating.Date{Year: 2026, Month: time.November, Day: 2}
)

// billed is a document of lines "kind category amount", at a tax rate.
func billed(kind reports.DocumentType, number, customer, currency, percent string, lines ...string) reports.Document {
	doc := reports.Document{Type: kind, Number: number, IssuedOn: issued, Month: october, Currency: currency, Scale: rating.MinorDigits(currency)}
	doc.Customer = reports.Party{ID: customer, Name: strings.ToUpper(customer)}
	for _, l := range lines {
		f := strings.Split(l, " ")
		line := reports.DocumentLine{Kind: rating.LineKind(f[0]), Category: f[1], Billed: d(f[2])}
		doc.Lines = append(doc.Lines, line)
		doc.Net = doc.Net.Add(line.Billed)
	}
	doc.Tax = rating.RoundBilled(doc.Net.Mul(d(percent)).Shift(-2), currency)
	doc.Taxes = []reports.TaxTotal{{Treatment: "S", RatePercent: d(percent), Base: doc.Net, Tax: doc.Tax}}
	doc.Gross = doc.Net.Add(doc.Tax)
	return doc
}

func costing(account string, costs ...string) *rating.Statement {
	s := &rating.Statement{Account: account, Name: strings.ToUpper(account), Month: october}
	for _, c := range costs {
		currency, exact, _ := strings.Cut(c, " ")
		s.Costs = append(s.Costs, rating.Cost{Currency: currency, Exact: d(exact)})
	}
	return s
}

// show is a batch without its identity, one posting a line.
func show(b *reports.Batch) string {
	if b == nil {
		return "nothing"
	}
	out := fmt.Sprintf("%s %s on %s\n", b.Kind, b.Month, b.PostedOn)
	for _, p := range b.Postings {
		side, amount := "Dr", p.Debit
		if p.Debit.IsZero() {
			side, amount = "Cr", p.Credit
		}
		out += fmt.Sprintf("%s %s %-22s %s %s | %s %s %s\n", side, p.Account, p.AccountName, p.Currency, amount.StringFixed(p.Scale), p.Customer, p.Document, p.Text)
	}
	return out
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

// TestClose: by hand. Lines of one kind and category are one posting; goodwill is
// a debit; the carrier's cost is rounded once per currency, half away from zero.
func TestClose(t *testing.T) {
	in := &reports.Issued{
		Run: reports.Run{ID: "r1", Month: october, Kind: reports.FinalRun},
		Documents: []reports.Document{
			billed(reports.Invoice, "INV-1", "acme", "GBP", "20", "monthly_fee  250", "usage utility 10.01", "usage utility 5.02", "usage marketing 3", "allowance utility 0", "adjustment  -25"),
			billed(reports.Invoice, "INV-2", "kappa", "KWD", "0", "usage utility 1.005"),
		},
		Changes: []reports.StatementChange{{Now: costing("acme", "JPY 100.5", "USD 12.345678")}, {Now: costing("kappa", " 0", "USD 0.001")}},
	}
	b, err := journal.Entries(journal.NewChart(nil), in)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the close", show(b), `
invoices 2026-10 on 2026-11-02
Dr 1100 Trade receivables      GBP 291.64 | acme INV-1 Invoice INV-1, ACME
Dr 4300 Services and goodwill  GBP 25.00 | acme INV-1 adjustment
Cr 4100 Monthly fees           GBP 250.00 | acme INV-1 monthly fee
Cr 4000 Message revenue        GBP 3.00 | acme INV-1 usage, marketing
Cr 4000 Message revenue        GBP 15.03 | acme INV-1 usage, utility
Cr 2200 VAT on sales           GBP 48.61 | acme INV-1 VAT 20 % on INV-1
Dr 1100 Trade receivables      KWD 1.005 | kappa INV-2 Invoice INV-2, KAPPA
Cr 4000 Message revenue        KWD 1.005 | kappa INV-2 usage, utility
Dr 5000 Carrier cost           JPY 101 | acme  Carrier, 2026-10, ACME
Cr 2110 Accrued carrier cost   JPY 101 | acme  Carrier, 2026-10, ACME
Dr 5000 Carrier cost           USD 12.35 | acme  Carrier, 2026-10, ACME
Cr 2110 Accrued carrier cost   USD 12.35 | acme  Carrier, 2026-10, ACME`)
	totals := ""
	for _, x := range journal.Totals(b) {
		totals += fmt.Sprintf("%s %s %s; ", x.Currency, x.Debit, x.Credit)
	}
	same(t, "totals", totals, "GBP 316.64 316.64; JPY 101 101; KWD 1.005 1.005; USD 12.35 12.35; ")

	again, err := journal.Entries(journal.NewChart(nil), in)
	if err != nil || again.ID != b.ID || !strings.HasPrefix(b.ID, "2026-10-invoices-") {
		t.Errorf("the same again: batch %s, %v; want %s", again.ID, err, b.ID)
	}
	in.Documents[1].Lines[0].Billed, in.Documents[1].Gross = d("1.006"), d("1.006")
	if other, err := journal.Entries(journal.NewChart(nil), in); err != nil || other.ID == b.ID {
		t.Errorf("another amount: the same batch %s, %v", b.ID, err)
	}
}

// TestNotes: a credit note is the reverse of an invoice; the carrier's cost moves by
// the difference of rounded amounts, so that all batches add up to the last one.
func TestNotes(t *testing.T) {
	in := &reports.Issued{
		Run:       reports.Run{ID: "r2", Month: october, Kind: reports.AdjustmentRun},
		Documents: []reports.Document{billed(reports.CreditNote, "CN-1", "acme", "GBP", "20", "usage utility 15.03", "usage utility -10")},
		Changes:   []reports.StatementChange{{Before: costing("acme", "EUR 1.004", "USD 12.345678"), Now: costing("acme", "USD 12.344")}},
	}
	b, err := journal.Entries(journal.NewChart(nil), in)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the note", show(b), `
adjustments 2026-10 on 2026-11-02
Cr 1100 Trade receivables      GBP 6.04 | acme CN-1 Credit note CN-1, ACME
Dr 4000 Message revenue        GBP 5.03 | acme CN-1 usage, utility
Dr 2200 VAT on sales           GBP 1.01 | acme CN-1 VAT 20 % on CN-1
Cr 5000 Carrier cost           EUR 1.00 | acme  Carrier, 2026-10, ACME
Dr 2110 Accrued carrier cost   EUR 1.00 | acme  Carrier, 2026-10, ACME
Cr 5000 Carrier cost           USD 0.01 | acme  Carrier, 2026-10, ACME
Dr 2110 Accrued carrier cost   USD 0.01 | acme  Carrier, 2026-10, ACME`)
	nothing, err := journal.Entries(journal.NewChart(nil), &reports.Issued{Run: in.Run, Changes: []reports.StatementChange{{Before: costing("acme", "USD 1.001"), Now: costing("acme", "USD 1.004")}}})
	if nothing != nil || err != nil {
		t.Errorf("a change below a cent: got %s, %v; want no batch", show(nothing), err)
	}
}

// TestAccrual: net of tax, and taken back on the next day. The same draft books the
// same, whenever it was made.
func TestAccrual(t *testing.T) {
	s := costing("acme", "USD 2")
	s.Currency, s.Billed = "GBP", d("13")
	s.Lines = []rating.Line{{Kind: rating.UsageLine, Category: "utility", Billed: d("3")}, {Kind: rating.MinimumSpendLine, Billed: d("10")}}
	accrual, reversal, err := journal.Accrual(journal.NewChart(nil), october, &reports.Run{ID: "d1", Month: october}, []reports.StatementChange{{Now: s}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "accrual", show(accrual), `
accrual 2026-10 on 2026-10-31
Dr 1150 Accrued income         GBP 13.00 | acme  Not billed yet for 2026-10, ACME
Cr 4200 Minimum spend          GBP 10.00 | acme  minimum spend
Cr 4000 Message revenue        GBP 3.00 | acme  usage, utility
Dr 5000 Carrier cost           USD 2.00 | acme  Carrier, 2026-10, ACME
Cr 2110 Accrued carrier cost   USD 2.00 | acme  Carrier, 2026-10, ACME`)
	same(t, "reversal", show(reversal), `
accrual_reversal 2026-10 on 2026-11-01
Cr 1150 Accrued income         GBP 13.00 | acme  Reversal: Not billed yet for 2026-10, ACME
Dr 4200 Minimum spend          GBP 10.00 | acme  Reversal: minimum spend
Dr 4000 Message revenue        GBP 3.00 | acme  Reversal: usage, utility
Cr 5000 Carrier cost           USD 2.00 | acme  Reversal: Carrier, 2026-10, ACME
Dr 2110 Accrued carrier cost   USD 2.00 | acme  Reversal: Carrier, 2026-10, ACME`)
	later, _, err := journal.Accrual(journal.NewChart(nil), october, &reports.Run{ID: "d2", Month: october}, []reports.StatementChange{{Now: s}})
	if err != nil || later.ID != accrual.ID || accrual.ID == reversal.ID {
		t.Errorf("a later draft that came out the same: batch %s, %v; want %s", later.ID, err, accrual.ID)
	}
}

func TestChart(t *testing.T) {
	chart := journal.NewChart([]rating.GLRow{
		{Posting: "receivables", Code: "11000", Name: "Debtors"}, {Posting: "usage", Code: "40", Name: "Usage"}, {Posting: "usage", Category: "marketing", Code: "41", Name: "Marketing"},
	})
	b, err := journal.Entries(chart, &reports.Issued{
		Run:       reports.Run{Month: october, Kind: reports.FinalRun},
		Documents: []reports.Document{billed(reports.Invoice, "I", "a", "GBP", "20", "usage utility 1", "usage marketing 2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "accounts of the ledger", show(b), `
invoices 2026-10 on 2026-11-02
Dr 11000 Debtors                GBP 3.60 | a I Invoice I, A
Cr 41 Marketing              GBP 2.00 | a I usage, marketing
Cr 40 Usage                  GBP 1.00 | a I usage, utility
Cr 2200 VAT on sales           GBP 0.60 | a I VAT 20 % on I`)
}

// TestWhatDoesNotAddUp is refused: a document whose totals are not those of its
// lines, and an amount finer than its currency.
func TestWhatDoesNotAddUp(t *testing.T) {
	off := billed(reports.Invoice, "I", "a", "GBP", "20", "usage utility 1")
	off.Gross = d("1.21")
	fine := billed(reports.Invoice, "I", "a", "JPY", "0", "usage utility 1.5")
	for _, tt := range []struct {
		doc  reports.Document
		want string
	}{
		{off, "journal of 2026-10: invoices: debits of 1.21 and credits of 1.2 in GBP"},
		{fine, "journal of 2026-10: Invoice I, A of a: JPY 1.5 is not in whole minor units"},
	} {
		b, err := journal.Entries(journal.NewChart(nil), &reports.Issued{Run: reports.Run{Month: october, Kind: reports.FinalRun}, Documents: []reports.Document{tt.doc}})
		if b != nil || err == nil || err.Error() != tt.want {
			t.Errorf("got %v, %v; want %s", b, err, tt.want)
		}
	}
}

// TestCSV: text that a spreadsheet would take for a formula does no harm, amounts
// have the digits of their currency, and the same batches give the same bytes.
func TestCSV(t *testing.T) {
	doc := billed(reports.Invoice, "=1+1", "-acme", "JPY", "10", "usage @SUM(A1) 100")
	doc.Customer.Name = "x\",=cmd|' /C calc'!A0"
	b, err := journal.Entries(journal.NewChart([]rating.GLRow{{Posting: "usage", Code: "+40", Name: "=Revenue"}}), &reports.Issued{Run: reports.Run{Month: october, Kind: reports.FinalRun}, Documents: []reports.Document{doc}})
	if err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	for _, w := range []*bytes.Buffer{&one, &two} {
		if err := journal.WriteCSV(w, []*reports.Batch{b}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("written twice, the bytes differ")
	}
	rows, err := csv.NewReader(&one).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("got %d rows, %v; want a header and three", len(rows), err)
	}
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("column %s: %q is a formula", journal.Columns[i], cell)
			}
		}
	}
	want := []string{b.ID, "2", "invoices", "2026-10", "2026-11-02", "'+40", "'=Revenue", "JPY", "", "100", "'-acme", "'=1+1", "usage", "'@SUM(A1)", "", "usage, @SUM(A1)"}
	if fmt.Sprintf("%q", rows[2]) != fmt.Sprintf("%q", want) {
		t.Errorf("got  %q\nwant %q", rows[2], want)
	}
}

// TestBalance: whatever is issued, debits equal credits in every currency, and
// receivables are what the documents ask for.
func TestBalance(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	kinds := []string{"usage utility", "usage marketing", "usage ", "monthly_fee ", "sender_fee ", "adjustment ", "minimum_spend ", "care_fee ", "allowance utility"}
	for range 300 {
		in := &reports.Issued{Run: reports.Run{Month: october, Kind: reports.FinalRun}}
		due := map[string]decimal.Decimal{}
		for i := range r.IntN(6) {
			currency := []string{"GBP", "JPY", "KWD"}[r.IntN(3)]
			var lines []string
			for range r.IntN(12) {
				lines = append(lines, kinds[r.IntN(len(kinds))]+" "+decimal.New(r.Int64N(200_001)-100_000, -rating.MinorDigits(currency)).String())
			}
			kind := []reports.DocumentType{reports.Invoice, reports.CreditNote, reports.DebitNote}[r.IntN(3)]
			doc := billed(kind, fmt.Sprint(i), "a", currency, fmt.Sprint(r.IntN(26)), lines...)
			in.Documents = append(in.Documents, doc)
			if kind == reports.CreditNote {
				doc.Gross = doc.Gross.Neg()
			}
			due[currency] = due[currency].Add(doc.Gross)
		}
		b, err := journal.Entries(journal.NewChart(nil), in)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			continue
		}
		for _, x := range journal.Totals(b) {
			if !x.Debit.Equal(x.Credit) {
				t.Fatalf("%s: debits %s, credits %s", x.Currency, x.Debit, x.Credit)
			}
		}
		for _, p := range b.Postings {
			if p.Debit.IsZero() == p.Credit.IsZero() || p.Debit.IsNegative() || p.Credit.IsNegative() {
				t.Fatalf("a posting of debit %s and credit %s", p.Debit, p.Credit)
			}
			if p.Account == "1100" {
				due[p.Currency] = due[p.Currency].Sub(p.Debit).Add(p.Credit)
			}
		}
		for currency, left := range due {
			if !left.IsZero() {
				t.Fatalf("receivables in %s are off by %s", currency, left)
			}
		}
	}
}
