package ubl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"postage/reports"
	"postage/reports/wording"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/shopspring/decimal"
)

// read is what a receiver reads of a document.
type read struct {
	CustomizationID string
	ID              string
	Note            []string
	TaxTotal        []struct {
		TaxAmount money
	}
	LegalMonetaryTotal struct {
		LineExtensionAmount, TaxExclusiveAmount, TaxInclusiveAmount, PayableAmount money
	}
	InvoiceLine, CreditNoteLine []struct {
		InvoicedQuantity, CreditedQuantity int64
		LineExtensionAmount                money
		AllowanceCharge                    *struct {
			ChargeIndicator bool
			Amount          money
		}
		Price struct{ PriceAmount money }
		Item  struct{ Name string }
	}
	PaymentMeans struct {
		PaymentMeansCode      string
		PayeeFinancialAccount struct{ ID string }
	}
	AccountingSupplierParty, AccountingCustomerParty struct {
		Party struct {
			EndpointID     string
			PartyName      struct{ Name string }
			PartyTaxScheme struct{ CompanyID string }
		}
	}
}

type money struct {
	Value    decimal.Decimal `xml:",chardata"`
	Currency string          `xml:"currencyID,attr"`
}

func written(t *testing.T, d *reports.Document) (string, read) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	var r read
	if err := xml.Unmarshal(b.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return b.String(), r
}

// TestTotals: the e-invoice says what the document says, to the last digit, in every
// currency, and its lines add up to it.
func TestTotals(t *testing.T) {
	for name, d := range documentsOf(t) {
		_, r := written(t, d)
		total := r.LegalMonetaryTotal
		for what, pair := range map[string][2]decimal.Decimal{
			"net":     {total.TaxExclusiveAmount.Value, d.Net},
			"lines":   {total.LineExtensionAmount.Value, d.Net},
			"tax":     {r.TaxTotal[0].TaxAmount.Value, d.Tax},
			"gross":   {total.TaxInclusiveAmount.Value, d.Gross},
			"payable": {total.PayableAmount.Value, d.Gross},
		} {
			if !pair[0].Equal(pair[1]) {
				t.Errorf("%s: %s %s, the document says %s", name, what, pair[0], pair[1])
			}
		}
		if a := d.AccountingTax; a != nil && (len(r.TaxTotal) != 2 || !r.TaxTotal[1].TaxAmount.Value.Equal(a.Tax) || r.TaxTotal[1].TaxAmount.Currency != a.Currency) {
			t.Errorf("%s: tax totals %v, want a second one of %s %s", name, r.TaxTotal, a.Currency, a.Tax)
		}
		sum := decimal.Decimal{}
		for i, l := range append(r.InvoiceLine, r.CreditNoteLine...) {
			sum = sum.Add(l.LineExtensionAmount.Value)
			if l.LineExtensionAmount.Currency != d.Currency {
				t.Errorf("%s line %d: in %s, want %s", name, i+1, l.LineExtensionAmount.Currency, d.Currency)
			}
			exact := l.Price.PriceAmount.Value.Mul(decimal.NewFromInt(l.InvoicedQuantity + l.CreditedQuantity))
			if want := d.Lines[i].UnitPrice.Mul(decimal.NewFromInt(d.Lines[i].Quantity)); !exact.Equal(want) {
				t.Errorf("%s line %d: quantity x price is %s, want %s in full", name, i+1, exact, want)
			}
			if a := l.AllowanceCharge; a != nil && a.ChargeIndicator {
				exact = exact.Add(a.Amount.Value)
			} else if a != nil {
				exact = exact.Sub(a.Amount.Value)
			}
			if difference := exact.Sub(l.LineExtensionAmount.Value).Abs(); difference.GreaterThan(slack) {
				t.Errorf("%s line %d: %s off quantity x price and rounding", name, i+1, difference)
			}
		}
		if !sum.Equal(d.Net) {
			t.Errorf("%s: the lines add up to %s, the document says %s", name, sum, d.Net)
		}
	}
}

func TestReproducible(t *testing.T) {
	d := documentsOf(t)["fernhill-retail-GBP-invoice"]
	a, _ := written(t, d)
	b, _ := written(t, d)
	if a != b {
		t.Error("the same document gave other bytes the second time")
	}
}

