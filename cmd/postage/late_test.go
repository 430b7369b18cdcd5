package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"postage/reports/closing"
	"testing"
	"time"
)

// sent and delivered of one notification, and an inbound message.
func notification(id, sender, user string, at time.Time) []kafka.Produced {
	e := rating.Event{Type: rating.Sent, Kind: rating.Template, At: rating.At(at), MessageID: id, Sender: sender, User: user, Category: "SHIPPING_UPDATE"}
	d := e
	d.Type, d.At = rating.Delivered, e.At+1000
	return []kafka.Produced{v1(e), v1(d)}
}

func inbound(id, sender, user string, at time.Time) kafka.Produced {
	return v1(rating.Event{Type: rating.Received, Kind: rating.Freeform, At: rating.At(at), MessageID: id, Sender: sender, User: user})
}

const (
	acme, zenith = "+442079460001", "+442079460002"
	alice, bob   = "+447700900001", "+447700900002"
)

// smallMonth is June 2019: two notifications of acme and one of zenith, all charged
// at 0.05, over a monthly fee of 10.00.
func smallMonth(p *plant) {
	p.t.Helper()
	var records []kafka.Produced
	records = append(records, notification("n1", acme, alice, at("2019-06-10T12:00:00Z"))...)
	records = append(records, notification("n2", acme, bob, at("2019-06-11T12:00:00Z"))...)
	records = append(records, notification("n3", zenith, alice, at("2019-06-12T12:00:00Z"))...)
	p.produce(records...)
	p.ingest()
}

var june = month("2019-06")

// TestLateEvent: what arrives after the close changes no document. It makes one note
// of exactly the difference, once.
func TestLateEvent(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	c := p.closer()
	first := p.close(c, june)
	if len(first.Documents) != 2 {
		t.Fatalf("invoices: got %d, want 2", len(first.Documents))
	}
	invoice := first.Documents[0]
	if invoice.Number != "US-2026-000001" || invoice.Customer.ID != "acme" || invoice.Net.String() != "10.1" || invoice.Gross.String() != "12.12" {
		t.Errorf("invoice: got %s to %s, net %s, gross %s; want US-2026-000001 to acme, 10.1, 12.12", invoice.Number, invoice.Customer.ID, invoice.Net, invoice.Gross)
	}
	if again := p.close(c, june); len(again.Documents) != 0 || again.Kind != reports.AdjustmentRun {
		t.Errorf("second close: got %d documents of kind %s, want none", len(again.Documents), again.Kind)
	}
	before := readBooks(t, p)

	// Alice had written an hour before n1: it was in the window, and free.
	late := inbound("late1", acme, alice, at("2019-06-10T11:00:00Z"))
	late.Time = at("2019-07-05T00:00:00Z")
	p.produce(late, late) // and that twice
	p.ingest()
	r := p.close(c, june)
	if len(r.Documents) != 1 {
		t.Fatalf("documents after the late event: got %+v, want one", r.Documents)
	}
	note := r.Documents[0]
	old, now := statementOf(first, "acme"), statementOf(r, "acme")
	if note.Type != reports.CreditNote || note.Customer.ID != "acme" || note.Number != "US-CN-2026-000001" {
		t.Errorf("got %s %s to %s, want credit_note US-CN-2026-000001 to acme", note.Type, note.Number, note.Customer.ID)
	}
	if note.Preceding == nil || note.Preceding.Number != invoice.Number || note.Preceding.IssuedOn != invoice.IssuedOn {
		t.Errorf("the note refers to %+v, want %s", note.Preceding, invoice.Number)
	}
	if want := old.Billed.Sub(now.Billed); !note.Net.Equal(want) || want.String() != "0.05" || note.Tax.String() != "0.01" {
		t.Errorf("note: net %s, tax %s; the statements differ by %s; want 0.05 and tax 0.01", note.Net, note.Tax, want)
	}
	if again := p.close(c, june); len(again.Documents) != 0 {
		t.Errorf("closing again: got %d documents, want none", len(again.Documents))
	}
	after := readBooks(t, p)
	for key, content := range before {
		if after[key] != content {
			t.Errorf("%s changed after the close:\n got %s\nwant %s", key, after[key], content)
		}
	}
	if got, want := len(after)-len(before), 1+1+3; got != want { // statement, note, pdf, xlsx, ubl
		t.Errorf("the late event added %d rows to the books, want %d", got, want)
	}

	// The next one is measured from the last note, not from the invoice.
	p.produce(inbound("late2", acme, bob, at("2019-06-11T11:00:00Z")))
	p.ingest()
	r = p.close(c, june)
	if len(r.Documents) != 1 || r.Documents[0].Net.String() != "0.05" || r.Documents[0].Number != "US-CN-2026-000002" || r.Documents[0].Preceding.Number != invoice.Number {
		t.Errorf("second late event: got %+v, want one credit note US-CN-2026-000002 of 0.05 to %s", r.Documents, invoice.Number)
	}
	checkChain(t, p)

	// SQL knows each run as it was.
	for _, run := range []struct{ id, billed string }{{first.Run.ID, "10.1"}, {r.Run.ID, "10"}} {
		totals, err := p.engines.store.StatementTotals(t.Context(), run.id)
		if err != nil || len(totals) != 2 || totals[0].Billed.String() != run.billed || !totals[0].Agrees {
			t.Errorf("run %s in SQL: got %+v, error %v; want acme at %s", run.id, totals, err, run.billed)
		}
	}
}

