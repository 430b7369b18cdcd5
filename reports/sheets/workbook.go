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
// them are read. Memory does not grow with messages except for the packed rows,
// about 20 bytes each; unpacked rows spill to the temporary directory.
func WriteWorkbook(w io.Writer, data reports.WorkbookData, messages iter.Seq2[*rating.Message, error]) error {
	m := newMonth(data)
	defer m.discard()
	m.properties("Postage "+data.Month.String()+" "+m.status(), "Postage", data.Month.Next().First())
	m.readme()
	m.summary()
	m.lineSheet()
	m.groupSheet("By market", "Market", "F", func(l rating.Line) string { return l.Market })
	m.groupSheet("By category", "Category", "G", func(l rating.Line) string { return l.Category })
	m.documentSheet()
	m.adjustmentSheet()
	m.unratedSheet()
	if err := m.detail(messages); err != nil {
		return fmt.Errorf("workbook of %s: %w", data.Month, err)
	}
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
	parts     []detailPart
	scales    map[string]int32 // minor digits by currency
	tallies   map[group]tally  // of the detail, once it is written
}

// firstRow is where the rows of every sheet begin: a title, a line of
// explanation, the header.
const firstRow = 4

func newMonth(data reports.WorkbookData) *month {
	m := &month{book: newBook(), data: data, scales: map[string]int32{}}
	n := 0
	var accounts, markets, categories []string
	for i := range data.Statements {
		s := &data.Statements[i]
		n += len(s.Lines)
		m.scales[s.Currency] = s.Scale
		accounts = append(accounts, key(s.Account))
		for _, l := range s.Lines {
			markets, categories = append(markets, key(l.Market)), append(categories, key(l.Category))
		}
	}
	for i := range data.Documents {
		accounts = append(accounts, key(data.Documents[i].Customer.ID))
		m.scales[data.Documents[i].Currency] = data.Documents[i].Scale
	}
	doubles := twins(accounts)
	for _, other := range [][]string{markets, categories} {
		for k := range twins(other) {
			doubles[k] = true
		}
	}
	m.lines = block{sheet: "Lines", first: firstRow, last: firstRow + n - 1, twins: doubles}
	m.documents = block{sheet: "Documents", first: firstRow, last: firstRow + len(data.Documents) - 1, twins: doubles}
	return m
}

// key is how a name stands in a cell that formulas compare: never empty.
func key(s string) string {
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
	s := m.open(plan{
		name: name, title: "Postage " + m.data.Month.String() + " " + m.status(),
		columns: columns, frozen: firstRow - 1, from: firstRow - 1,
	})
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
