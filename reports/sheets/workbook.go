package sheets

import (
	"fmt"
	"io"
	"iter"
	"postage/rating"
	"postage/reports"
	"strings"

	"github.com/shopspring/decimal"
)

// WriteWorkbook writes the finance workbook of a month. Messages are read once,
// in their order; the charged ones become the rows of Detail, all others are
// skipped. It stops at the first error of messages. Nothing reaches w before all of
// them are read. Memory does not grow with messages: packed rows, about 30 bytes
// each, go to the temporary directory when they are many.
func WriteWorkbook(w io.Writer, data reports.WorkbookData, messages iter.Seq2[*rating.Message, error]) error {
	m := newMonth(data)
	defer m.discard()
	m.properties("Postage "+data.Month.String()+" "+m.status(), "Postage", data.Month.Next().First())
	m.add("README", "Summary", "By account", "By country", "By category", "By notification type",
		"Lines", "Documents", "Adjustments", "Unrated", "Reconciliation", "Rates applied", "GL journal")
	// Detail comes first, because the others state what it adds up to.
	if err := m.detail(messages); err != nil {
		return fmt.Errorf("workbook of %s: %w", data.Month, err)
	}
	m.readme()
	m.accountSheet()
	m.countrySheet()
	m.categorySheet()
	m.summary()
	m.typeSheet()
	m.lineSheet()
	m.documentSheet()
	m.adjustmentSheet()
	m.unratedSheet()
	m.journalSheet()
	m.rateSheet()
	m.reconciliation()
	if err := m.save(w); err != nil {
		return fmt.Errorf("workbook of %s: %w", data.Month, err)
	}
	return nil
}

// month is the workbook in the making. Where each block of rows will stand is
// settled first, so that sheets can refer to sheets that come after them.
type month struct {
	*book
	data      reports.WorkbookData
	lines     block // statement lines
	documents block
	postings  block
	accounts  block // rows of By account
	parts     []detailPart
	scales    map[string]int32 // minor digits by currency
	billed    map[string]bool  // currencies that somebody is billed in, now or in the month before
	owed      map[group]owed   // what documents come to, by account and currency
	booked    map[group]decimal.Decimal
	charts    []chartData

	// What the detail adds up to, once it is written.
	tallies map[group]tally   // by account
	types   map[group]tally   // notifications, by type
	rates   map[rateKey]tally // by price row
}

// firstRow is where the rows of every sheet begin: a title, a line of
// explanation, the header.
const firstRow = 4

func newMonth(data reports.WorkbookData) *month {
	m := &month{book: newBook(), data: data, scales: map[string]int32{}, billed: map[string]bool{}, booked: map[group]decimal.Decimal{}}
	n := 0
	var accounts, markets, categories []string
	for i := range data.Statements {
		s := &data.Statements[i]
		n += len(s.Lines)
		m.scales[s.Currency], m.billed[s.Currency] = s.Scale, true
		accounts = append(accounts, key(s.Account))
		for _, l := range s.Lines {
			markets, categories = append(markets, key(l.Market)), append(categories, key(l.Category))
		}
	}
	for i := range data.Documents {
		accounts = append(accounts, key(data.Documents[i].Customer.ID))
		m.scales[data.Documents[i].Currency], m.billed[data.Documents[i].Currency] = data.Documents[i].Scale, true
	}
	for i := range data.Prior {
		m.scales[data.Prior[i].Currency], m.billed[data.Prior[i].Currency] = data.Prior[i].Scale, true
	}
	postings := 0
	for _, b := range data.Journal {
		postings += len(b.Postings)
		for i := range b.Postings {
			accounts = append(accounts, key(b.Postings[i].Customer))
			m.scales[b.Postings[i].Currency] = b.Postings[i].Scale
		}
	}
	doubles := twins(accounts)
	for _, other := range [][]string{markets, categories} {
		for k := range twins(other) {
			doubles[k] = true
		}
	}
	m.lines = block{sheet: "Lines", first: firstRow, last: firstRow + n - 1, twins: doubles}
	m.documents = block{sheet: "Documents", first: firstRow, last: firstRow + len(data.Documents) - 1, twins: doubles}
	m.postings = block{sheet: "GL journal", first: firstRow, last: firstRow + postings - 1, twins: doubles}
	m.owed = owedBy(data.Documents)
	return m
}

// key is how a name stands in a cell that formulas compare: never empty.
func key(s string) string {
	if isPlain(s) {
		return s
	}
	if s = strings.TrimSpace(clean(s)); s == "" {
		return "none"
	}
	return s
}

func (m *month) status() string {
	switch m.data.Kind {
	case reports.FinalRun:
		return "FINAL"
	case reports.DraftRun:
		return "DRAFT"
	case reports.AdjustmentRun:
		return "ADJUSTMENT"
	}
	return strings.ToUpper(string(m.data.Kind))
}

// begin opens a sheet with its title, a line on how to read it, and the header.
func (m *month) begin(name, explanation string, columns []column) *sheet {
	p := plan{
		name: name, title: "Postage " + m.data.Month.String() + " " + m.status(),
		columns: columns, frozen: firstRow - 1, from: firstRow - 1,
	}
	if name == "Summary" { // several tables, each with its own header
		p.frozen, p.from = 1, 1
	}
	s := m.open(p)
	s.putHigh(22, text(name+", "+m.data.Month.String()+", "+m.status()).with(look{bold: true, size: 14, colour: accent}))
	s.put(text(explanation).with(quiet))
	s.titles()
	return s
}

// round is a formula rounded to the minor unit, so that sums of cents tie.
func round(formula string, scale int32) string { return fmt.Sprintf("ROUND(%s,%d)", formula, scale) }

// sign turns amounts of credit notes, which are positive and owed to the
// customer, into what they are to us.
func sign(d *reports.Document) decimal.Decimal {
	if d.Type == reports.CreditNote {
		return decimal.NewFromInt(-1)
	}
	return decimal.NewFromInt(1)
}