// TestChargeThatComesLate: the other direction is a debit note, and an account that
// was on no statement gets its first invoice.
func TestChargeThatComesLate(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	c := p.closer()
	invoice := p.close(c, june).Documents[1]
	p.produce(notification("n4", zenith, bob, at("2019-06-30T22:59:58Z"))...) // 23:59:59 in London
	p.produce(notification("n5", zenith, bob, at("2019-06-30T22:59:59Z"))...) // delivered at midnight: July
	p.ingest()
	r := p.close(c, june)
	if len(r.Documents) != 1 {
		t.Fatalf("documents: got %+v, want one", r.Documents)
	}
	d := r.Documents[0]
	if d.Type != reports.DebitNote || d.Number != "US-DN-2026-000001" || d.Net.String() != "0.05" || d.Preceding == nil || d.Preceding.Number != invoice.Number || d.DueOn.IsZero() {
		t.Errorf("got %s %s of %s, due %s, preceding %+v; want debit_note US-DN-2026-000001 of 0.05 to %s", d.Type, d.Number, d.Net, d.DueOn, d.Preceding, invoice.Number)
	}
	checkChain(t, p)
}

// TestTariffIsPinned: a month is adjusted under the tariff it was closed under,
// whatever is in force when the late event comes.
func TestTariffIsPinned(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	p.close(p.closer(), june)
	p.tariff = dearerTariff(t)
	p.produce(notification("n4", zenith, bob, at("2019-06-20T12:00:00Z"))...)
	p.ingest()
	r := p.close(p.closer(), june)
	if len(r.Documents) != 1 || r.Documents[0].Net.String() != "0.05" {
		t.Errorf("got %+v, want one note of 0.05, the price of the month", r.Documents)
	}
}

// dearerTariff is the small one at twice the price.
func dearerTariff(t *testing.T) *loadedTariff {
	t.Helper()
	dir := t.TempDir()
	copyTree(t, "testdata/tariff", dir)
	edit(t, filepath.Join(dir, "prices.csv"), "0.0500", "0.1000")
	tf, err := (tariffFlag{dir}).load()
	if err != nil {
		t.Fatal(err)
	}
	return tf
}

// failing is a run store whose first runs cannot be finished, as if the process had
// died between the books and the end of the run.
type failing struct {
	reports.RunStore
	failures int
}

func (f *failing) BeginRun(ctx context.Context, r reports.Run) (reports.RunWriter, error) {
	w, err := f.RunStore.BeginRun(ctx, r)
	return &dying{w, f}, err
}

type dying struct {
	reports.RunWriter
	store *failing
}

func (d *dying) Finish(ctx context.Context) error {
	if d.store.failures > 0 {
		d.store.failures--
		return errDied
	}
	return d.RunWriter.Finish(ctx)
}

var errDied = errors.New("died here")

// TestCloseCutShort: a close that dies after the books have been written is completed
// by the next one, which issues no second number.
func TestCloseCutShort(t *testing.T) { // not parallel: it breaks closing.Formats for a moment
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)

	// Dies while drawing the files.
	c := p.closer()
	draw := closing.Formats[1].Write
	closing.Formats[1].Write = func(io.Writer, *reports.Document) error { return errDied }
	_, err := c.Close(t.Context(), june)
	closing.Formats[1].Write = draw
	if !errors.Is(err, errDied) {
		t.Fatalf("close: got %v, want it to die", err)
	}
	// Dies before the rows are visible.
	c = p.closer()
	c.Runs = &failing{c.Runs, 1}
	if _, err := c.Close(t.Context(), june); !errors.Is(err, errDied) {
		t.Fatalf("close: got %v, want it to die", err)
	}
	if got := p.one("SELECT count() FROM v_runs"); got != "0" {
		t.Errorf("finished runs before the completion: got %s, want 0", got)
	}

	r := p.close(c, june)
	if len(r.Documents) != 0 {
		t.Errorf("the completing close issued %+v, want nothing", r.Documents)
	}
	checkCompleted(t, p, c, 2)

	// The same for an adjustment.
	p.produce(inbound("late", acme, alice, at("2019-06-10T11:00:00Z")))
	p.ingest()
	c.Runs = &failing{p.engines.store, 1}
	if _, err := c.Close(t.Context(), june); !errors.Is(err, errDied) {
		t.Fatalf("close: got %v, want it to die", err)
	}
	// More arrives before the completion: it must not leak into the run that died.
	p.produce(inbound("later", acme, bob, at("2019-06-11T11:00:00Z")))
	p.ingest()
	r = p.close(p.closer(), june)
	if len(r.Documents) != 1 || r.Documents[0].Number != "US-CN-2026-000002" || r.Documents[0].Net.String() != "0.05" {
		t.Errorf("close after a dead adjustment: got %+v, want one credit note US-CN-2026-000002 of 0.05", r.Documents)
	}
	checkCompleted(t, p, p.closer(), 4)
	if got, want := fmt.Sprint(p.sql("SELECT kind, billed_total FROM statements AS s INNER JOIN v_runs AS r ON s.attempt = r.attempt WHERE account = 'acme' ORDER BY billed_total DESC")), "[[final 10.1] [adjustment 10.05] [adjustment 10]]"; got != want {
		t.Errorf("statements of acme in ClickHouse: got %s, want %s", got, want)
	}
}

