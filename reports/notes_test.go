package reports_test

import (
	"cmp"
	"fmt"
	"maps"
	"postage/rating"
	"postage/reports"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/shopspring/decimal"
)

// TestNotes reads the case book testdata/notes.txt. Its commands:
//
//	tariff rate=20   the accounts of a world of its own, one a line: NAME [pool=P] [currency=C];
//	                 rate is the VAT. With `again` the books stay as they are
//	close            lines of statements as rated, "ACCOUNT KIND MARKET CATEGORY TIER QUANTITY UNIT_PRICE";
//	                 prints the invoices
//	late             the same, rated again; prints what is issued
//	correct          the same, under other prices
//
// After each, whatever was issued must add up to what was rated: see checkBooks.
func TestNotes(t *testing.T) {
	w := &noteWorld{}
	datadriven.RunTest(t, "testdata/notes.txt", func(t *testing.T, d *datadriven.TestData) string {
		t.Helper()
		out, err := w.command(t, d)
		if err != nil {
			return "error: " + err.Error() + "\n"
		}
		return out
	})
}

var noteMonth = rating.Month{Year: 2026, Month: time.October}

type noteWorld struct {
	composer *reports.Composer
	billed   reports.Billed
	numbers  map[reports.DocumentType]int
}

func (w *noteWorld) command(t *testing.T, d *datadriven.TestData) (string, error) {
	switch d.Cmd {
	case "tariff":
		return "", w.tariff(t, d)
	case "close":
		return w.issue(t, d, reports.NoteOptions{})
	case "late":
		return w.issue(t, d, reports.NoteOptions{Reason: reports.LateUsage(noteMonth), Pooled: true})
	case "correct":
		return w.issue(t, d, reports.NoteOptions{Reason: "Prices agreed on 3 November"})
	}
	return "", fmt.Errorf("no command %q", d.Cmd)
}

func (w *noteWorld) tariff(t *testing.T, d *datadriven.TestData) error {
	rate := 20
	d.MaybeScanArgs(t, "rate", &rate)
	start := rating.Date{Year: 2018, Month: time.January, Day: 1}
	rows := &rating.TariffRows{
		Version: "sha256:test",
		Sellers: []rating.SellerRow{{Seller: "us", Name: "Us Ltd", Country: "GB"}},
		Taxes:   []rating.TaxRow{{SellerCountry: "GB", CustomerCountry: "*", Treatment: "S", RatePercent: decimal.NewFromInt(int64(rate)), ValidFrom: start}},
		FX:      []rating.FXRow{{On: noteMonth.Last(), From: "EUR", To: "GBP", Rate: decimal.RequireFromString("0.85")}},
	}
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		a := rating.AccountRow{Account: words[0], Name: words[0], Country: "GB", Timezone: "UTC", Currency: "GBP", ValidFrom: start}
		for _, word := range words[1:] {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "pool":
				a.Pool = value
			case "currency":
				a.Currency = value
			}
		}
		rows.Accounts = append(rows.Accounts, a)
	}
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		return err
	}
	w.composer = &reports.Composer{Tariff: tariff, IssuedOn: rating.Date{Year: 2026, Month: time.November, Day: 3}}
	if !d.HasArg("again") {
		w.billed, w.numbers = reports.Billed{}, map[reports.DocumentType]int{}
	}
	return nil
}

// statements reads what was rated.
func (w *noteWorld) statements(input string) ([]rating.Statement, error) {
	by := map[string]*rating.Statement{}
	for text := range strings.Lines(input) {
		words := strings.Fields(text)
		row := w.composer.Tariff.LastTerms(words[0], noteMonth)
		if row == nil || len(words) != 7 {
			return nil, fmt.Errorf("cannot read %q", text)
		}
		s := by[words[0]]
		if s == nil {
			s = &rating.Statement{Account: row.Account, Name: row.Name, Month: noteMonth, Currency: row.Currency, Scale: rating.MinorDigits(row.Currency), Tariff: "sha256:test"}
			by[row.Account] = s
		}
		l := rating.Line{Kind: rating.LineKind(words[1]), UnitPrice: decimal.RequireFromString(words[6])}
		var err error
		if l.Quantity, err = strconv.ParseInt(words[5], 10, 64); err != nil {
			return nil, err
		}
		switch l.Kind {
		case rating.UsageLine, rating.AllowanceLine:
			l.Regime, l.Market, l.Category = "PMP2", words[2], words[3]
			if l.Tier, err = strconv.Atoi(words[4]); err != nil {
				return nil, err
			}
			l.From = int64(l.Tier-1)*100 + 1
		default:
			l.Detail = words[2]
		}
		l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity))
		l.Billed = rating.RoundBilled(l.Exact, s.Currency)
		s.Lines = append(s.Lines, l)
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	var all []rating.Statement
	for _, account := range slices.Sorted(maps.Keys(by)) {
		s := by[account]
		s.Residue = s.Billed.Sub(s.Exact)
		all = append(all, *s)
	}
	return all, nil
}

