package books

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// Summary says what books hold.
type Summary struct {
	Installation string `json:"installation"`
	Months       int    `json:"months"` // closed, in part at least
	Documents    int    `json:"documents"`
	Last         string `json:"last_closed,omitempty"` // YYYY-MM
}

// Summary counts what the books hold.
func (b *Books) Summary(ctx context.Context) (Summary, error) {
	var s Summary
	err := b.db.QueryRowContext(ctx, `SELECT (SELECT id FROM installation), (SELECT count(*) FROM closes), (SELECT count(*) FROM documents), (SELECT coalesce(max(month), '') FROM closes)`).
		Scan(&s.Installation, &s.Months, &s.Documents, &s.Last)
	if err != nil {
		return s, fmt.Errorf("books: %w", err)
	}
	return s, nil
}

// ErrDamaged says that books are not what was issued.
var ErrDamaged = errors.New("the books are damaged")

// Backup writes a copy of the books, as they are at one moment, to a file that must
// not exist yet, and reads it back: what is there afterwards is sound. Closes may
// go on meanwhile.
func (b *Books) Backup(ctx context.Context, path string) (Summary, error) {
	if _, err := os.Stat(path); err == nil {
		return Summary{}, fmt.Errorf("backup %s: there is such a file already; name another", path)
	}
	part := path + ".part"
	defer func() { _ = remove(part) }()
	if err := b.copyTo(ctx, part); err != nil {
		return Summary{}, fmt.Errorf("backup %s: %w", path, err)
	}
	summary, err := inspect(ctx, part)
	if err != nil {
		return Summary{}, fmt.Errorf("backup %s: %w", path, err)
	}
	if err := errors.Join(syncFile(part), os.Rename(part, path), syncFile(filepath.Dir(path))); err != nil {
		return Summary{}, fmt.Errorf("backup %s: %w", path, err)
	}
	return summary, nil
}

// copyTo writes a copy of the books, as they are at one moment, in place of a file.
func (b *Books) copyTo(ctx context.Context, path string) error {
	if err := remove(path); err != nil {
		return err
	}
	_, err := b.db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return err
}

// inspect checks a file of books: pages, chain of hashes, statements and files. It
// may bring the file to the version of this program.
func inspect(ctx context.Context, path string) (s Summary, err error) {
	b, err := Open(ctx, path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	var verdict string
	if err := b.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return s, err
	}
	if verdict != "ok" {
		return s, fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	entries, err := b.Entries(ctx)
	if err != nil {
		return s, err
	}
	found, err := b.Audit(ctx, entries)
	if err != nil {
		return s, err
	}
	if len(found) > 0 {
		return s, fmt.Errorf("%w: %d differences, the first: %s", ErrDamaged, len(found), found[0].String())
	}
	if s, err = b.Summary(ctx); err != nil {
		return s, err
	}
	_, err = b.db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`) // all of it in one file
	return s, err
}

// Restored is what Restore did.
type Restored struct {
	Summary
	Kept string `json:"kept,omitempty"` // where the books that were replaced are; "" when they were empty
}

// Restore replaces the books by a backup, after checking all of it. Books of
// another installation, or with documents, closes or approvals that the backup lacks, are
// replaced with force only; what was there is kept beside them. Processes that
// have the books open see the backup from then on, and one that was about to
// write is refused.
func (b *Books) Restore(ctx context.Context, from string, force bool, now time.Time) (*Restored, error) {
	wrap := func(err error) error { return fmt.Errorf("restore from %s: %w", from, err) }
	copied := b.path + ".restoring"
	defer func() { _ = remove(copied) }()
	if err := copyOf(ctx, from, copied); err != nil {
		return nil, wrap(err)
	}
	summary, err := inspect(ctx, copied)
	if err != nil {
		return nil, wrap(err)
	}
	release, err := b.Acquire(ctx, 5*time.Second)
	if err != nil {
		return nil, wrap(err)
	}
	defer release()
	present, err := b.Summary(ctx)
	if err != nil {
		return nil, wrap(err)
	}
	r := &Restored{Summary: summary}
	if present.Months > 0 {
		if err := b.mayReplace(ctx, present, summary, copied); err != nil && !force {
			return nil, wrap(err)
		}
		r.Kept = fmt.Sprintf("%s.replaced-%s", b.path, now.UTC().Format("20060102T150405Z"))
		if err := errors.Join(b.copyTo(ctx, r.Kept), syncFile(r.Kept)); err != nil {
			return nil, wrap(err)
		}
	}
	if err := b.takeOver(ctx, copied); err != nil {
		return nil, wrap(err)
	}
	return r, nil
}

// mayReplace refuses a backup that would lose something.
func (b *Books) mayReplace(ctx context.Context, present, backup Summary, copied string) error {
	if present.Installation != backup.Installation {
		return fmt.Errorf("it is of installation %.8s, the present books are of %.8s with %d documents; replace them with --force", backup.Installation, present.Installation, present.Documents)
	}
	there, err := Open(ctx, copied)
	if err != nil {
		return err
	}
	old, oldErr := there.keys(ctx)
	mine, mineErr := b.keys(ctx)
	if err := errors.Join(oldErr, mineErr, there.Close()); err != nil {
		return err
	}
	lost := slices.DeleteFunc(mine, func(key string) bool { return slices.Contains(old, key) })
	if len(lost) == 0 {
		return nil
	}
	shown := lost[:min(5, len(lost))]
	return fmt.Errorf("the present books are newer: the backup lacks %d entries (%s, ...), and their numbers would be given a second time; replace them with --force", len(lost), strings.Join(shown, ", "))
}

// keys names everything that a restore could lose, in order.
func (b *Books) keys(ctx context.Context) ([]string, error) {
	return rowsOf(ctx, b, func(key *string, scan scanner) error { return scan(key) },
		`SELECT number || ' ' || substr(sha256, 1, 12) FROM documents UNION ALL SELECT 'run ' || run_id FROM runs ORDER BY 1`)
}

// takeOver copies the pages of another file into ours, in one transaction. Both
// tokens of the lease are used up by it.
func (b *Books) takeOver(ctx context.Context, from string) error {
	source, err := Open(ctx, from)
	if err != nil {
		return err
	}
	_, err = source.db.ExecContext(ctx, `UPDATE lease SET token = max(token, ?) + 1, host = '', pid = 0, expires_at = 0`, b.token.Load())
	if err == nil {
		_, err = source.db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`) // all of it in one file
	}
	if err := errors.Join(err, source.Close()); err != nil {
		return err
	}
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // the pool's; it has nothing left to fail
	return conn.Raw(func(driver any) error {
		restore, err := driver.(interface {
			NewRestore(src string) (*sqlite.Backup, error)
		}).NewRestore(dsn(from, nil))
		if err != nil {
			return err
		}
		_, err = restore.Step(-1)
		return errors.Join(err, restore.Finish())
	})
}

// copyOf writes a copy of a file of books that somebody else may have open.
func copyOf(ctx context.Context, from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(from, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	return errors.Join((&Books{db: db}).copyTo(ctx, to), db.Close())
}

// remove removes a file of SQLite and what lies beside it, where they are there.
func remove(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
