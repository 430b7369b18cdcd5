package books_test

import (
	"errors"
	"os"
	"path/filepath"
	"postage/reports/books"
	"strings"
	"testing"
)

// TestOldFileIsUpgraded: books from before versions were counted, with a closed month,
// become new ones; nothing in them changes.
func TestOldFileIsUpgraded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	old := openRaw(t, path)
	schema, err := os.ReadFile("migrations/0001_books.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{string(schema), `
		INSERT INTO tariffs VALUES ('sha256:1', x'00');
		INSERT INTO closes VALUES ('2019-06', 'final-1', '[{"topic":"t","partition":0,"offset":7}]', 'sha256:1', '2026-11-02T00:00:00Z');
		INSERT INTO runs VALUES ('final-1', '2019-06', 'final', '[{"topic":"t","partition":0,"offset":7}]', 0);
		INSERT INTO statements VALUES ('2019-06', 'acme', 1, 'final-1', 'seal', '{"account":"acme"}');
		INSERT INTO documents VALUES ('INV-2026-000001', 'INV-2026', 1, 'invoice', '2019-06', 'acme', 1, '{}', '', 'hash')`} {
		if _, err := old.ExecContext(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a second time there is nothing to do
		b, err := books.Open(t.Context(), path)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		m, err := b.Month(t.Context(), june)
		if err != nil || m == nil || m.RunID != "final-1" || m.TariffVersion != "sha256:1" {
			t.Errorf("the closed month: %+v, %v", m, err)
		}
		runs, err := b.Unprojected(t.Context(), june)
		if err != nil || len(runs) != 1 || runs[0].Tariff != "sha256:1" || runs[0].Accounts != nil {
			t.Errorf("its run: %+v, %v; want the tariff of the close, and all accounts", runs, err)
		}
		entries, err := b.Entries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found, err := b.Audit(t.Context(), entries)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found { // of the hashes made up here, and no other
			if d.Number == "" || strings.Contains(d.Problem, "seal ") {
				t.Errorf("old books: %s", d.String())
			}
		}
		b.Close()
	}
	var seals int
	if err := old.QueryRowContext(t.Context(), "SELECT count(*) FROM seals WHERE what IN ('run', 'statement')").Scan(&seals); err != nil || seals != 2 {
		t.Errorf("%d rows of old books were sealed, %v; want the run and the statement", seals, err)
	}
	if _, err := old.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := books.Open(t.Context(), path); !errors.Is(err, books.ErrNewer) {
		t.Errorf("books of a newer program: got %v, want ErrNewer", err)
	}
}
