package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"postage/rating"
	"postage/reports"
	"postage/reports/export"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// RunsOf lists the finished runs of a month that may be exported, in the order in which
// they were finished: every final one, the latest draft, the latest adjustment.
func (s *Store) RunsOf(ctx context.Context, m rating.Month) ([]reports.Run, error) {
	rows, err := s.query(ctx, "export_runs", named{"month": m.String()})
	if err != nil {
		return nil, err
	}
	var runs []reports.Run
	err = each(rows, func() error {
		r := reports.Run{Month: m}
		var kind, cutoff string
		if err := rows.Scan(&r.ID, &kind, &cutoff, &r.Tariff); err != nil {
			return err
		}
		r.Kind = reports.RunKind(kind)
		runs = append(runs, r)
		return json.Unmarshal([]byte(cutoff), &runs[len(runs)-1].Cutoff)
	})
	if err != nil {
		return nil, fmt.Errorf("runs of %s: %w", m, err)
	}
	return runs, nil
}

// Selection is what is exported: of some runs all accounts, or one.
type Selection struct {
	Runs    []string
	Account string // "" for all
}

func (s Selection) params() named { return named{"runs": s.Runs, "account": s.Account} }

// ExportRows counts the rows of all tables of a selection.
func (s *Store) ExportRows(ctx context.Context, of Selection) (int64, error) {
	rows, err := s.query(ctx, "export_rows", of.params())
	if err != nil {
		return 0, err
	}
	var n uint64
	if err := each(rows, func() error { return rows.Scan(&n) }); err != nil {
		return 0, fmt.Errorf("rows of runs %q: %w", of.Runs, err)
	}
	return int64(n), nil
}

// Export yields the rows of a table, ordered by account. A row is valid until the next
// iteration only. It stops at the first error.
func (s *Store) Export(ctx context.Context, t *export.Table, of Selection) iter.Seq2[[]export.Cell, error] {
	return func(yield func([]export.Cell, error) bool) {
		err := s.stream(ctx, "export_"+t.Name, of.params(), func(rows driver.Rows) (stopped bool, err error) { return eachRow(rows, t, yield) })
		if err != nil {
			yield(nil, fmt.Errorf("table %s of runs %q: %w", t.Name, of.Runs, err))
		}
	}
}

func eachRow(rows driver.Rows, t *export.Table, yield func([]export.Cell, error) bool) (stopped bool, err error) {
	cells := make([]export.Cell, len(t.Columns))
	targets := make([]any, len(t.Columns))
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
		switch c.Kind {
		case export.Text, export.Phone:
			targets[i] = &cells[i].Text
		case export.Count, export.Instant:
			targets[i] = &cells[i].Number
		case export.Amount:
			targets[i] = &cells[i].Amount
		}
	}
	if got := rows.Columns(); !slices.Equal(got, names) {
		return false, fmt.Errorf("the query has columns %q, the table %q", got, names)
	}
	words := interner{}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return false, err
		}
		words.one(&cells[0].Text)
		if !yield(cells, nil) {
			return true, nil
		}
	}
	return false, rows.Err()
}
