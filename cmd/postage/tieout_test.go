package main

import (
	"fmt"
	"maps"
	"os"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"postage/schemas/clickhouse"
	"postage/schemas/events/traffic"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// TestTieOut closes a month of at least a million messages over the accounts of the
// example tariff and adds it up in every way there is. In each currency the single
// messages, the lines, the statement, SQL over charges and over lines, the documents
// and the journal must say the same, to the last digit.
func TestTieOut(t *testing.T) {
	t.Parallel()
	messages := 1_000_000
	if s := os.Getenv("POSTAGE_TIEOUT_MESSAGES"); s != "" {
		var err error
		if messages, err = strconv.Atoi(s); err != nil {
			t.Fatalf("POSTAGE_TIEOUT_MESSAGES: %v", err)
		}
	}
	began := time.Now()
	october := month("2026-10")
	p := newPlant(t, embeddedBroker(t), "example")
	fillLog(p, october, messages)
	filled := time.Since(began)
	c := p.closer()
	r := p.close(c, october)
	t.Logf("%d messages: %.1f s to fill the log, %.1f s to close", messages, filled.Seconds(), (time.Since(began) - filled).Seconds())
	if counted := int(totalCounts(r).Messages); counted < messages*98/100 { // the next month has those delivered after midnight
		t.Errorf("messages on statements: got %d, want nearly %d", counted, messages)
	}
	tieOut(p, c, october)
}

// TestTieOutWithNotes: the same holds after late events have been billed by notes.
func TestTieOutWithNotes(t *testing.T) {
	t.Parallel()
	october := month("2026-10")
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, october, 4000, traffic.V1)
	late := len(records) * 9 / 10
	p.produce(records[:late]...)
	p.ingest()
	c := p.closer()
	p.close(c, october)
	for _, until := range []int{late + 500, len(records)} {
		p.produce(records[late:until]...)
		p.ingest()
		late = until
		r := p.close(c, october)
		if len(r.Documents) == 0 || r.Kind != reports.AdjustmentRun {
			t.Fatalf("%s run issued %d documents; want notes", r.Kind, len(r.Documents))
		}
		tieOut(p, c, october)
	}
	batches, err := closing.Journal(t.Context(), c.Books, thawTariff, october)
	if err != nil || len(batches) != 3 {
		t.Errorf("batches of the journal: got %d, %v; want one for the close and one for each run of notes", len(batches), err)
	}
}

