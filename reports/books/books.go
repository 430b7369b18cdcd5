// Package books keeps what must never change: which months are closed, the
// statements and documents issued for them, their numbers and their bytes. It is
// one SQLite file per installation. It computes no amounts.
package books

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite", pure Go
)

// Books is the open store. It is safe for concurrent use, by several processes
// too: every change is one immediate transaction of the holder of the lease.
type Books struct {
	path  string
	db    *sql.DB
	token atomic.Int64 // of our lease, 0 while we hold none
}

// Open opens the books in a file, making it where it is missing.
func Open(ctx context.Context, path string) (*Books, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": {"busy_timeout(30000)", "foreign_keys(1)", "synchronous(full)"}, "_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("books %s: %w", path, err)
	}
	if err := migrate(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("books %s: %w", path, err), db.Close())
	}
	return &Books{path: path, db: db}, nil
}

// dsn names a file to the driver, whatever characters are in it.
func dsn(path string, options url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// Close closes the file.
func (b *Books) Close() error { return b.db.Close() }

// ClosedMonth is a closed month as it was closed.
type ClosedMonth struct {
	Month         rating.Month
	RunID         string
	Cutoff        reports.Cutoff
	TariffVersion string
	Tariff        []byte // its canonical content
}

// Month returns how a month was closed, or nil while it is open, if only for some
// of its accounts.
func (b *Books) Month(ctx context.Context, m rating.Month) (*ClosedMonth, error) {
	c := &ClosedMonth{Month: m}
	var cutoff string
	err := b.db.QueryRowContext(ctx, `SELECT c.run_id, c.cutoff, t.version, t.content FROM closes c JOIN tariffs t ON t.version = c.tariff WHERE c.month = ? AND c.whole = 1`, m.String()).
		Scan(&c.RunID, &cutoff, &c.TariffVersion, &c.Tariff)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // an open month has no row
	}
	if err != nil {
		return nil, fmt.Errorf("books, month %s: %w", m, err)
	}
	if err := json.Unmarshal([]byte(cutoff), &c.Cutoff); err != nil {
		return nil, fmt.Errorf("books, month %s: cut-off: %w", m, err)
	}
	return c, nil
}

// Statements returns the latest version of every statement of a month, in
// account order.
func (b *Books) Statements(ctx context.Context, m rating.Month) ([]rating.Statement, error) {
	return contentOf[rating.Statement](ctx, b, `SELECT content FROM statements s WHERE month = ? AND version = (SELECT max(version) FROM statements WHERE month = s.month AND account = s.account) ORDER BY account`, m.String())
}

// Documents returns the documents issued for a month, in order of issue.
func (b *Books) Documents(ctx context.Context, m rating.Month) ([]reports.Document, error) {
	return contentOf[reports.Document](ctx, b, `SELECT content FROM documents WHERE month = ? ORDER BY rowid`, m.String())
}

// Versions returns the latest version of every statement of a month, by account.
func (b *Books) Versions(ctx context.Context, m rating.Month) (map[string]int, error) {
	type latest struct {
		account string
		version int
	}
	all, err := rowsOf(ctx, b, func(l *latest, scan scanner) error { return scan(&l.account, &l.version) },
		`SELECT account, max(version) FROM statements WHERE month = ? GROUP BY account`, m.String())
	if err != nil {
		return nil, fmt.Errorf("books, statements of %s: %w", m, err)
	}
	versions := make(map[string]int, len(all))
	for _, l := range all {
		versions[l.account] = l.version
	}
	return versions, nil
}

// Tariff returns the content of a tariff that something was issued under.
func (b *Books) Tariff(ctx context.Context, version string) ([]byte, error) {
	var content []byte
	if err := b.db.QueryRowContext(ctx, `SELECT content FROM tariffs WHERE version = ?`, version).Scan(&content); err != nil {
		return nil, fmt.Errorf("books, tariff %s: %w", version, err)
	}
	return content, nil
}
