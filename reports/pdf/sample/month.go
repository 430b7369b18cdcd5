package sample

import (
	"cmp"
	"fmt"
	"iter"
	"postage/rating"
	"postage/reports"
	"postage/reports/journal"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// usage is a usage line to be: so many messages at a rate.
type usage struct {
	rate  *rating.Rate
	count int64
}

// Month is a month of six accounts, with documents when it is final. Its
// messages are the very ones on its usage lines, so everything ties.
type Month struct {
	Data  reports.WorkbookData
	usage map[string][]usage // by account
}

// NewMonth makes a month in which every usage line has about perLine messages. A
// final month has invoices for all accounts but one, and a credit note. Two accounts
// and a market have names that a spreadsheet takes for patterns and numbers.
func NewMonth(kind reports.RunKind, perLine int64) *Month {
	return newMonth(kind, perLine, "*", "00123", "?")
}

// NewPlainMonth is NewMonth with names that no spreadsheet misreads.
func NewPlainMonth(kind reports.RunKind, perLine int64) *Month {
	return newMonth(kind, perLine, "aardvark", "aztec", "Canada")
}

func newMonth(kind reports.RunKind, perLine int64, first, second, market string) *Month {
	m := &Month{
		Data: reports.WorkbookData{
			Month: October, Kind: kind, RunID: "run-" + strings.Repeat("5d", 8), Tariff: Tariff,
			Cutoff: reports.Cutoff{{Topic: "postage.events", Partition: 0, Offset: 812_991}, {Topic: "postage.events", Partition: 1, Offset: 809_224}},
		},
		usage: map[string][]usage{},
	}
	m.Data.Rows = &rating.TariffRows{FX: []rating.FXRow{
		{Row: rating.Row{File: "fx.csv", Line: 2}, On: October.Last(), From: "USD", To: "GBP", Rate: Dec("0.7519"), Source: "ECB"},
	}}
	for i, a := range []struct{ id, name, currency string }{
		{first, "=HYPERLINK(\"http://evil.example\")", "GBP"},
		{second, "Zero Padded & Sons", "GBP"},
		{"acme", "Acme Retail Services Limited", "GBP"},
		{"globex", "Globex <Trading> KK 株式会社", "JPY"},
		{"initech", "+44 Initech W.L.L.", "KWD"},
		{"umbrella", "Umbrella Ελλάς Α.Ε.", "EUR"},
	} {
		m.account(a.id, a.name, a.currency, market, perLine+int64(i))
	}
	slices.SortFunc(m.Data.Statements, func(a, b rating.Statement) int { return cmp.Compare(a.Account, b.Account) })
	if kind == reports.FinalRun {
		for _, s := range m.Data.Statements[:5] {
			m.Data.Documents = append(m.Data.Documents, *invoiceOf(&s, len(m.Data.Documents)))
		}
		// The invoice of acme billed too much at first: with its note it is the statement.
		at := slices.IndexFunc(m.Data.Documents, func(d reports.Document) bool { return d.Customer.ID == "acme" })
		invoice, note := &m.Data.Documents[at], CreditNote()
		invoice.Lines = append(invoice.Lines, note.Lines...)
		Total(invoice, "20")
		note.Preceding.Number = invoice.Number
		m.Data.Documents = append(m.Data.Documents, *note)
	}
	m.journal()
	for _, s := range m.Data.Statements {
		m.Data.Prior = append(m.Data.Prior, before(s))
	}
	m.Data.Prior[1].Account, m.Data.Prior[1].Name = "gone", "Gone & Sons" // one went and one came
	return m
}

// journal books the documents, or what a draft would bill.
func (m *Month) journal() {
	chart, run := journal.NewChart(nil), reports.Run{ID: m.Data.RunID, Month: October, Kind: m.Data.Kind}
	if m.Data.Kind != reports.FinalRun {
		accrual, reversal, err := journal.Accrual(chart, run.Month, &run, reports.ChangesFrom(nil, m.Data.Statements))
		if err != nil {
			panic(err)
		}
		m.Data.Journal = []*reports.Batch{accrual, reversal}
		return
	}
	in := &reports.Issued{Run: run, Documents: m.Data.Documents}
	for i := range m.Data.Statements {
		in.Changes = append(in.Changes, reports.StatementChange{Now: &m.Data.Statements[i]})
	}
	batch, err := journal.Entries(chart, in)
	if err != nil {
		panic(err)
	}
	m.Data.Journal = []*reports.Batch{batch}
}

// before is the statement of the month before: a tenth less of everything.
func before(s rating.Statement) rating.Statement {
	s.Month = rating.Month{Year: 2026, Month: time.September}
	s.Lines, s.Exact, s.Billed = slices.Clone(s.Lines), decimal.Zero, decimal.Zero
	for i := range s.Lines {
		l := &s.Lines[i]
		if l.Kind == rating.UsageLine {
			l.Quantity -= l.Quantity / 10
		}
	}
	total(&s)
	return s
}

func (m *Month) account(id, name, currency, market string, perLine int64) {
	s := rating.Statement{
		Account: id, Name: name, Month: October, Package: "growth", Currency: currency, Scale: scales[currency], Tariff: Tariff,
		Lines: []rating.Line{{Kind: rating.MonthlyFeeLine, Detail: "31 of 31 days", Quantity: 1, UnitPrice: Dec("49")}},
	}
	if id == "acme" {
		s.Lines = append(s.Lines, rating.Line{Kind: rating.AdjustmentLine, Detail: "Goodwill for the outage of 4 October", Quantity: 1, UnitPrice: Dec("-12.345")})
		s.Unrated = []rating.UnratedLine{{Reason: "no_price", Market: "Vatican City", Category: "utility", Count: 12, Missing: "prices.csv: a row of price list standard for market Vatican City, category utility"}}
	}
	prices := []string{"0.0221", "0.00452871", "0.0382", "0.125", "0.0313131313131313131", "0.0157"}
	markets := []string{"United Kingdom", "India", "Germany", "Brazil", "Rest of Africa", market}
	for i, market := range markets {
		rate := &rating.Rate{
			PriceRow: fmt.Sprintf("prices.csv:%d", i+2), PriceList: "standard", Origin: "*", Market: market, Category: "utility",
			FromVolume: 1, Tier: 1, UnitPrice: Dec(prices[i]), Currency: currency,
		}
		if len(m.Data.Rows.Prices) < len(markets) {
			m.Data.Rows.Prices = append(m.Data.Rows.Prices, rating.PriceRow{
				Row: rating.Row{File: "prices.csv", Line: i + 2}, PriceList: "standard", ValidFrom: rating.Date{Year: 2026, Month: time.January, Day: 1},
				Currency: "USD", Origin: "*", Market: market, Category: "utility", FromVolume: 1, UnitPrice: Dec(prices[i]),
			})
		}
		n := perLine + int64(i)
		m.usage[id] = append(m.usage[id], usage{rate, n})
		s.Lines = append(s.Lines, rating.Line{
			Kind: rating.UsageLine, Regime: "PMP1", Market: market, Category: "utility", Reason: "template_regular", Tier: 1, From: 1,
			PriceRow: rate.PriceRow, Quantity: n, UnitPrice: rate.UnitPrice,
		})
		s.Counts.NoticeCharged += n
	}
	s.Counts.CareFree, s.Counts.NotDelivered = 3*perLine, perLine/9
	s.Counts.Messages = s.Counts.NoticeCharged + s.Counts.CareFree + s.Counts.NotDelivered
	s.Costs = []rating.Cost{{Currency: "USD", Exact: decimal.NewFromInt(perLine).Mul(Dec("0.0071"))}}
	total(&s)
	m.Data.Statements = append(m.Data.Statements, s)
}

// total fills the amounts of a statement from its quantities and unit prices.
func total(s *rating.Statement) {
	for i := range s.Lines {
		l := &s.Lines[i]
		l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity))
		l.Billed = l.Exact.Round(s.Scale)
		s.Exact, s.Billed = s.Exact.Add(l.Exact), s.Billed.Add(l.Billed)
	}
	s.Residue = s.Billed.Sub(s.Exact)
}