func TestHostileTexts(t *testing.T) {
	text, r := written(t, documentsOf(t)["hostile"])
	if i := strings.IndexFunc(text, func(c rune) bool {
		return c != '\n' && unicode.IsControl(c) || c == '\u202E' || c == '\uFFFE' || c == '\uFFFF'
	}); i >= 0 {
		t.Errorf("a control character at %d: %q", i, text[max(0, i-20):i+20])
	}
	name := r.AccountingCustomerParty.Party.PartyName.Name
	if want := wording.Line(documentsOf(t)["hostile"].Customer.Name); name != want || !strings.HasPrefix(name, "=1+1</cbc:Name><cbc:Name>&amp;") || len(name) < 500 {
		t.Errorf("name %q, want %q", name, want)
	}
	for i, want := range []string{"\uFFFD\uFFFD", "&lt;script&gt;<script>"} {
		if got := r.InvoiceLine[i].Item.Name; got != want {
			t.Errorf("line %d: %q, want %q", i+1, got, want)
		}
	}
}

// TestNotExpressible: what is missing is said at once, with the place to fill it in, and
// nothing is written.
func TestNotExpressible(t *testing.T) {
	docs := documentsOf(t)
	for _, c := range []struct {
		of     string
		change func(*reports.Document)
		want   []string
	}{
		{"fernhill-retail-GBP-invoice", func(d *reports.Document) { d.Number = "" }, []string{"draft"}},
		{"fernhill-retail-GBP-invoice", func(d *reports.Document) { d.Taxes, d.Tax, d.Gross = nil, decimal.Zero, d.Net }, []string{"taxes.csv"}},
		{"fernhill-retail-GBP-invoice", func(d *reports.Document) { d.Seller = reports.Party{} }, []string{"sellers.csv: name, country", "sellers.csv: vat_number"}},
		{"fernhill-retail-GBP-invoice", func(d *reports.Document) { d.Customer.Country = "" }, []string{"accounts.csv: country"}},
		{"alpenglueck-reisen-EUR-invoice", func(d *reports.Document) { d.Customer.VATNumber = "" }, []string{"accounts.csv: vat_number"}},
		{"cedar-tickets-USD-credit_note", func(d *reports.Document) { d.Preceding = nil }, []string{"the invoice that it corrects"}},
		{"treatment-Z", func(d *reports.Document) { d.Taxes[0].Treatment = "X" }, []string{"not X"}},
	} {
		d := *docs[c.of]
		d.Taxes = slices.Clone(d.Taxes)
		c.change(&d)
		var b bytes.Buffer
		err := Write(&b, &d)
		if !errors.Is(err, ErrNotExpressible) || b.Len() > 0 {
			t.Errorf("%s: wrote %d bytes, error %v, want none and ErrNotExpressible", c.want, b.Len(), err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
	}
}

// TestMustAddUp: figures that disagree never leave as an e-invoice.
func TestMustAddUp(t *testing.T) {
	cent := decimal.New(1, -2)
	for what, change := range map[string]func(*reports.Document){
		"net":   func(d *reports.Document) { d.Net = d.Net.Add(cent) },
		"tax":   func(d *reports.Document) { d.Tax = d.Tax.Add(cent) },
		"total": func(d *reports.Document) { d.Gross = d.Gross.Add(cent) },
		"base":  func(d *reports.Document) { d.Taxes[0].Base = d.Taxes[0].Base.Add(cent) },
		"line":  func(d *reports.Document) { d.Lines[0].Quantity++ },
	} {
		d := *documentsOf(t)["fernhill-retail-GBP-invoice"]
		d.Taxes, d.Lines = slices.Clone(d.Taxes), slices.Clone(d.Lines)
		change(&d)
		if err := Write(&bytes.Buffer{}, &d); err == nil || errors.Is(err, ErrNotExpressible) {
			t.Errorf("%s: error %v, want one that names the difference", what, err)
		}
	}
}

func TestProfiles(t *testing.T) {
	base := *documentsOf(t)["fernhill-retail-GBP-invoice"]
	for _, c := range []struct {
		what   string
		change func(*reports.Document)
		want   string
	}{
		{"both in Peppol", func(*reports.Document) {}, "peppol"},
		{"customer outside", func(d *reports.Document) { d.Customer.PeppolID = "" }, "core"},
		{"seller outside", func(d *reports.Document) { d.Seller.PeppolID = "" }, "core"},
		{"unknown scheme", func(d *reports.Document) { d.Customer.PeppolID = "1234:5" }, "core"},
		{"no scheme", func(d *reports.Document) { d.Customer.PeppolID = "GB999999973" }, "core"},
		{"seller of a country with rules of its own", func(d *reports.Document) { d.Seller.Country = "NO" }, "core"},
		{"within Germany", func(d *reports.Document) { d.Seller.Country, d.Customer.Country = "DE", "DE" }, "core"},
		{"out of Germany", func(d *reports.Document) { d.Seller.Country = "DE" }, "peppol"},
		{"third decimal used", func(d *reports.Document) { d.Scale, d.Net = 3, decimal.RequireFromString("1.234") }, "decimals"},
		{"third decimal not used", func(d *reports.Document) { d.Scale = 3 }, "peppol"},
	} {
		d := base
		c.change(&d)
		if got := profileName(&d); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// TestMistypedAddress: an address with a wrong check digit is none, or the document would
// claim to be what the network refuses. TestRules has the right ones.
func TestMistypedAddress(t *testing.T) {
	for _, address := range addresses {
		if peppolAddress(reports.Party{PeppolID: address}) == nil {
			t.Errorf("%s is no address", address)
		}
	}
	for _, address := range []string{
		"0184:DK1234567", "0192:923609017", "0007:5567212048", "9944:NL123456789", "0208:0202239952", "0088:4006381333932", "0151:51824753557",
		"0088:", "0088:12a", "0192:000000000", "0096:1", "0198:12345678", "0106:1", "0190:1", "0088", ":", "",
	} {
		if a := peppolAddress(reports.Party{PeppolID: address}); a != nil {
			t.Errorf("%q became %v, want none", address, *a)
		}
	}
}

func TestIBAN(t *testing.T) {
	for details, want := range map[string]string{
		"IBAN GB33BUKB20201555555555 (example)":                            "GB33BUKB20201555555555",
		"Example Bank plc\nIBAN GB33 BUKB 2020 1555 5555 55\nBIC BUKBGB22": "GB33BUKB20201555555555",
		"IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX":                "DE89370400440532013000",
		"GB34BUKB20201555555555":                                           "", // wrong check digits
		"Sort code 20-20-15, account 55555555":                             "",
		"NO93 8601 1117 947":                                               "NO9386011117947",
	} {
		if got := findIBAN(strings.Join(wording.Lines(details), ", ")); got != want {
			t.Errorf("%q: %q, want %q", details, got, want)
		}
	}
	if got := findBIC("Bank, SWIFT/BIC: BUKBGB22, x"); got != "BUKBGB22" {
		t.Errorf("BIC %q", got)
	}
}

func TestVATNumber(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"GB", "GB 123 4567 89"}:  "GB123456789",
		{"GB", "123 4567 89"}:     "GB123456789",
		{"GR", "094014201"}:       "EL094014201",
		{"GR", "EL 094.014.201"}:  "EL094014201",
		{"GB", "XI123456789"}:     "XI123456789",
		{"CH", "che-123.456.789"}: "CHE123456789",
		{"GB", " "}:               "",
	} {
		if got := vatNumber(reports.Party{Country: in[0], VATNumber: in[1]}); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("=cmd|' /C calc'!A0", "10 Street, Town\nCounty", "9930:DE1", "\x00\u202E]]>")
	f.Fuzz(func(t *testing.T, name, address, peppol, description string) {
		example, err := exampleDocuments()
		if err != nil {
			t.Fatal(err)
		}
		d := *example[0]
		d.Customer.Name, d.Customer.Address, d.Customer.PeppolID = name, address, peppol
		d.Lines = slices.Clone(d.Lines)
		d.Lines[0].Description = description
		_, r := written(t, &d)
		if got, want := r.AccountingCustomerParty.Party.PartyName.Name, first(name, d.Customer.ID); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
		if fmt.Sprint(r.LegalMonetaryTotal.PayableAmount.Value) != fmt.Sprint(d.Gross) {
			t.Errorf("payable %s, want %s", r.LegalMonetaryTotal.PayableAmount.Value, d.Gross)
		}
	})
}
