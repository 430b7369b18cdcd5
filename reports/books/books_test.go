package books_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/books"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

var june = rating.Month{Year: 2019, Month: time.June}

// open opens the books twice: as the product does, and as any program could.
func open(t *testing.T) (*books.Books, *sql.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a folder", "books?#%.db")
	b, err := books.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	release, err := b.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatalf("lease: %v", err)
	}
	t.Cleanup(func() {
		release()
		b.Close()
	})
	return b, openRaw(t, path), path
}

func openRaw(t *testing.T, path string) *sql.DB {
	t.Helper()
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23", " ", "%20").Replace(path)
	db, err := sql.Open("sqlite", "file:"+escaped+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// closeOf is the close of a month with an invoice for each account.
func closeOf(m rating.Month, accounts ...string) *books.Issue {
	in := &books.Issue{
		Run:    reports.Run{ID: "final-" + m.String(), Month: m, Kind: reports.FinalRun, Cutoff: reports.Cutoff{{Topic: "t", Partition: 1, Offset: 42}}, Tariff: "sha256:1"},
		Tariff: []byte("content"),
	}
	for _, a := range accounts {
		addTo(in, a, reports.Invoice, "INV-2019")
	}
	return in
}

func addTo(in *books.Issue, account string, kind reports.DocumentType, series string) {
	in.Statements = append(in.Statements, rating.Statement{Account: account, Month: in.Run.Month, Billed: decimal.RequireFromString("10.05")})
	d := &reports.Document{Type: kind, Month: in.Run.Month, Customer: reports.Party{ID: account}, Net: decimal.RequireFromString("10.05")}
	in.Documents = append(in.Documents, books.Draft{Series: series, Document: d})
}

// sealed gives documents the seals and inputs that belong to their statements.
func sealed(t *testing.T, in *books.Issue) {
	t.Helper()
	for i := range in.Documents {
		seal, err := reports.Seal(&in.Statements[i])
		if err != nil {
			t.Fatal(err)
		}
		in.Documents[i].Document.Seal = seal
		tariff := &rating.Tariff{Rows: &rating.TariffRows{}}
		if in.Documents[i].Inputs, err = reports.InputsOf(in.Documents[i].Document, &in.Run, tariff); err != nil {
			t.Fatal(err)
		}
	}
}

func issue(t *testing.T, b *books.Books, in *books.Issue) {
	t.Helper()
	if err := b.Issue(t.Context(), in); err != nil {
		t.Fatalf("issue: %v", err)
	}
}

func TestIssueAndReadBack(t *testing.T) {
	b, _, _ := open(t)
	if m, err := b.Month(t.Context(), june); m != nil || err != nil {
		t.Errorf("an open month: got %+v, %v; want nothing", m, err)
	}
	in := closeOf(june, "acme", "zenith")
	issue(t, b, in)
	m, err := b.Month(t.Context(), june)
	if err != nil || m.RunID != in.Run.ID || string(m.Tariff) != "content" || fmt.Sprint(m.Cutoff) != fmt.Sprint(in.Run.Cutoff) {
		t.Errorf("closed month: got %+v, %v; want run, cut-off and tariff as issued", m, err)
	}
	documents, err := b.Documents(t.Context(), june)
	if err != nil || len(documents) != 2 || documents[0].Number != "INV-2019-000001" || documents[1].Number != "INV-2019-000002" || !documents[0].Net.Equal(in.Documents[0].Document.Net) {
		t.Errorf("documents: got %+v, %v", documents, err)
	}
	if in.Documents[1].Document.Number != "INV-2019-000002" {
		t.Errorf("the caller's document has number %q, want INV-2019-000002", in.Documents[1].Document.Number)
	}
	statements, err := b.Statements(t.Context(), june)
	if err != nil || len(statements) != 2 || statements[0].Account != "acme" {
		t.Errorf("statements: got %+v, %v", statements, err)
	}
	runs, err := b.Unprojected(t.Context(), june)
	if err != nil || len(runs) != 1 || runs[0].ID != in.Run.ID || runs[0].Kind != reports.FinalRun || runs[0].Tariff != in.Run.Tariff || fmt.Sprint(runs[0].Cutoff) != fmt.Sprint(in.Run.Cutoff) {
		t.Errorf("unprojected: got %+v, %v; want the run", runs, err)
	}
	if err := b.Projected(t.Context(), in.Run.ID); err != nil {
		t.Fatal(err)
	}
	if runs, err := b.Unprojected(t.Context(), june); err != nil || len(runs) != 0 {
		t.Errorf("unprojected, when it was projected: got %+v, %v", runs, err)
	}
}

// TestNothingIssuedChanges: the file itself refuses, whatever program asks.
func TestNothingIssuedChanges(t *testing.T) {
	b, db, _ := open(t)
	issue(t, b, closeOf(june, "acme"))
	if err := b.SaveFile(t.Context(), "INV-2019-000001", "pdf", []byte("%PDF-")); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE documents SET content = '{}'`,
		`UPDATE documents SET number = 'INV-2019-000009'`,
		`DELETE FROM documents`,
		`UPDATE statements SET content = '{}'`,
		`DELETE FROM statements`,
		`UPDATE files SET content = x'00'`,
		`DELETE FROM files`,
		`UPDATE closes SET cutoff = '[]'`,
		`DELETE FROM closes`,
		`UPDATE approvals SET approved_by = 'x'`,
		`DELETE FROM approvals`,
		`UPDATE installation SET id = 'x'`,
		`UPDATE lease SET token = token - 1`,
		`DELETE FROM lease`,
		`INSERT INTO documents SELECT * FROM documents`,
		`INSERT INTO closes SELECT * FROM closes`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: got no error", statement)
		}
	}
	if content, err := b.File(t.Context(), "INV-2019-000001", "pdf"); err != nil || string(content) != "%PDF-" {
		t.Errorf("file: got %q, %v", content, err)
	}
}

func TestFilesAreDrawnOnce(t *testing.T) {
	b, _, _ := open(t)
	issue(t, b, closeOf(june, "acme"))
	if content, err := b.File(t.Context(), "INV-2019-000001", "pdf"); content != nil || err != nil {
		t.Errorf("a file not drawn yet: got %d bytes, %v; want none", len(content), err)
	}
	first := bytes.Repeat([]byte("x"), 3<<20)
	for range 2 { // again does nothing
		if err := b.SaveFile(t.Context(), "INV-2019-000001", "pdf", first); err != nil {
			t.Errorf("save: %v", err)
		}
	}
	if err := b.SaveFile(t.Context(), "INV-2019-000001", "pdf", []byte("other")); err == nil {
		t.Error("other bytes for an issued file: got no error")
	}
	if err := b.SaveFile(t.Context(), "INV-2019-000007", "pdf", first); err == nil {
		t.Error("a file of no document: got no error")
	}
}

// TestAllOrNothing: when anything fails, no number is spent and no month is closed.
func TestAllOrNothing(t *testing.T) {
	b, db, _ := open(t)
	broken := closeOf(june, "acme", "zenith")
	broken.Documents[1].Document.Type = "letter" // the schema refuses it
	if err := b.Issue(t.Context(), broken); err == nil {
		t.Fatal("a document of no known type: got no error")
	}
	orphan := closeOf(june, "acme")
	orphan.Documents[0].Document.Customer.ID = "nobody" // no statement behind it
	if err := b.Issue(t.Context(), orphan); err == nil {
		t.Fatal("a document without a statement: got no error")
	}
	for _, table := range []string{"closes", "tariffs", "runs", "statements", "documents", "files"} {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("table %s after failures: %d rows, %v; want none", table, n, err)
		}
	}
	good := closeOf(june, "acme")
	issue(t, b, good)
	if got := good.Documents[0].Document.Number; got != "INV-2019-000001" {
		t.Errorf("first number after failures: got %s, want INV-2019-000001", got)
	}
	if err := b.Issue(t.Context(), closeOf(june, "acme")); !errors.Is(err, books.ErrAlreadyClosed) {
		t.Errorf("closing a closed month: got %v, want ErrAlreadyClosed", err)
	}
}

// TestNumbersUnderContention: many closes at once, over several connections to the
// file. Numbers are gapless in each series and the chain of hashes holds.
func TestNumbersUnderContention(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	const processes, months = 4, 12
	var wg sync.WaitGroup
	errs := make(chan error, processes*months)
	for p := range processes {
		wg.Go(func() {
			b, err := books.Open(t.Context(), path)
			if err != nil {
				errs <- err
				return
			}
			defer b.Close()
			issue := func(in *books.Issue) error {
				release, err := b.Acquire(t.Context(), time.Minute)
				if err != nil {
					return err
				}
				defer release()
				return b.Issue(t.Context(), in)
			}
			for i := range months {
				in := closeOf(rating.Month{Year: 2018 + p, Month: time.Month(1 + i)}, "acme")
				addTo(in, "zenith", reports.CreditNote, fmt.Sprintf("CN-%d", i%2))
				if err := issue(in); err != nil {
					errs <- err
				}
				// Every process closes this one too: one of them wins.
				shared := closeOf(rating.Month{Year: 2030, Month: time.Month(1 + i)}, "acme")
				if err := issue(shared); err != nil && !errors.Is(err, books.ErrAlreadyClosed) {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Errorf("issue: %v", err)
	}
	db := openRaw(t, path)
	rows, err := db.QueryContext(t.Context(), "SELECT series, count(*), min(sequence), max(sequence) FROM documents GROUP BY series ORDER BY series")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var series string
		var n, low, high int
		if err := rows.Scan(&series, &n, &low, &high); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s: %d from %d to %d", series, n, low, high))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []string{"CN-0: 24 from 1 to 24", "CN-1: 24 from 1 to 24", "INV-2019: 60 from 1 to 60"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("numbers: got %v\nwant %v", got, want)
	}
	var broken int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM documents d LEFT JOIN documents p ON p.series = d.series AND p.sequence = d.sequence - 1 WHERE d.previous != coalesce(p.sha256, '')`).Scan(&broken); err != nil || broken != 0 {
		t.Errorf("documents whose hash does not follow on the one before: %d, %v", broken, err)
	}
}

// TestReplaceChangesNothing: INSERT OR REPLACE deletes a row without firing its
// delete trigger.
func TestReplaceChangesNothing(t *testing.T) {
	b, db, _ := open(t)
	issue(t, b, closeOf(june, "acme"))
	if err := b.SaveFile(t.Context(), "INV-2019-000001", "pdf", []byte("%PDF-")); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT OR REPLACE INTO documents SELECT number, series, sequence, type, month, account, statement, '{}', previous, sha256, inputs FROM documents`,
		`INSERT OR REPLACE INTO statements SELECT month, account, version, run_id, seal, '{}' FROM statements`,
		`INSERT OR REPLACE INTO files SELECT number, format, sha256, x'00' FROM files`,
		`INSERT OR REPLACE INTO closes SELECT month, run_id, '[]', tariff, closed_at, whole FROM closes`,
		`INSERT OR REPLACE INTO tariffs SELECT version, x'00' FROM tariffs`,
		`UPDATE tariffs SET content = x'00'`,
		`DELETE FROM tariffs`,
		`DELETE FROM runs`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: got no error", statement)
		}
	}
}
