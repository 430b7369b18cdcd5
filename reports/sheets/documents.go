package sheets

import (
	"fmt"
	"postage/rating"
	"postage/reports"
)

// documentSheet writes the issued documents. Formulas of other sheets use B
// type, C account, G currency, L signed net, M signed tax, N signed gross.
func (m *month) documentSheet() {
	s := m.begin("Documents", "What was issued for this month. Signed columns count credit notes as negative.", []column{
		{"Number", 20, false},
		{"Type", 12, false},
		{"Account", 16, false},
		{"Name", 30, false},
		{"Issued", 11, false},
		{"Due", 11, false},
		{"Currency", 9, false},
		{"Net", 15, true},
		{"Tax", 14, true},
		{"Gross", 15, true},
		{"Sign", 6, true},
		{"Signed net", 15, true},
		{"Signed tax", 14, true},
		{"Signed gross", 15, true},
		{"Corrects", 18, false},
		{"Exact as text", 24, false},
	})
	for i := range m.data.Documents {
		d := &m.data.Documents[i]
		r, l, by := s.row+1, money(d.Scale), sign(d)
		number, corrects := d.Number, ""
		if number == "" {
			number = "draft"
		}
		if d.Preceding != nil {
			corrects = d.Preceding.Number
		}
		s.put(text(number), text(string(d.Type)), text(key(d.Customer.ID)), text(d.Customer.Name), date(d.IssuedOn), date(d.DueOn), text(d.Currency),
			amount(d.Net, l), amount(d.Tax, l), live(round(fmt.Sprintf("H%d+I%d", r, r), d.Scale), d.Gross, l),
			whole(by.IntPart()),
			live(fmt.Sprintf("H%d*$K%d", r, r), d.Net.Mul(by), l),
			live(fmt.Sprintf("I%d*$K%d", r, r), d.Tax.Mul(by), l),
			live(fmt.Sprintf("J%d*$K%d", r, r), d.Gross.Mul(by), l),
			text(corrects), exact("net", d.Net, "tax", d.Tax, "gross", d.Gross))
	}
	s.filter(s.row)
	s.close()
}

// adjustmentSheet lists what changed after the invoice, or beside it: notes,
// and adjustment lines of the statements.
func (m *month) adjustmentSheet() {
	s := m.begin("Adjustments", "Notes issued for this month (credit negative), then adjustment lines of the statements, net of tax.", []column{
		{"What", 16, false},
		{"Number", 20, false},
		{"Account", 18, false},
		{"Corrects", 20, false},
		{"Issued", 11, false},
		{"Currency", 10, false},
		{"Net", 15, true},
		{"Tax", 15, true},
		{"Gross", 15, true},
		{"Reason", 60, false},
		{"Exact as text", 24, false},
	})
	for i := range m.data.Documents {
		d := &m.data.Documents[i]
		if d.Type == reports.Invoice {
			continue
		}
		l, by, r, corrects := money(d.Scale), sign(d), s.row+1, ""
		if d.Preceding != nil {
			corrects = d.Preceding.Number
		}
		s.putHigh(high(d.Reason, 64, 0), text(string(d.Type)), text(d.Number), text(key(d.Customer.ID)), text(corrects), date(d.IssuedOn), text(d.Currency),
			amount(d.Net.Mul(by), l), amount(d.Tax.Mul(by), l), live(round(fmt.Sprintf("G%d+H%d", r, r), d.Scale), d.Gross.Mul(by), l),
			text(d.Reason).with(wrapped), exact("net", d.Net.Mul(by), "gross", d.Gross.Mul(by)))
	}
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, l := range st.Lines {
			if l.Kind == rating.AdjustmentLine {
				s.putHigh(high(l.Detail, 64, 0), text("statement line"), cell{}, text(key(st.Account)), cell{}, cell{}, text(st.Currency),
					amount(l.Billed, money(st.Scale)), cell{}, cell{}, text(l.Detail).with(wrapped), exact("net", l.Billed))
			}
		}
	}
	m.orNone(s, "No adjustments.")
	s.filter(s.row)
	s.close()
}

// orNone says that a sheet is empty on purpose.
func (m *month) orNone(s *sheet, words string) {
	if s.row < firstRow {
		s.put(text(words).with(quiet))
	}
}

// unratedSheet lists what is held back and what would release it.
func (m *month) unratedSheet() {
	s := m.begin("Unrated", "Messages held in suspense: they are in no amount until the tariff has what is missing.", []column{
		{"Account", 18, false},
		{"Name", 32, false},
		{"Reason", 18, false},
		{"Market", 20, false},
		{"Category", 20, false},
		{"Messages", 13, true},
		{"What is missing", 70, false},
	})
	var n int64
	for i := range m.data.Statements {
		st := &m.data.Statements[i]
		for _, u := range st.Unrated {
			n += u.Count
			s.putHigh(high(u.Missing, 74, 0), text(key(st.Account)), text(st.Name), text(u.Reason), text(u.Market), text(u.Category), whole(u.Count), text(u.Missing).with(wrapped))
		}
	}
	last := s.row
	if last >= firstRow {
		rest := cell{look: total}
		s.put(text("Total").with(total), rest, rest, rest, rest,
			liveCount(fmt.Sprintf("SUM(F%d:F%d)", firstRow, last), n).with(count.asTotal()), rest)
	}
	m.orNone(s, "Nothing is held: every message has its account, market and price.")
	s.filter(last)
	s.close()
}
