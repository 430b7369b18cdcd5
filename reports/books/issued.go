package books

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/rating"
	"postage/reports"
)

// Issued returns what each run put into the books of a month, oldest first: for
// every statement the one it follows, and the documents.
func (b *Books) Issued(ctx context.Context, m rating.Month) ([]reports.Issued, error) {
	runs, err := rowsOf(ctx, b, func(in *reports.Issued, scan scanner) error {
		in.Run.Month = m
		return scan(&in.Run.ID, &in.Run.Kind, &in.Run.Tariff)
	}, `SELECT r.run_id, r.kind, coalesce(nullif(r.tariff, ''), c.tariff) FROM runs r JOIN closes c ON c.month = r.month WHERE r.month = ? ORDER BY r.rowid`, m.String())
	if err != nil {
		return nil, fmt.Errorf("books, month %s: %w", m, err)
	}
	for i := range runs {
		in := &runs[i]
		in.Changes, err = rowsOf(ctx, b, func(c *reports.StatementChange, scan scanner) error {
			var now, before string
			if err := scan(&now, &before); err != nil {
				return err
			}
			if before != "" {
				if err := json.Unmarshal([]byte(before), &c.Before); err != nil {
					return err
				}
			}
			return json.Unmarshal([]byte(now), &c.Now)
		}, `SELECT s.content, coalesce(p.content, '') FROM statements s
			LEFT JOIN statements p ON p.month = s.month AND p.account = s.account AND p.version = s.version - 1
			WHERE s.run_id = ? ORDER BY s.account, s.version`, in.Run.ID)
		if err != nil {
			return nil, fmt.Errorf("books, statements of run %s: %w", in.Run.ID, err)
		}
		in.Documents, err = contentOf[reports.Document](ctx, b, `SELECT d.content FROM documents d JOIN statements s ON s.month = d.month AND s.account = d.account AND s.version = d.statement
			WHERE s.run_id = ? ORDER BY d.rowid`, in.Run.ID)
		if err != nil {
			return nil, fmt.Errorf("books, documents of run %s: %w", in.Run.ID, err)
		}
	}
	return runs, nil
}
