package books

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// scanner reads the columns of the row at hand.
type scanner func(columns ...any) error

// rowsOf reads the rows of a query, each into a new T.
func rowsOf[T any](ctx context.Context, b *Books, read func(*T, scanner) error, q string, args ...any) (all []T, err error) {
	rows, err := b.db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v T
		if err := read(&v, rows.Scan); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// contentOf reads the rows of a query of one column, JSON.
func contentOf[T any](ctx context.Context, b *Books, q string, args ...any) ([]T, error) {
	all, err := rowsOf(ctx, b, func(v *T, scan scanner) error {
		var content []byte
		if err := scan(&content); err != nil {
			return err
		}
		return json.Unmarshal(content, v)
	}, q, args...)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	return all, nil
}
