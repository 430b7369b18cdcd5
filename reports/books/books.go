// Package books keeps what must never change: which months are closed, the
// statements and documents issued for them, their numbers and their bytes. It is
// one SQLite file per installation. It computes no amounts.
package books

import (
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", pure Go
)

//go:embed schema.sql
var schema string

// Books is the open store. It is safe for concurrent use, by several processes
// too: every change is one immediate transaction.
type Books struct{ db *sql.DB }

// Open opens the books in a file, making it where it is missing.
func Open(ctx context.Context, path string) (*Books, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	options := url.Values{"_pragma": {"busy_timeout(30000)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("books %s: %w", path, err)
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("books %s: %w", path, err), db.Close())
	}
	return &Books{db}, nil
}

// Close closes the file.
func (b *Books) Close() error { return b.db.Close() }

// ClosedMonth is a closed month as it was closed.
type ClosedMonth struct {
	Month  rating.Month
	RunID  string
	Cutoff reports.Cutoff
	Tariff []byte // canonical content
}

// Month returns how a month was closed, or nil while it is open.
func (b *Books) Month(ctx context.Context, m rating.Month) (*ClosedMonth, error) {
	c := &ClosedMonth{Month: m}
	var cutoff string
	err := b.db.QueryRowContext(ctx, `SELECT c.run_id, c.cutoff, t.content FROM closes c JOIN tariffs t ON t.version = c.tariff WHERE c.month = ?`, m.String()).
		Scan(&c.RunID, &cutoff, &c.Tariff)
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
	return query(ctx, b.db, func(s *rating.Statement, content string) error { return json.Unmarshal([]byte(content), s) },
		`SELECT content FROM statements s WHERE month = ? AND version = (SELECT max(version) FROM statements WHERE month = s.month AND account = s.account) ORDER BY account`, m.String())
}

// Documents returns the documents issued for a month, in order of issue.
func (b *Books) Documents(ctx context.Context, m rating.Month) ([]reports.Document, error) {
	return query(ctx, b.db, func(d *reports.Document, content string) error { return json.Unmarshal([]byte(content), d) },
		`SELECT content FROM documents WHERE month = ? ORDER BY rowid`, m.String())
}

func query[T any](ctx context.Context, db *sql.DB, decode func(*T, string) error, q string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var content string
		if err := rows.Scan(&content); err != nil {
			return nil, fmt.Errorf("books: %w", err)
		}
		var v T
		if err := decode(&v, content); err != nil {
			return nil, fmt.Errorf("books: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	return out, nil
}

// Versions returns the latest version of every statement of a month, by account.
func (b *Books) Versions(ctx context.Context, m rating.Month) (map[string]int, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT account, max(version) FROM statements WHERE month = ? GROUP BY account`, m.String())
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	defer rows.Close()
	versions := map[string]int{}
	for rows.Next() {
		var account string
		var version int
		if err := rows.Scan(&account, &version); err != nil {
			return nil, fmt.Errorf("books: %w", err)
		}
		versions[account] = version
	}
	return versions, rows.Err()
}

// Issue is what one close or adjustment adds to the books, all or nothing.
type Issue struct {
	Run        reports.Run
	Tariff     []byte // canonical content of the tariff, for a close
	Statements []rating.Statement
	Based      map[string]int // by account, the version of the statement that the new one follows
	Documents  []Draft
	At         time.Time // written down, decides nothing
}

// Draft is a document about to be issued and the series it belongs to.
type Draft struct {
	Series   string
	Document *reports.Document
}

// ErrAlreadyClosed is returned by Issue when another close of the month was
// faster.
var ErrAlreadyClosed = errors.New("the month is closed already")

// ErrOvertaken is returned by Issue when another close has issued a newer
// statement of an account in the meantime: the difference would be issued twice.
var ErrOvertaken = errors.New("another close has adjusted the account in the meantime")

// Issue writes statements and documents in one transaction, giving each
// document the next number of its series; it sets Document.Number. Nothing is
// written when anything fails.
func (b *Books) Issue(ctx context.Context, in *Issue) (err error) {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("books: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error that led here says more
		}
	}()
	exec := func(q string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, q, args...)
		}
	}
	month, run := in.Run.Month.String(), in.Run
	cutoff, err := json.Marshal(run.Cutoff)
	if err != nil {
		return fmt.Errorf("books: cut-off: %w", err)
	}
	if run.Kind == reports.FinalRun {
		var n int
		if err = tx.QueryRowContext(ctx, `SELECT count(*) FROM closes WHERE month = ?`, month).Scan(&n); err != nil {
			return fmt.Errorf("books: %w", err)
		}
		if n > 0 {
			err = ErrAlreadyClosed
			return err
		}
		exec(`INSERT INTO tariffs (version, content) VALUES (?, ?) ON CONFLICT DO NOTHING`, run.Tariff, in.Tariff)
		exec(`INSERT INTO closes (month, run_id, cutoff, tariff, closed_at) VALUES (?, ?, ?, ?, ?)`, month, run.ID, string(cutoff), run.Tariff, in.At.UTC().Format(time.RFC3339))
	}
	versions, err := nextVersions(ctx, tx, in)
	if err != nil {
		return fmt.Errorf("books, month %s: %w", month, err)
	}
	exec(`INSERT INTO runs (run_id, month, kind, cutoff) VALUES (?, ?, ?, ?)`, run.ID, month, string(run.Kind), string(cutoff))
	for i := range in.Statements {
		s := &in.Statements[i]
		content, jsonErr := json.Marshal(s)
		if jsonErr != nil {
			return fmt.Errorf("books: statement %s: %w", s.Account, jsonErr)
		}
		exec(`INSERT INTO statements (month, account, version, run_id, seal, content) VALUES (?, ?, ?, ?, ?, ?)`, month, s.Account, versions[s.Account], run.ID, hash(content), string(content))
	}
	for _, draft := range in.Documents {
		if err == nil {
			err = number(ctx, tx, draft, versions[draft.Document.Customer.ID])
		}
	}
	if err != nil {
		return fmt.Errorf("books, month %s: %w", month, err)
	}
	if err = tx.Commit(); err != nil {
		return fmt.Errorf("books, month %s: %w", month, err)
	}
	return nil
}

// nextVersions gives the version of each statement about to be issued, and
// refuses one that does not follow on what it was compared with.
func nextVersions(ctx context.Context, tx *sql.Tx, in *Issue) (map[string]int, error) {
	versions := map[string]int{}
	for i := range in.Statements {
		account := in.Statements[i].Account
		var version int
		err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) + 1 FROM statements WHERE month = ? AND account = ?`, in.Run.Month.String(), account).Scan(&version)
		switch {
		case err != nil:
			return nil, err
		case version != in.Based[account]+1:
			return nil, fmt.Errorf("account %s: %w", account, ErrOvertaken)
		}
		versions[account] = version
	}
	return versions, nil
}

// number gives a document the next number of its series and chains it to the
// one before.
func number(ctx context.Context, tx *sql.Tx, draft Draft, version int) error {
	d := draft.Document
	var sequence int
	var previous string
	err := tx.QueryRowContext(ctx, `SELECT sequence, sha256 FROM documents WHERE series = ? ORDER BY sequence DESC LIMIT 1`, draft.Series).Scan(&sequence, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sequence++
	d.Number = fmt.Sprintf("%s-%06d", draft.Series, sequence)
	content, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO documents (number, series, sequence, type, month, account, statement, content, previous, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.Number, draft.Series, sequence, string(d.Type), d.Month.String(), d.Customer.ID, version, string(content), previous, hash([]byte(previous), content))
	return err
}

func hash(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