// fillLog puts a month of traffic into the log of the plant: decoded and stored as the
// ingest does it, from no broker.
func fillLog(p *plant, m rating.Month, messages int) {
	p.t.Helper()
	accounts, err := traffic.AccountsOf(p.tariff.Rows, m, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	g, err := traffic.New(traffic.Config{Month: m, Messages: messages, Seed: 11, Accounts: accounts, Format: traffic.V1})
	if err != nil {
		p.t.Fatal(err)
	}
	const slab, topic = 300_000, "tieout"
	decoder := newDecoder(p.tariff.Tariff)
	batch := &ingest.Batch{}
	var next, from int64
	flush := func() {
		batch.Spans = []ingest.Span{{Topic: topic, From: from, To: next, Records: next - from, Stored: next - from, Events: int64(len(batch.Events))}}
		if err := p.engines.store.Append(p.t.Context(), ingest.Sole{}, batch); err != nil {
			p.t.Fatalf("append: %v", err)
		}
		from, batch.Events = next, batch.Events[:0]
	}
	for r := range g.Records() {
		items, refusals := decoder.Decode(nil, r.Value, r.Arrived)
		if len(items) == 0 || len(refusals) > 0 {
			p.t.Fatalf("record %s: %d events, refusals %v", r.Value, len(items), refusals)
		}
		for _, item := range items {
			batch.Events = append(batch.Events, ingest.Record{Origin: ingest.Origin{Topic: topic, Offset: next, Index: item.Index}, ArrivedAt: r.Arrived, Event: item.Event})
		}
		if next++; len(batch.Events) >= slab {
			flush()
		}
	}
	flush()
}

// sums are the figures of one account, or of one currency.
type sums struct {
	exact, billed decimal.Decimal // net, before and after rounding line by line
	tax, gross    decimal.Decimal
}

// tieOut compares all figures of a closed month. A statement is compared with the run that
// issued it: where a later one changed nothing that is billed, it stands.
func tieOut(p *plant, c *closing.Closer, m rating.Month) {
	t := p.t
	t.Helper()
	statements, err := c.Books.Statements(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := c.Books.Documents(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := closing.Journal(t.Context(), c.Books, thawTariff, m)
	if err != nil {
		t.Fatal(err)
	}
	byMessages, inSQL := addRuns(p, c, m)
	byDocuments, byJournal := addDocuments(documents), addJournal(t, batches)
	if len(statements) != len(p.tariff.Accounts(m)) {
		t.Errorf("%d accounts, %d statements: want equal", len(p.tariff.Accounts(m)), len(statements))
	}
	currencies := map[string]sums{}
	for i := range statements {
		s := &statements[i]
		lines, others := sums{}, sums{}
		for _, l := range s.Lines {
			lines.exact, lines.billed = lines.exact.Add(l.Exact), lines.billed.Add(l.Billed)
			if l.Kind != rating.UsageLine {
				others.exact, others.billed = others.exact.Add(l.Exact), others.billed.Add(l.Billed)
			}
		}
		usage, sql, document, booked := byMessages[s.Account], inSQL[s.Account], byDocuments[s.Account], byJournal[s.Account]
		equal(t, s.Account+", exact", map[string]decimal.Decimal{
			"statement": s.Exact, "lines": lines.exact, "messages": usage.exact.Add(others.exact), "SQL": sql.Exact,
		})
		equal(t, s.Account+", billed", map[string]decimal.Decimal{
			"statement": s.Billed, "lines": lines.billed, "messages": usage.billed.Add(others.billed),
			"SQL, statement": sql.Billed, "SQL over lines": sql.FromLines, "SQL over charges": sql.FromCharges,
			"documents": document.billed, "journal, revenue": booked.billed,
		})
		equal(t, s.Account+", tax", map[string]decimal.Decimal{"documents": document.tax, "journal, VAT": booked.tax})
		equal(t, s.Account+", due", map[string]decimal.Decimal{"documents": document.gross, "net and tax": s.Billed.Add(document.tax), "journal, receivables": booked.gross})
		if !sql.Agrees || sql.Account != s.Account {
			t.Errorf("%s: SQL disagrees with itself: %+v", s.Account, sql)
		}
		all := currencies[s.Currency]
		currencies[s.Currency] = sums{all.exact.Add(s.Exact), all.billed.Add(s.Billed), all.tax.Add(document.tax), all.gross.Add(document.gross)}
	}
	for _, a := range p.tariff.Rows.Accounts {
		if _, ok := currencies[a.Currency]; !ok {
			t.Errorf("currency %s of the tariff is on no statement", a.Currency)
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(currencies)) {
		x := currencies[currency]
		t.Logf("%s: exact %s, billed %s, tax %s, due %s", currency, x.exact, x.billed, x.tax, x.gross)
	}
	carrier(t, statements, batches)
}

// addRuns adds up the messages of each account in the run that issued its latest statement,
// and lets SQL do so.
func addRuns(p *plant, c *closing.Closer, m rating.Month) (byMessages map[string]sums, inSQL map[string]clickhouse.StatementTotal) {
	p.t.Helper()
	runs, err := c.Books.Issued(p.t.Context(), m)
	if err != nil {
		p.t.Fatal(err)
	}
	byMessages, inSQL = map[string]sums{}, map[string]clickhouse.StatementTotal{}
	for _, in := range runs {
		totals, err := p.engines.store.StatementTotals(p.t.Context(), in.Run.ID)
		if err != nil {
			p.t.Fatal(err)
		}
		added := addMessages(p, c, in.Run.ID)
		for _, change := range in.Changes {
			account := change.Now.Account
			byMessages[account] = added[account]
			at := slices.IndexFunc(totals, func(s clickhouse.StatementTotal) bool { return s.Account == account })
			if at < 0 {
				p.t.Fatalf("run %s has no statement of %s in SQL", in.Run.ID, account)
			}
			inSQL[account] = totals[at]
		}
	}
	return byMessages, inSQL
}

// addMessages adds up the single charged messages of a run: the exact sum of their
// prices, and the sum of what makes one line, rounded once.
func addMessages(p *plant, c *closing.Closer, run string) map[string]sums {
	p.t.Helper()
	type line struct {
		account, market, category, row, price, currency string
		regime                                          rating.Regime
		reason                                          rating.Reason
		tier                                            int
	}
	exact := map[line]decimal.Decimal{}
	for m, err := range c.Runs.Charges(p.t.Context(), run) {
		if err != nil {
			p.t.Fatal(err)
		}
		l := line{m.Account, m.Market, m.BilledCategory(), m.Rate.PriceRow, m.Rate.UnitPrice.String(), m.Rate.Currency, m.Regime, m.Reason, m.Tier}
		exact[l] = exact[l].Add(m.Rate.UnitPrice)
	}
	found := map[string]sums{}
	for l, x := range exact {
		s := found[l.account]
		s.exact, s.billed = s.exact.Add(x), s.billed.Add(rating.RoundBilled(x, l.currency))
		found[l.account] = s
	}
	return found
}

// addDocuments adds up invoices and notes, what is owed to the customer below zero.
func addDocuments(documents []reports.Document) map[string]sums {
	found := map[string]sums{}
	for i := range documents {
		d := &documents[i]
		sign := decimal.NewFromInt(1)
		if d.Type == reports.CreditNote {
			sign = sign.Neg()
		}
		s := found[d.Customer.ID]
		s.billed, s.tax, s.gross = s.billed.Add(d.Net.Mul(sign)), s.tax.Add(d.Tax.Mul(sign)), s.gross.Add(d.Gross.Mul(sign))
		found[d.Customer.ID] = s
	}
	return found
}

// addJournal adds up postings by the codes of the example's gl.csv: 11.. is owed to us,
// 22.. is VAT, 4... is revenue.
func addJournal(t *testing.T, batches []*reports.Batch) map[string]sums {
	t.Helper()
	found, balance := map[string]sums{}, map[string]decimal.Decimal{}
	for _, b := range batches {
		for _, p := range b.Postings {
			amount := p.Debit.Sub(p.Credit)
			balance[p.Currency] = balance[p.Currency].Add(amount)
			s := found[p.Customer]
			switch {
			case p.Account == "1100":
				s.gross = s.gross.Add(amount)
			case p.Account == "2200":
				s.tax = s.tax.Sub(amount)
			case p.Account[0] == '4':
				s.billed = s.billed.Sub(amount)
			}
			found[p.Customer] = s
		}
	}
	for currency, left := range balance {
		if !left.IsZero() {
			t.Errorf("journal: debits and credits in %s differ by %s", currency, left)
		}
	}
	return found
}

// carrier compares the carrier's cost on statements, rounded once each, with what was
// booked of it.
func carrier(t *testing.T, statements []rating.Statement, batches []*reports.Batch) {
	t.Helper()
	want, got := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for i := range statements {
		for _, c := range statements[i].Costs {
			want[c.Currency] = want[c.Currency].Add(rating.RoundBilled(c.Exact, c.Currency))
		}
	}
	for _, b := range batches {
		for _, p := range b.Postings {
			if p.Account == "5000" {
				got[p.Currency] = got[p.Currency].Add(p.Debit).Sub(p.Credit)
			}
		}
	}
	for currency := range want {
		equal(t, "carrier cost in "+currency, map[string]decimal.Decimal{"statements": want[currency], "journal": got[currency]})
	}
}

// equal compares figures that must be the same to the last digit.
func equal(t *testing.T, what string, figures map[string]decimal.Decimal) {
	t.Helper()
	all := ""
	var first decimal.Decimal
	same := true
	for i, name := range slices.Sorted(maps.Keys(figures)) {
		if i == 0 {
			first = figures[name]
		}
		same = same && figures[name].Equal(first)
		all += fmt.Sprintf(" %s %s;", name, figures[name])
	}
	if !same {
		t.Errorf("%s:%s want all equal", what, all)
	}
}
