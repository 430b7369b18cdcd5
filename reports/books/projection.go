package books

import (
	"context"
	"fmt"
	"postage/rating"
	"postage/reports"
)

// Hashes returns the hash of every document in its chain, by number.
func (b *Books) Hashes(ctx context.Context) (map[string]string, error) {
	type pair struct{ number, sha256 string }
	pairs, err := rowsOf(ctx, b, func(p *pair, scan scanner) error { return scan(&p.number, &p.sha256) },
		`SELECT number, sha256 FROM documents`)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	hashes := make(map[string]string, len(pairs))
	for _, p := range pairs {
		hashes[p.number] = p.sha256
	}
	return hashes, nil
}

// Closes returns every run that was issued and who approved it, oldest first.
func (b *Books) Closes(ctx context.Context) ([]reports.BookClose, error) {
	closes, err := rowsOf(ctx, b, func(c *reports.BookClose, scan scanner) (err error) {
		var month, cutoff, accounts string
		if err := scan(&c.Run.ID, &month, &c.Run.Kind, &cutoff, &c.Run.Tariff, &accounts, &c.Review, &c.ApprovedBy, &c.Why, &c.ApprovedAt); err != nil {
			return err
		}
		if c.Run.Month, err = rating.ParseMonth(month); err != nil {
			return err
		}
		return decodeRun(&c.Run, cutoff, accounts)
	}, `SELECT r.run_id, r.month, r.kind, r.cutoff, coalesce(nullif(r.tariff, ''), c.tariff), r.accounts,
			coalesce(a.review, ''), coalesce(a.approved_by, ''), coalesce(a.why, ''), coalesce(a.approved_at, c.closed_at)
		FROM runs r JOIN closes c ON c.month = r.month LEFT JOIN approvals a ON a.run_id = r.run_id ORDER BY r.rowid`)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	return closes, nil
}
