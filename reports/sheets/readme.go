package sheets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// readme writes the first sheet: what this workbook is, and how to read it.
func (m *month) readme() {
	s := m.open(plan{name: "README", title: "Postage " + m.data.Month.String(), portrait: true, columns: []column{{"", 22, false}, {"", 96, false}}})
	s.putHigh(30, text("Postage: finance workbook of "+m.data.Month.String()).with(heading))
	status := look{bold: true, size: 14, fill: caution}
	if m.status() == "FINAL" {
		status.fill = pale
	}
	s.putHigh(22, text(m.status()).with(status), cell{look: status})
	s.putHigh(8)
	name := look{bold: true, colour: grey}
	say := func(label, value string) {
		s.putHigh(high(value, 112, 0), text(label).with(name), text(value).with(wrapped))
	}
	say("Period", m.data.Month.First().String()+" to "+m.data.Month.Last().String())
	say("Run", m.data.RunID)
	say("Tariff version", m.data.Tariff)
	say("Statements", fmt.Sprintf("%d, sha256:%s (of their JSON)", len(m.data.Statements), m.hash()))
	say("Documents", fmt.Sprint(len(m.data.Documents)))
	say("Currencies", strings.Join(m.currencies(), ", "))
	compared := "not closed here, so nothing is compared with it"
	if m.data.Prior != nil {
		compared = fmt.Sprintf("%d statements, as issued last", len(m.data.Prior))
	}
	say("Month before", compared)
	label := "Cut-off"
	for _, o := range m.data.Cutoff {
		say(label, fmt.Sprintf("%s, partition %d: every offset before %d", o.Topic, o.Partition, o.Offset))
		label = ""
	}
	s.putHigh(8)
	s.put(text("Sheets").with(look{bold: true, size: 12, colour: accent}))
	for _, e := range [][2]string{
		{"Summary", "One page: a row for each currency, what the amounts are made of, the change against the month before, charts."},
		{"By account", "One row for each account: messages, net from Lines, tax from invoices, gross, notes issued since. Then one total for each currency."},
		{"By country", "The lines added up by market of the price table, a country or a region. Fees have no market and stand under none."},
		{"By category", "The lines added up by the category billed."},
		{"By notification type", "The charged notifications of Detail by the type they were sent as. Old tariffs bill ten types at one price."},
		{"Lines", "Every line of every statement. Amount is quantity x unit price, rounded once, half away from zero, to the minor unit of the currency."},
		{"Documents", "Invoices, credit notes and debit notes issued for this month. The signed columns count a credit note as negative."},
		{"Adjustments", "What changed after the invoice: notes, and adjustment lines of statements."},
		{"Unrated", "Messages held back because the tariff lacks something, and what to add. They are in no amount of this workbook."},
		{"Reconciliation", "Lines against documents, against the journal and against detail, by account and by currency. Every difference must show 0.00."},
		{"Rates applied", "The price rows behind Detail, how often each was charged, and the exchange rates of the month."},
		{"GL journal", "The double entries of the documents; of a draft, the accrual and its reversal."},
		{"Detail", "One row for each charged message. Past 1,048,576 rows it goes on in Detail 2, Detail 3 and so on; all sums span all of them."},
	} {
		say(e[0], e[1])
	}
	s.putHigh(8)
	s.put(text("How to read it").with(look{bold: true, size: 12, colour: accent}))
	for _, e := range [][2]string{
		{"Formulas", "Totals are live formulas and also stored as values, so they show without recalculating. They tie to the invoices."},
		{"Currencies", "Amounts of different currencies are never added together."},
		{"Precision", "A spreadsheet keeps 15 significant digits. Where a value has more, the column Exact states it as text; that text is what counts."},
		{"Drafts", "Tax is decided when an invoice is issued: until then it shows 0 and invoices show as none yet."},
		{"Times", "All times are UTC. A message belongs to the month in which it was delivered, in the account's own time zone."},
		{"Names", "Names are text as customers wrote them, even when they begin with = + - or @."},
	} {
		say(e[0], e[1])
	}
	s.close()
}

// hash names the statements that the workbook was drawn from.
func (m *month) hash() string {
	content, err := json.Marshal(m.data.Statements)
	m.note(err)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
