package books_test

import (
	"errors"
	"os"
	"path/filepath"
	"postage/reports/books"
	"strings"
	"testing"
	"time"
)

var restoredAt = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// soundClose is a close whose seals are right, with a file.
func soundClose(t *testing.T, b *books.Books, month int) {
	t.Helper()
	m := june
	for range month {
		m = m.Next()
	}
	in := closeOf(m, "acme")
	sealed(t, in)
	issue(t, b, in)
	if err := b.SaveFile(t.Context(), in.Documents[0].Document.Number, "pdf", []byte("%PDF-"+m.String())); err != nil {
		t.Fatal(err)
	}
}

func numbers(t *testing.T, b *books.Books) string {
	t.Helper()
	entries, err := b.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range entries {
		all = append(all, entries[i].Number)
	}
	if found, err := b.Audit(t.Context(), entries); err != nil || len(found) > 0 {
		t.Errorf("audit: %v, %v", found, err)
	}
	return strings.Join(all, " ")
}

// TestBackupAndRestore: there and back, in place, while another process has the books open.
func TestBackupAndRestore(t *testing.T) {
	b, _, path := open(t)
	soundClose(t, b, 0)
	backup := filepath.Join(t.TempDir(), "backup.db")
	summary, err := b.Backup(t.Context(), backup)
	if err != nil || summary.Documents != 1 || summary.Last != "2019-06" {
		t.Fatalf("backup: %+v, %v", summary, err)
	}
	if _, err := b.Backup(t.Context(), backup); err == nil {
		t.Error("a backup over another: got no error")
	}

	soundClose(t, b, 1) // the present books are newer now
	other, err := books.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	expire(t, path)
	if _, err := other.Restore(t.Context(), backup, false, restoredAt); err == nil || !strings.Contains(err.Error(), "newer") || !strings.Contains(err.Error(), "INV-2019-000002") || !strings.Contains(err.Error(), "--force") {
		t.Errorf("an older backup: got %v, want to be told what would be lost", err)
	}
	if got := numbers(t, b); got != "INV-2019-000001 INV-2019-000002" {
		t.Errorf("after a restore that was refused: %s", got)
	}
	expire(t, path)
	r, err := other.Restore(t.Context(), backup, true, restoredAt)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if got := numbers(t, b); got != "INV-2019-000001" {
		t.Errorf("the process that had the books open sees %s, want what was restored", got)
	}
	if err := b.Issue(t.Context(), closeOf(june.Next(), "acme")); !errors.Is(err, books.ErrNotHolder) {
		t.Errorf("a writer from before the restore: got %v, want ErrNotHolder", err)
	}
	kept, err := books.Open(t.Context(), r.Kept)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if got := numbers(t, kept); got != "INV-2019-000001 INV-2019-000002" {
		t.Errorf("the books that were replaced: kept %s", got)
	}
	release, err := other.Acquire(t.Context(), 0)
	if err != nil {
		t.Fatalf("lease after the restore: %v", err)
	}
	defer release()
	soundClose(t, other, 1)
}

func TestRestoreElsewhere(t *testing.T) {
	b, _, _ := open(t)
	soundClose(t, b, 0)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := b.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	fresh, err := books.Open(t.Context(), filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if r, err := fresh.Restore(t.Context(), backup, false, restoredAt); err != nil || r.Kept != "" {
		t.Errorf("into empty books: %+v, %v", r, err)
	}
	if got := numbers(t, fresh); got != "INV-2019-000001" {
		t.Errorf("restored: %s", got)
	}
	foreign, _, path := open(t)
	soundClose(t, foreign, 0)
	expire(t, path)
	if _, err := foreign.Restore(t.Context(), backup, false, restoredAt); err == nil || !strings.Contains(err.Error(), "installation") {
		t.Errorf("over books of another installation: got %v", err)
	}
}

// TestDamagedBackup: what was altered is not restored, force or not.
func TestDamagedBackup(t *testing.T) {
	b, _, _ := open(t)
	soundClose(t, b, 0)
	for name, damage := range map[string]string{
		"content":   `UPDATE documents SET content = replace(content, '10.05', '10.06')`,
		"statement": `UPDATE statements SET content = replace(content, '10.05', '10.06')`,
		"file":      `UPDATE files SET content = x'00'`,
		"number":    `UPDATE documents SET sequence = 2, number = 'INV-2019-000002'`,
		"approval":  `DELETE FROM approvals`,
		"approver":  `UPDATE approvals SET approved_by = 'somebody else'`,
		"a review":  `INSERT INTO reviews VALUES (1, '2019-06', '', 'x', '[]', '2026-11-02T00:00:00Z')`,
		"seal":      `UPDATE seals SET sha256 = 'x' WHERE number = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			backup := filepath.Join(t.TempDir(), "backup.db")
			if _, err := b.Backup(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
			tamper(t, backup, damage)
			fresh, err := books.Open(t.Context(), filepath.Join(t.TempDir(), "books.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer fresh.Close()
			if _, err := fresh.Restore(t.Context(), backup, true, restoredAt); !errors.Is(err, books.ErrDamaged) {
				t.Errorf("restore of a damaged backup: got %v, want ErrDamaged", err)
			}
			if s, err := fresh.Summary(t.Context()); err != nil || s.Documents != 0 {
				t.Errorf("after a refused restore: %+v, %v", s, err)
			}
		})
	}
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("no database, just text that is long enough to be read as a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Restore(t.Context(), junk, true, restoredAt); err == nil {
		t.Error("restore of a text file: got no error")
	}
}

// tamper changes what triggers protect, as somebody with the file in hand can.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db := openRaw(t, path)
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var triggers []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range triggers {
		if _, err := db.ExecContext(t.Context(), "DROP TRIGGER "+name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
