package reports_test

import (
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

var (
	d       = decimal.RequireFromString
	october = rating.Month{Year: 2026, Month: time.October}
	start   = rating.Date{Year: 2018, Month: time.January, Day: 1}
)

func on(day int) rating.Date { return rating.Date{Year: 2026, Month: time.October, Day: day} }

// taxed is a British seller with one customer, and how it treats customers.
func taxed(t *testing.T, change func(*rating.TariffRows)) *reports.Composer {
	t.Helper()
	rows := &rating.TariffRows{
		Version: "sha256:1",
		Accounts: []rating.AccountRow{{
			Row: rating.Row{File: "accounts.csv", Line: 2}, Account: "acme", Name: "Acme", Country: "GB", Timezone: "Europe/London", Currency: "GBP",
			Package: "basic", ValidFrom: start, Seller: "us", CustomerType: "business", VATNumber: "GB1",
		}},
		Sellers:  []rating.SellerRow{{Row: rating.Row{File: "sellers.csv", Line: 2}, Seller: "us", Name: "Us", Country: "GB"}},
		Packages: []rating.PackageRow{{Row: rating.Row{File: "packages.csv", Line: 2}, Package: "basic", ValidFrom: start, Currency: "GBP", PriceList: "list"}},
		FX: []rating.FXRow{
			{On: on(1), From: "EUR", To: "GBP", Rate: d("0.9"), Source: "early"},
			{On: on(31), From: "EUR", To: "GBP", Rate: d("0.868676"), Source: "month end"},
			{On: rating.Date{Year: 2026, Month: time.November, Day: 1}, From: "EUR", To: "GBP", Rate: d("0.8"), Source: "late"},
		},
	}
	for i, r := range []rating.TaxRow{
		{SellerCountry: "GB", CustomerCountry: "GB", CustomerType: "business", Treatment: "S", RatePercent: d("20"), ValidFrom: start},
		{SellerCountry: "GB", CustomerCountry: "GB", CustomerType: "reseller", Treatment: "AE", Note: "section 55A", ValidFrom: start},
		{SellerCountry: "GB", CustomerCountry: "DE", CustomerType: "business", Treatment: "AE", Note: "Article 196", ValidFrom: start},
		{SellerCountry: "GB", CustomerCountry: "*", CustomerType: "business", Treatment: "O", ValidFrom: start},
		{SellerCountry: "FR", CustomerCountry: "*", CustomerType: "*", Treatment: "S", RatePercent: d("19.6"), ValidFrom: start},
	} {
		r.Row = rating.Row{File: "taxes.csv", Line: i + 2}
		rows.Taxes = append(rows.Taxes, r)
	}
	change(rows)
	tariff, err := rating.NewTariff(rows)
	if err != nil {
		t.Fatal(err)
	}
	return &reports.Composer{Tariff: tariff, IssuedOn: rating.Date{Year: 2026, Month: time.November, Day: 2}}
}

// customer makes the account another one.
func customer(country, kind, currency string) func(*rating.TariffRows) {
	return func(r *rating.TariffRows) {
		r.Accounts[0].Country, r.Accounts[0].CustomerType, r.Accounts[0].Currency = country, kind, currency
	}
}

// owing is a statement of some amounts, each a line.
func owing(currency string, amounts ...string) *rating.Statement {
	s := &rating.Statement{Account: "acme", Name: "Acme", Month: october, Currency: currency, Scale: rating.MinorDigits(currency)}
	for i, a := range amounts {
		l := rating.Line{Kind: rating.UsageLine, Regime: "PMP2", Market: fmt.Sprintf("Market %d", i), Category: "utility", Quantity: 1, UnitPrice: d(a), Exact: d(a), Billed: rating.RoundBilled(d(a), currency)}
		s.Lines = append(s.Lines, l)
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	return s
}

// say is the tax of a document in one line.
func say(doc *reports.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "net %s", doc.Net)
	for _, x := range doc.Taxes {
		fmt.Fprintf(&b, " + %s %s%% of %s = %s (%s on %s: %s)", x.Treatment, x.RatePercent, x.Base, x.Tax, x.Row, x.TaxPoint, x.Note)
	}
	fmt.Fprintf(&b, " = %s", doc.Gross)
	if a := doc.AccountingTax; a != nil {
		fmt.Fprintf(&b, "; %s at %s of %s (%s): net %s, tax %s", a.Currency, a.Rate, a.RateOn, a.Source, a.Net, a.Tax)
	}
	return b.String()
}

func TestTax(t *testing.T) {
	newRate := func(day int) func(*rating.TariffRows) {
		return func(r *rating.TariffRows) {
			r.Taxes = append(r.Taxes, rating.TaxRow{Row: rating.Row{File: "taxes.csv", Line: 9}, SellerCountry: "GB", CustomerCountry: "GB", CustomerType: "business", Treatment: "S", RatePercent: d("22.5"), ValidFrom: on(day)})
		}
	}
	for _, tt := range []struct {
		name      string
		change    func(*rating.TariffRows)
		statement *rating.Statement
		want      string
	}{
		{
			"standard rate, once on the total", customer("GB", "business", "GBP"), owing("GBP", "0.02", "0.02", "0.02"),
			"net 0.06 + S 20% of 0.06 = 0.01 (taxes.csv:2 on 2026-10-31: ) = 0.07",
		}, // line by line it would be nothing
		{"no customer type is a business", customer("GB", "", "GBP"), owing("GBP", "10"), "net 10 + S 20% of 10 = 2 (taxes.csv:2 on 2026-10-31: ) = 12"},
		{"domestic reverse charge", customer("GB", "reseller", "GBP"), owing("GBP", "10"), "net 10 + AE 0% of 10 = 0 (taxes.csv:3 on 2026-10-31: section 55A) = 10"},
		{
			"reverse charge abroad, stated in sterling where the rate is known", customer("DE", "business", "EUR"), owing("EUR", "10"),
			"net 10 + AE 0% of 10 = 0 (taxes.csv:4 on 2026-10-31: Article 196) = 10; GBP at 0.868676 of 2026-10-31 (month end): net 8.69, tax 0",
		},
		{"outside scope, the usual words, no rate needed", customer("US", "business", "USD"), owing("USD", "10"), "net 10 + O 0% of 10 = 0 (taxes.csv:5 on 2026-10-31: Outside the scope of VAT) = 10"},
		{
			"standard rate in euro: sterling at the rate of the last day", customer("GB", "business", "EUR"), owing("EUR", "100.05"),
			"net 100.05 + S 20% of 100.05 = 20.01 (taxes.csv:2 on 2026-10-31: ) = 120.06; GBP at 0.868676 of 2026-10-31 (month end): net 86.91, tax 17.38",
		},
		{
			"a seller's own currency is data", func(r *rating.TariffRows) {
				customer("GB", "business", "GBP")(r)
				r.Sellers[0].Currency = "EUR"
				r.FX[1].From, r.FX[1].To = "GBP", "EUR"
			}, owing("GBP", "10"),
			"net 10 + S 20% of 10 = 2 (taxes.csv:2 on 2026-10-31: ) = 12; EUR at 0.868676 of 2026-10-31 (month end): net 8.69, tax 1.74",
		},
		{"a rate that changes within the month: the last day counts", newRate(31), owing("GBP", "10"), "net 10 + S 22.5% of 10 = 2.25 (taxes.csv:9 on 2026-10-31: ) = 12.25"},
		{
			"tax is on the billed lines", customer("GB", "business", "GBP"), owing("GBP", "0.014", "0.014", "0.014", "0.014", "0.014", "0.014", "0.014", "0.014", "0.014", "0.014"),
			"net 0.1 + S 20% of 0.1 = 0.02 (taxes.csv:2 on 2026-10-31: ) = 0.12",
		},
		{"the country goes before the type, however late the row", func(r *rating.TariffRows) {
			customer("DE", "business", "GBP")(r)
			r.Taxes[2].CustomerType, r.Taxes[3].ValidFrom = "*", on(1)
		}, owing("GBP", "10"), "net 10 + AE 0% of 10 = 0 (taxes.csv:4 on 2026-10-31: Article 196) = 10"},
		{"no minor digits", customer("GB", "business", "JPY"), owing("JPY", "12"), ""},
		{"without taxes.csv", func(r *rating.TariffRows) { r.Taxes = nil }, owing("GBP", "10"), "net 10 = 10"},
	} {
		doc, err := taxed(t, tt.change).Invoice(tt.statement)
		if tt.want == "" {
			if gaps := reports.Gaps(err); len(gaps) != 1 || gaps[0].Code != reports.NoExchangeRate {
				t.Errorf("%s: got %v, want a missing rate", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := say(doc); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestGaps: all that a document lacks is named at once, with the place and the cure.
func TestGaps(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*rating.TariffRows)
		want   string
	}{
		{
			"number and rate", func(r *rating.TariffRows) { customer("GB", "reseller", "INR")(r); r.Accounts[0].VATNumber = "" },
			`accounts.csv:2: account "acme": reverse charge (taxes.csv:3) without the customer's VAT number; fill in vat_number, or change customer_type
account "acme": billed in INR, and VAT must be stated in GBP too, but fx.csv has no rate from INR to GBP for 2026-10; add the rate of 2026-10-31`,
		},
		{"no row", customer("GB", "consumer", "GBP"), `accounts.csv:2: account "acme": no row of taxes.csv fits seller country GB, customer country GB, customer type consumer on 2026-10-31; add one`},
		{
			"consumer", func(r *rating.TariffRows) {
				customer("FR", "consumer", "EUR")(r)
				r.Taxes[3].CustomerType, r.Taxes[3].Treatment = "*", "AE"
			},
			`taxes.csv:5: account "acme": a reverse charge to a consumer, who cannot account for it; add a row for consumers to taxes.csv, or correct customer_type in accounts.csv:2`,
		},
		{"no such seller", func(r *rating.TariffRows) { r.Accounts[0].Seller = "them" }, `accounts.csv:2: account "acme": seller "them" is not in sellers.csv; add it there`},
		{
			"which seller", func(r *rating.TariffRows) {
				r.Accounts[0].Seller = ""
				r.Sellers = append(r.Sellers, rating.SellerRow{Seller: "them", Country: "GB"})
			},
			`accounts.csv:2: account "acme": names no seller, and sellers.csv has 2; fill the column seller`,
		},
		{"no seller", func(r *rating.TariffRows) { r.Accounts[0].Seller = ""; r.Sellers = nil }, `accounts.csv:2: account "acme": taxes.csv is there, and sellers.csv has no seller; add the seller, with its country, to sellers.csv`},
		{"no terms", func(r *rating.TariffRows) {
			r.Accounts[0].ValidFrom = rating.Date{Year: 2026, Month: time.November, Day: 1}
		}, `account "acme": no row in accounts.csv for 2026-10; add one, or correct valid_from and valid_to`},
	} {
		c := taxed(t, tt.change)
		doc, err := c.Invoice(owing("INR", "1"))
		var got []string
		for _, g := range reports.Gaps(fmt.Errorf("close: %w", errors.Join(errors.New("another"), err))) {
			got = append(got, g.Error())
		}
		if doc != nil || strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: document %v, gaps\n%s\nwant\n%s", tt.name, doc, strings.Join(got, "\n"), tt.want)
		}
	}
}

// TestNoteKeepsTheTaxOfItsInvoice: whatever taxes.csv and fx.csv say when a note is
// made, its tax is that of the document it corrects.
func TestNoteKeepsTheTaxOfItsInvoice(t *testing.T) {
	before := owing("EUR", "100.05", "7")
	invoice, err := taxed(t, customer("GB", "business", "EUR")).Invoice(before)
	if err != nil {
		t.Fatal(err)
	}
	invoice.Number = "US-1"
	changed := taxed(t, func(r *rating.TariffRows) {
		customer("GB", "business", "EUR")(r)
		r.Taxes[0].RatePercent, r.FX = d("25"), nil
	})
	now := owing("EUR", "90", "7")
	note, err := changed.Adjustment(before, now, invoice, reports.LateUsage(now.Month))
	if err != nil {
		t.Fatal(err)
	}
	want := "net 10.05 + S 20% of 10.05 = 2.01 (taxes.csv:2 on 2026-10-31: ) = 12.06; GBP at 0.868676 of 2026-10-31 (month end): net 8.73, tax 1.75"
	if got := say(note); got != want || note.Type != reports.CreditNote {
		t.Errorf("got %s\n%s\nwant credit_note\n%s", note.Type, got, want)
	}
	if got := say(invoice); !strings.HasPrefix(got, "net 107.05") {
		t.Errorf("the invoice became %s", got)
	}
}
