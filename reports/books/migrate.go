package books

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrNewer says that the books were written by a newer program.
var ErrNewer = errors.New("the books are of a newer version of postage; use that one")

// migrate brings a file to the newest version, one transaction for each file of
// migrations/; their numbers run from 1 and the file keeps the last as its
// user_version. Several processes may do it at once.
func migrate(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return err
	}
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(names) {
		return fmt.Errorf("version %d, this program knows %d: %w", version, len(names), ErrNewer)
	}
	for version < len(names) {
		if version, err = migrateOne(ctx, db, names); err != nil {
			return err
		}
	}
	return nil
}

// migrateOne applies the next migration, if no other process has meanwhile, and
// returns the version that the file has now.
func migrateOne(ctx context.Context, db *sql.DB, names []string) (version int, err error) {
	err = inTx(ctx, db, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version >= len(names) {
			return err
		}
		script, err := migrationFiles.ReadFile(names[version])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(script)); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(names[version], "migrations/"), err)
		}
		version++
		// A pragma takes no parameters.
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
	return version, err
}

// inTx does something in one immediate transaction, all or nothing.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error that led here says more
		return err
	}
	return tx.Commit()
}