func (w *noteWorld) issue(t *testing.T, d *datadriven.TestData, o reports.NoteOptions) (string, error) {
	rated, err := w.statements(d.Input)
	if err != nil {
		return "", err
	}
	notes := w.composer.Notes(rated, &w.billed, noteMonth, o)
	for i := range notes {
		if notes[i].Err != nil {
			return "", notes[i].Err
		}
	}
	var b strings.Builder
	for i := range notes {
		if notes[i].Document == nil {
			fmt.Fprintf(&b, "%s: the total stands\n", notes[i].Account)
			continue
		}
		w.enter(&notes[i])
		b.WriteString(shown(notes[i].Document))
	}
	w.checkBooks(t, d, rated)
	return cmp.Or(b.String(), "nothing\n"), nil
}

// enter does what the books do.
func (w *noteWorld) enter(n *reports.Note) {
	w.numbers[n.Document.Type]++
	n.Document.Number = fmt.Sprintf("%s-%d", map[reports.DocumentType]string{reports.Invoice: "INV", reports.CreditNote: "CN", reports.DebitNote: "DN"}[n.Document.Type], w.numbers[n.Document.Type])
	w.billed.Documents = append(w.billed.Documents, *n.Document)
	w.billed.Statements = slices.DeleteFunc(w.billed.Statements, func(s rating.Statement) bool { return s.Account == n.Account })
	w.billed.Statements = append(w.billed.Statements, n.Statement)
}

// checkBooks: invoice and notes of an account add up to its latest statement,
// line by line; those of all accounts to what was rated, in each currency.
func (w *noteWorld) checkBooks(t *testing.T, d *datadriven.TestData, rated []rating.Statement) {
	t.Helper()
	for i := range w.billed.Statements {
		s := &w.billed.Statements[i]
		documents := map[string]decimal.Decimal{}
		for j := range w.billed.Documents {
			doc := &w.billed.Documents[j]
			if doc.Customer.ID != s.Account {
				continue
			}
			sign := decimal.NewFromInt(1)
			if doc.Type == reports.CreditNote {
				sign = sign.Neg()
			}
			if doc.Net.IsNegative() || doc.Gross.IsNegative() {
				t.Errorf("%s: %s of %s is negative", d.Pos, doc.Number, doc.Net)
			}
			for _, l := range doc.Lines {
				add(documents, lineKey(l), l.Billed.Mul(sign))
			}
		}
		statement := map[string]decimal.Decimal{}
		for _, l := range s.Lines {
			add(statement, lineKey(reports.DocumentLine{Kind: l.Kind, Market: l.Market, Category: l.Category, Tier: l.Tier, UnitPrice: l.UnitPrice}), l.Billed)
		}
		if got, want := fmt.Sprint(documents), fmt.Sprint(statement); got != want {
			t.Errorf("%s: the documents of %s add up to %s, its statement is %s", d.Pos, s.Account, got, want)
		}
	}
	billed, due := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, s := range w.billed.Statements {
		add(billed, s.Currency, s.Billed)
		if want := s.Billed.Sub(s.Exact); !s.Residue.Equal(want) {
			t.Errorf("%s: statement of %s: residue %s, want %s", d.Pos, s.Account, s.Residue, want)
		}
	}
	for _, s := range rated {
		add(due, s.Currency, s.Billed)
	}
	if fmt.Sprint(billed) != fmt.Sprint(due) {
		t.Errorf("%s: billed %v in all, rated %v", d.Pos, billed, due)
	}
}

// add adds to a total and forgets it at zero.
func add(to map[string]decimal.Decimal, key string, v decimal.Decimal) {
	if to[key] = to[key].Add(v); to[key].IsZero() {
		delete(to, key)
	}
}

func lineKey(l reports.DocumentLine) string {
	return fmt.Sprint(l.Kind, l.Market, l.Category, l.Tier, l.UnitPrice)
}

func shown(d *reports.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s to %s", d.Number, d.Type, d.Customer.ID)
	if d.Preceding != nil {
		fmt.Fprintf(&b, " for %s: %s", d.Preceding.Number, d.Reason)
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range d.Lines {
		fmt.Fprintf(w, "  %s\t%d x %s\t= %s\tbilled %s\n", l.Description, l.Quantity, l.UnitPrice, l.Exact, l.Billed.StringFixed(d.Scale))
	}
	w.Flush()
	fmt.Fprintf(&b, "  net %s", d.Net.StringFixed(d.Scale))
	for _, tax := range d.Taxes {
		fmt.Fprintf(&b, ", tax %s%% %s", tax.RatePercent, tax.Tax.StringFixed(d.Scale))
	}
	fmt.Fprintf(&b, ", %s %s\n", d.Currency, d.Gross.StringFixed(d.Scale))
	return b.String()
}