// checkCompleted: so many documents, all with their files, all runs in ClickHouse,
// numbers without gap.
func checkCompleted(t *testing.T, p *plant, c *closing.Closer, documents int) {
	t.Helper()
	issued, err := c.Books.Documents(t.Context(), june)
	if err != nil {
		t.Fatal(err)
	}
	if len(issued) != documents {
		t.Errorf("documents in the books: got %d, want %d", len(issued), documents)
	}
	for _, d := range issued {
		for _, format := range []string{"pdf", "xlsx"} {
			if content, err := c.Books.File(t.Context(), d.Number, format); err != nil || len(content) == 0 {
				t.Errorf("%s of %s: %d bytes, error %v; want a file", format, d.Number, len(content), err)
			}
		}
	}
	if left, err := c.Books.Unprojected(t.Context(), june); err != nil || len(left) > 0 {
		t.Errorf("runs not in ClickHouse: %v, error %v", left, err)
	}
	db := openBooksFile(t, p)
	for _, run := range query(t, db, "SELECT run_id FROM runs") {
		totals, err := p.engines.store.StatementTotals(t.Context(), run)
		if err != nil || len(totals) != 2 || !totals[0].Agrees || !totals[1].Agrees {
			t.Errorf("run %s in ClickHouse: %+v, error %v; want two statements that agree", run, totals, err)
		}
	}
	checkChain(t, p)
}

// TestDeathDuringClose kills the command itself at random moments, over and over.
// However it goes, in the end there is one invoice per account.
func TestDeathDuringClose(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	chance := randomly(t)
	args := []string{"close", "--month", "2019-06", "--tariff", "testdata/tariff", "--clickhouse", "clickhouse://" + gentle(t) + "/" + p.database, "--data", p.Data, "--issued-on", "2026-11-02", "--approve", "--why", "a test"}
	killed := 0
	for round := range 8 {
		cmd := command(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(30+chance.IntN(20+20*round)) * time.Millisecond) // it takes 0.2 s in all
		cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
	}
	if out, err := command(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("close after %d deaths: %v\n%s", killed, err, out)
	}
	t.Logf("killed %d times", killed)
	b, err := books.Open(t.Context(), filepath.Join(p.Data, "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	checkCompleted(t, p, &closing.Closer{Books: b}, 2)
}

// openBooksFile opens the books as any program could.
func openBooksFile(t *testing.T, p *plant) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Data, "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func query(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// readBooks is everything that must never change, by key.
func readBooks(t *testing.T, p *plant) map[string]string {
	t.Helper()
	db := openBooksFile(t, p)
	rows, err := db.QueryContext(t.Context(), `
		SELECT 'statement ' || account || ' ' || version, content || seal || run_id FROM statements UNION ALL
		SELECT 'document ' || number, content || sha256 FROM documents UNION ALL
		SELECT 'file ' || number || ' ' || format, hex(content) FROM files`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var key, content string
		if err := rows.Scan(&key, &content); err != nil {
			t.Fatal(err)
		}
		all[key] = content
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// checkChain: within a series the numbers have no gap and each document's hash
// covers its content and the hash before it.
func checkChain(t *testing.T, p *plant) {
	t.Helper()
	db := openBooksFile(t, p)
	rows, err := db.QueryContext(t.Context(), "SELECT series, sequence, number, content, previous, sha256, inputs FROM documents ORDER BY series, sequence")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lastSeries, lastHash string
	var last int
	for rows.Next() {
		var series, number, content, previous, hash, inputs string
		var sequence int
		if err := rows.Scan(&series, &sequence, &number, &content, &previous, &hash, &inputs); err != nil {
			t.Fatal(err)
		}
		if series != lastSeries {
			last, lastHash = 0, ""
		}
		if sequence != last+1 || number != fmt.Sprintf("%s-%06d", series, sequence) {
			t.Errorf("%s is number %d of series %s, want %d", number, sequence, series, last+1)
		}
		if previous != lastHash || hash != hashOf([]byte(previous+content+inputs)) || inputs == "" {
			t.Errorf("%s: the chain of hashes is broken", number)
		}
		lastSeries, last, lastHash = series, sequence, hash
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