func invoiceOf(s *rating.Statement, n int) *reports.Document {
	d := Invoice(s.Currency, 0)
	d.Number = fmt.Sprintf("INV-2026-%06d", 123+n)
	d.Customer = reports.Party{ID: s.Account, Name: s.Name, Country: "GB"}
	d.Counts = s.Counts
	for _, l := range s.Lines {
		d.Lines = append(d.Lines, reports.DocumentLine{
			Kind: l.Kind, Description: string(l.Kind) + " " + l.Market, Market: l.Market, Category: l.Category, Unit: "messages",
			Quantity: l.Quantity, UnitPrice: l.UnitPrice, PriceRow: l.PriceRow,
		})
	}
	Total(d, "20")
	return d
}

// Messages yields the charged messages of the month, and among them some that
// are not charged.
func (m *Month) Messages() iter.Seq2[*rating.Message, error] {
	return func(yield func(*rating.Message, error) bool) {
		start := rating.At(time.Date(2026, 10, 1, 0, 0, 0, 123e6, time.UTC))
		n := int64(0)
		for _, s := range m.Data.Statements {
			for _, u := range m.usage[s.Account] {
				for range u.count {
					n++
					msg := message(n, start, s.Account, u.rate)
					if !yield(&msg, nil) {
						return
					}
				}
				free := message(n, start, s.Account, u.rate)
				free.Outcome, free.Rate = rating.Free, nil
				if !yield(&free, nil) {
					return
				}
			}
		}
	}
}

func message(n int64, start rating.Instant, account string, rate *rating.Rate) rating.Message {
	at := start + rating.Instant(n*7919%2_600_000_000)
	return rating.Message{
		MessageID: fmt.Sprintf("wamid.HBgLNDQ3NzAwOTAw%012d", n), Sender: "+442079460000", User: fmt.Sprintf("+4477%08d", n%100_000_000),
		UserCountry: "GB", Account: account, Kind: rating.Template, SentAt: at, DeliveredAt: at + 1500,
		Class: rating.Notification, Market: rate.Market, Month: October,
		Verdict: rating.Verdict{
			Regime: rating.PMP1, Outcome: rating.Charged, Reason: rating.TemplateRegular,
			Category: "utility", Tier: rate.Tier, Rate: rate,
		},
	}
}
