package ubl

import (
	"fmt"
	"maps"
	"postage/rating"
	"postage/reports"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
	"postage/schemas/tariff"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

var month = rating.Month{Year: 2026, Month: time.October}

// issue is a day on which documents of the month are issued.
var issueDate = rating.Date{Year: 2026, Month: time.November, Day: 3}

// exampleDocuments are what the composer makes of made-up traffic under the example
// tariff: an invoice for every account, and for every account a credit note and a debit
// note, as if a third of its messages had been known wrongly.
var exampleDocuments = sync.OnceValues(func() ([]*reports.Document, error) {
	rows, err := tariff.Read(tariff.Example)
	if err != nil {
		return nil, err
	}
	t, err := rating.NewTariff(rows)
	if err != nil {
		return nil, err
	}
	all, err := conversations(rows)
	if err != nil {
		return nil, err
	}
	full, err := statements(t, all)
	if err != nil {
		return nil, err
	}
	part, err := statements(t, all[:2*len(all)/3])
	if err != nil {
		return nil, err
	}
	c := &reports.Composer{Tariff: t, IssuedOn: issueDate, Example: true}
	var out []*reports.Document
	number := func(d *reports.Document) *reports.Document {
		d.Number = fmt.Sprintf("%s-%06d", c.Series(d), len(out)+1)
		out = append(out, d)
		return d
	}
	for _, account := range slices.Sorted(maps.Keys(full)) {
		now := full[account]
		invoice, err := c.Invoice(now)
		if err != nil {
			return nil, err
		}
		number(invoice)
		before := part[account]
		for _, pair := range [][2]*rating.Statement{{now, before}, {before, now}} {
			note, err := c.Adjustment(pair[0], pair[1], invoice, reports.LateUsage(month))
			if err != nil {
				return nil, err
			}
			if note == nil {
				continue // a minimum spend swallows the difference
			}
			number(note)
		}
	}
	return out, nil
})

// conversations makes up traffic and gathers its events by conversation.
func conversations(rows *rating.TariffRows) ([][]rating.Event, error) {
	accounts, err := traffic.AccountsOf(rows, month, 0)
	if err != nil {
		return nil, err
	}
	g, err := traffic.New(traffic.Config{Month: month, Messages: 6000, Seed: 7, Accounts: accounts})
	if err != nil {
		return nil, err
	}
	var order []string
	byKey := map[string][]rating.Event{}
	d := &events.Decoder{}
	for record := range g.Records() {
		items, refused := d.Decode(nil, record.Value, record.Arrived)
		if len(refused) > 0 {
			return nil, fmt.Errorf("%s: %v", record.Value, refused)
		}
		for _, i := range items {
			key := i.Event.Sender + "|" + i.Event.User
			if byKey[key] == nil {
				order = append(order, key)
			}
			byKey[key] = append(byKey[key], i.Event)
		}
	}
	var out [][]rating.Event
	for _, key := range order {
		out = append(out, byKey[key])
	}
	return out, nil
}

// statements rates conversations, by account.
func statements(t *rating.Tariff, conversations [][]rating.Event) (map[string]*rating.Statement, error) {
	rated, err := rating.Evaluate(t, func(yield func([]rating.Event, error) bool) {
		for _, c := range conversations {
			if !yield(slices.Clone(c), nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		return nil, err
	}
	out := map[string]*rating.Statement{}
	for _, account := range t.Accounts(month) {
		f := rating.NewFolder(t, account, month)
		for _, m := range rated.Messages {
			if m.Account == account && m.StatementMonth() == month {
				f.Add(m)
			}
		}
		f.AddInbounds(rated.Inbounds)
		if out[account], err = f.Statement(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addresses are those of the countries that have rules of their own in Peppol, and of
// other issuers with check digits.
var addresses = map[string]string{
	"DK": "0184:DK12345674", "NO": "0192:923609016", "SE": "0007:5567212047", "NL": "9944:NL123456789B01", "IT": "0210:NTRDCH75L21A662C",
	"GR": "9933:EL094014201", "IS": "0196:5802760129", "DE": "9930:DE999999999", "BE": "0208:0202239951", "FR": "0088:4006381333931", "AU": "0151:51824753556",
}

// documentsOf are the example's, each also as if both parties were in the Peppol network,
// and the first invoice under every other treatment.
func documentsOf(t *testing.T) map[string]*reports.Document {
	t.Helper()
	example, err := exampleDocuments()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*reports.Document{}
	for _, d := range example {
		name := fmt.Sprintf("%s-%s-%s", d.Customer.ID, d.Currency, d.Type)
		out[name] = d
		connected := *d
		connected.Customer.PeppolID = "9930:DE999999999"
		out[name+"-connected"] = &connected
	}
	for treatment, rate := range map[string]string{"S": "5.5", "Z": "0", "E": "0", "AE": "0", "O": "0"} {
		out["treatment-"+treatment] = taxed(example[0], treatment, rate)
		plain := *taxed(example[0], treatment, rate)
		plain.Seller.PeppolID, plain.BuyerReference = "", ""
		plain.Taxes[0].Note = ""
		out["treatment-"+treatment+"-unconnected"] = &plain
	}
	for country, address := range addresses {
		number := country + "123456789"
		if country == "NL" {
			number += "B01"
		}
		abroad := *taxed(example[0], "AE", "0")
		abroad.Customer.Country, abroad.Customer.PeppolID = country, address
		abroad.Customer.VATNumber, abroad.Customer.TaxID = number, "12345678"
		out["customer-"+country] = &abroad
		seller := *taxed(example[0], "AE", "0")
		seller.Seller.Country, seller.Seller.PeppolID, seller.Seller.VATNumber = country, address, number
		seller.Customer.Country, seller.Customer.PeppolID, seller.Customer.VATNumber = "FR", "9957:FR12345678901", "FR12345678901"
		out["seller-"+country] = &seller
		home := seller
		home.Customer.Country = country
		out["within-"+country] = &home
	}
	accounted := *taxed(example[0], "S", "20") // VAT to be stated in sterling, too
	accounted.AccountingTax = &reports.AccountingTax{
		Currency: "GBP", Rate: decimal.RequireFromString("0.868676"), RateOn: month.Last(), Source: "HMRC",
		Net: decimal.RequireFromString("1000.01"), Tax: decimal.RequireFromString("200.00"),
	}
	out["treatment-S-accounted"] = &accounted
	out["hostile"] = hostile(example[0])
	return out
}

// taxed is an invoice under another treatment, stated in no other currency.
func taxed(d *reports.Document, treatment, rate string) *reports.Document {
	c := *d
	percent := decimal.RequireFromString(rate)
	c.Tax = rating.RoundBilled(c.Net.Mul(percent).Shift(-2), c.Currency)
	c.Taxes = []reports.TaxTotal{{Treatment: treatment, RatePercent: percent, Base: c.Net, Tax: c.Tax, Note: "As the law says"}}
	c.Gross, c.AccountingTax = c.Net.Add(c.Tax), nil
	return &c
}
