package books

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
)

// SaveFile keeps the bytes of a document in one format. Saving the same bytes
// again does nothing; other bytes for the same document are refused.
func (b *Books) SaveFile(ctx context.Context, number, format string, content []byte) error {
	kept, err := b.File(ctx, number, format)
	if err != nil {
		return err
	}
	if kept != nil {
		if hash(kept) != hash(content) {
			return fmt.Errorf("books: %s of %s was issued with other bytes", format, number)
		}
		return nil
	}
	err = b.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO files (number, format, sha256, content) VALUES (?, ?, ?, ?)`, number, format, hash(content), content)
		return err
	})
	if err != nil {
		if kept, _ := b.File(ctx, number, format); kept != nil && hash(kept) == hash(content) {
			return nil // another close drew the same a moment ago
		}
		return fmt.Errorf("books: %s of %s: %w", format, number, err)
	}
	return nil
}

// File returns the bytes of a document in a format, or nil when they have not
// been drawn yet.
func (b *Books) File(ctx context.Context, number, format string) ([]byte, error) {
	var content []byte
	err := b.db.QueryRowContext(ctx, `SELECT content FROM files WHERE number = ? AND format = ?`, number, format).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("books: %s of %s: %w", format, number, err)
	}
	return content, nil
}

// Unprojected returns the runs of a month whose rows ClickHouse may not have
// yet, oldest first.
func (b *Books) Unprojected(ctx context.Context, m rating.Month) ([]reports.Run, error) {
	runs, err := rowsOf(ctx, b, func(r *reports.Run, scan scanner) error {
		var cutoff, accounts string
		if err := scan(&r.ID, &r.Kind, &cutoff, &r.Tariff, &accounts); err != nil {
			return err
		}
		r.Month = m
		return decodeRun(r, cutoff, accounts)
	}, `SELECT r.run_id, r.kind, r.cutoff, coalesce(nullif(r.tariff, ''), c.tariff), r.accounts FROM runs r JOIN closes c ON c.month = r.month WHERE r.month = ? AND r.projected = 0 ORDER BY r.rowid`, m.String())
	if err != nil {
		return nil, fmt.Errorf("books: runs of %s: %w", m, err)
	}
	return runs, nil
}

// Projected notes that ClickHouse has the rows of a run.
func (b *Books) Projected(ctx context.Context, runID string) error {
	err := b.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE runs SET projected = 1 WHERE run_id = ?`, runID)
		return err
	})
	if err != nil {
		return fmt.Errorf("books: run %s: %w", runID, err)
	}
	return nil
}
