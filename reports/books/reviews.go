package books

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"time"
)

// Review is what was shown to whoever may approve it.
type Review struct {
	Month      rating.Month
	Accounts   []string // nil: all
	ID         string   // names everything that would be issued
	Exceptions []reports.Exception
	At         time.Time // written down, decides nothing
}

// SaveReview notes what was shown. Showing the same again adds nothing.
func (b *Books) SaveReview(ctx context.Context, r Review) error {
	accounts, err := jsonList(r.Accounts)
	if err != nil {
		return fmt.Errorf("books, review of %s: %w", r.Month, err)
	}
	exceptions, err := json.Marshal(r.Exceptions)
	if err != nil {
		return fmt.Errorf("books, review of %s: %w", r.Month, err)
	}
	shown, err := b.LastReview(ctx, r.Month, r.Accounts)
	if err != nil || shown == r.ID {
		return err
	}
	err = b.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO reviews (month, accounts, review, exceptions, shown_at) VALUES (?, ?, ?, ?, ?)`,
			r.Month.String(), accounts, r.ID, string(exceptions), r.At.UTC().Format(time.RFC3339))
		return err
	})
	if err != nil {
		return fmt.Errorf("books, review of %s: %w", r.Month, err)
	}
	return nil
}

// LastReview names what was shown last for a month and these accounts, or "" when
// it has been issued since or nothing was ever shown.
func (b *Books) LastReview(ctx context.Context, m rating.Month, accounts []string) (string, error) {
	list, err := jsonList(accounts)
	if err != nil {
		return "", fmt.Errorf("books, review of %s: %w", m, err)
	}
	var review string
	var issued bool
	err = b.db.QueryRowContext(ctx, `SELECT review, EXISTS (SELECT 1 FROM approvals a JOIN runs n ON n.run_id = a.run_id WHERE a.review = r.review AND n.month = r.month)
		FROM reviews r WHERE month = ? AND accounts = ? ORDER BY number DESC LIMIT 1`, m.String(), list).Scan(&review, &issued)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && issued:
		return "", nil
	case err != nil:
		return "", fmt.Errorf("books, review of %s: %w", m, err)
	}
	return review, nil
}
