package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"postage/reports/closing"
	"slices"
	"strings"
	"testing"
)

// verify runs the command and returns what it found.
func (p *plant) verify(want int, args ...string) closing.Verification {
	p.t.Helper()
	out, _ := p.must(want, append([]string{"verify", "--json"}, args...)...)
	var v closing.Verification
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		p.t.Fatalf("verify: %v in %q", err, out)
	}
	return v
}

func codes(v closing.Verification) string {
	var all []string
	for _, d := range v.Differences {
		all = append(all, string(d.Code))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// runCommand runs a command that is not given the engines of a plant.
func runCommand(t *testing.T, want int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if status := run(args, strings.NewReader(""), &o, &e); status != want {
		t.Fatalf("postage %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), status, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

// closedAndAdjusted is June, closed, and adjusted for a late event.
func closedAndAdjusted(t *testing.T) *plant {
	t.Helper()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	p.close(p.closer(), june)
	p.produce(inbound("late", acme, alice, at("2019-06-10T11:00:00Z")))
	p.ingest()
	p.close(p.closer(), june)
	return p
}

// TestVerifyClean: what was issued comes out of the log again: the invoices up to
// their cut-off, the note up to its own, whatever has arrived or changed since.
func TestVerifyClean(t *testing.T) {
	t.Parallel()
	p := closedAndAdjusted(t)
	p.produce(inbound("later", acme, bob, at("2019-06-11T11:00:00Z"))) // of no account to what was issued
	p.ingest()
	if v := p.verify(0, "--all"); v.Documents != 3 || v.Runs != 2 || len(v.Differences) > 0 {
		t.Errorf("verify --all: %+v, want 3 documents of 2 runs without difference", v)
	}
	if v := p.verify(0, "US-2026-000001"); v.Documents != 1 || v.Runs != 1 {
		t.Errorf("verify of one: %+v", v)
	}
	_, errOut := p.must(1, "verify", "US-2026-000009")
	wantText(t, errOut, `no document "US-2026-000009" was issued`)
	p.must(2, "verify")
	p.must(2, "verify", "--all", "US-2026-000001")
	_, errOut = runCommand(t, 1, "verify", "--all", "--data", t.TempDir())
	wantText(t, errOut, "no books in")
}

// TestVerifyNamesDifferences: every way in which books, log and ClickHouse can be
// changed behind our back has a name of its own.
func TestVerifyNamesDifferences(t *testing.T) {
	t.Parallel()
	reseal := func(p *plant, account, old, replacement string) { // by somebody who knows how
		p.inBooks("UPDATE statements SET content = replace(content, '" + old + "', '" + replacement + "') WHERE account = '" + account + "'")
	}
	for _, tt := range []struct {
		name  string
		spoil func(p *plant)
		want  string
		text  string
	}{
		{"content", func(p *plant) {
			p.inBooks(`UPDATE documents SET content = replace(content, '"net":"10.1"', '"net":"10.2"') WHERE number = 'US-2026-000001'`)
		}, "amounts_differ content_altered projection_differs", "US-2026-000001"},
		{
			"a document deleted", func(p *plant) {
				p.inBooks(`DELETE FROM files`, `DELETE FROM documents WHERE number = 'US-2026-000001'`)
			},
			"chain_broken file_missing projection_differs statement_differs", "series US-2026 goes from 0 to 2",
		},
		{"the last document of a series deleted", func(p *plant) {
			p.inBooks(`DELETE FROM files WHERE number NOT LIKE 'US-2026-%'`, `DELETE FROM documents WHERE type <> 'invoice'`)
		}, "chain_broken file_missing projection_differs", "the document of statement version 2 is missing"},
		{"type of a document", func(p *plant) {
			p.inBooks(`UPDATE documents SET type = 'credit_note' WHERE number = 'US-2026-000001'`)
		}, "content_altered", "entered is credit_note"},
		{"a close opened again", func(p *plant) { p.inBooks(`UPDATE closes SET whole = 0`) }, "content_altered", "the close does not say so"},
		{"bytes of a file", func(p *plant) {
			p.inBooks(`UPDATE files SET content = x'25504446' WHERE number = 'US-2026-000002' AND format = 'pdf'`)
		}, "file_altered", "US-2026-000002"},
		{"statement", func(p *plant) { reseal(p, "zenith", `"quantity":1`, `"quantity":7`) }, "content_altered statement_differs", "zenith"},
		{"tariff", func(p *plant) {
			p.inBooks(`UPDATE tariffs SET content = CAST(replace(CAST(content AS TEXT), '0.0500', '0.0600') AS BLOB)`)
		}, "content_altered", "tariff"},
		{"cut-off", func(p *plant) { p.inBooks(`UPDATE runs SET cutoff = '[]' WHERE kind = 'final'`) }, "content_altered statement_differs", "cut-off"},
		{"approval", func(p *plant) { p.inBooks(`DELETE FROM approvals WHERE run_id LIKE '%final%'`) }, "approval_missing", "nobody"},
		{"who approved", func(p *plant) { p.inBooks(`UPDATE approvals SET approved_by = 'nobody' WHERE run_id LIKE '%final%'`) }, "content_altered", "approval 2019-06-final"},
		{"a review", func(p *plant) {
			p.inBooks(`INSERT INTO reviews VALUES (7, '2019-06', '', 'x', '[]', '2026-11-02T00:00:00Z')`)
		}, "content_altered", "review 7 was not entered by this program"},
		{"a look", func(p *plant) { p.inBooks(`DELETE FROM looks WHERE number = 1`) }, "content_altered", "look 1 is gone"},
		{"a correction", func(p *plant) {
			p.inBooks(`INSERT INTO corrections SELECT run_id, 'as agreed' FROM runs WHERE kind = 'adjustment'`)
		}, "content_altered", "was not entered by this program"},
		{"a file and its hash", func(p *plant) {
			p.inBooks(`UPDATE files SET content = x'25504446', sha256 = sha256(x'25504446') WHERE number = 'US-2026-000002' AND format = 'pdf'`)
		}, "file_altered", "file US-2026-000002 pdf was altered"},
		{"the chain as well", func(p *plant) {
			p.inBooks(`DELETE FROM seals`, `UPDATE approvals SET why = 'because'`,
				`CREATE TRIGGER again AFTER INSERT ON seals BEGIN UPDATE seals SET sha256 = sha256(coalesce((SELECT sha256 FROM seals WHERE number = NEW.number - 1), '') || json_array(NEW.number, NEW.what, NEW.subject, NEW.content)) WHERE number = NEW.number; END`,
				`INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed`)
		}, "chain_broken", "rows before it were altered"},
		{"rows of the log", func(p *plant) {
			p.sql("ALTER TABLE events DELETE WHERE message_id = 'n3' SETTINGS mutations_sync = 2")
		}, "log_incomplete statement_differs", "issued 1 for 0.05"},
		{"figures in ClickHouse", func(p *plant) {
			p.sql("ALTER TABLE charges UPDATE price = price + 1 WHERE account = 'zenith' SETTINGS mutations_sync = 2")
		}, "projection_differs", "in ClickHouse"},
		{"a document in ClickHouse", func(p *plant) {
			p.sql("ALTER TABLE documents UPDATE net = net + 1 WHERE account = 'zenith' SETTINGS mutations_sync = 2")
		}, "projection_differs", "in ClickHouse net 11.05"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := closedAndAdjusted(t)
			tt.spoil(p)
			v := p.verify(1, "--all")
			if got := codes(v); got != tt.want {
				t.Errorf("differences: %s, want %s", got, tt.want)
			}
			all, err := json.Marshal(v)
			if err != nil || !strings.Contains(string(all), tt.text) {
				t.Errorf("no %q in %s, %v", tt.text, all, err)
			}
		})
	}
}

// inBooks changes what triggers protect, as somebody with the file in hand can.
func (p *plant) inBooks(statements ...string) {
	p.t.Helper()
	db := openBooksFile(p.t, p)
	conn, err := db.Conn(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	for _, name := range query(p.t, db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
		statements = slices.Insert(statements, 0, "DROP TRIGGER "+name)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(p.t.Context(), statement); err != nil {
			p.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// TestBooksBackupCommand: a backup is restored, and refused where it would lose something.
func TestBooksBackupCommand(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "testdata/tariff")
	smallMonth(p)
	p.close(p.closer(), june)
	backup := filepath.Join(t.TempDir(), "backup.db")
	out, _ := runCommand(t, 0, "books", "backup", backup, "--data", p.Data)
	wantText(t, out, "2 documents of 1 months, the last one 2019-06, checked")
	p.close(p.closer(), june.Next())
	_, errOut := runCommand(t, 1, "books", "restore", backup, "--data", p.Data)
	wantText(t, errOut, "the present books are newer", "--force")
	out, _ = runCommand(t, 0, "books", "restore", "--force", backup, "--data", p.Data)
	wantText(t, out, "2 documents of 1 months", "the books that were there are in")
	if v := p.verify(1, "--all"); codes(v) != "projection_differs" {
		t.Errorf("after the restore, ClickHouse has more than the books: %+v", v)
	}
	out, _ = p.must(1, "close", "--month", "2019-07", "--tariff", "testdata/tariff", "--approve", "--why", "a test")
	wantText(t, out, "blocking books_behind: ", "postage books restore", "postage books project")
	projected := func() string {
		return fmt.Sprint(p.sql("SELECT count(), sum(signed_net) FROM v_documents"), p.sql("SELECT sum(billed) FROM v_document_lines"), p.sql("SELECT count(), any(approved_by) FROM v_closes"))
	}
	for _, want := range []string{"0 documents written", "0 documents written"} {
		out, _ = p.must(0, "books", "project")
		wantText(t, out, want)
		if got, want := projected(), "[[2 20.15]] [[20.15]] [[1 tester]]"; got != want {
			t.Errorf("in ClickHouse: %s, want %s", got, want)
		}
	}
	if v := p.verify(0, "--all"); v.Documents != 2 {
		t.Errorf("after the projection: %+v", v)
	}
	p.sql("TRUNCATE TABLE documents")
	out, _ = p.must(0, "books", "project")
	wantText(t, out, "2 documents written")
	_, errOut = runCommand(t, 1, "books", "backup", backup, "--data", t.TempDir())
	wantText(t, errOut, "no books in")
}
