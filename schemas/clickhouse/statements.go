package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/rating"
)

// Statements reads the statements of some runs back, ordered by account.
func (s *Store) Statements(ctx context.Context, of Selection) ([]rating.Statement, error) {
	var out []rating.Statement
	at := map[string]int{} // by account
	err := s.scan(ctx, "export_statements", of, func(scan func(...any) error) error {
		var st rating.Statement
		var month, unrated string
		var digits int64
		err := scan(&st.Account, &st.Name, &month, &st.Package, &st.Currency, &digits, &st.Tariff, &st.Exact, &st.Billed, &st.Residue,
			&st.Counts.Messages, &st.Counts.CareFree, &st.Counts.CareCharged, &st.Counts.NoticeFree, &st.Counts.NoticeCharged,
			&st.Counts.NotDelivered, &st.Counts.Rejected, &st.Counts.Pending, &st.Counts.Unrated, &unrated)
		if err != nil {
			return err
		}
		if unrated != "" {
			if err := json.Unmarshal([]byte(unrated), &st.Unrated); err != nil {
				return fmt.Errorf("unrated messages of %s: %w", st.Account, err)
			}
		}
		st.Scale = int32(digits)
		at[st.Account] = len(out)
		st.Month, err = rating.ParseMonth(month)
		out = append(out, st)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.scan(ctx, "export_lines", of, func(scan func(...any) error) error {
		var l rating.Line
		var account, month, kind, currency string
		var number, tier int64
		err := scan(&account, &month, &number, &kind, &l.Regime, &l.Market, &l.Category, &l.Reason, &tier, &l.From,
			&l.PriceRow, &l.Detail, &l.Quantity, &l.UnitPrice, &l.Exact, &l.Billed, &currency)
		l.Kind, l.Tier = rating.LineKind(kind), int(tier)
		st := &out[at[account]]
		st.Lines = append(st.Lines, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.scan(ctx, "export_costs", of, func(scan func(...any) error) error {
		var c rating.Cost
		var account, month string
		err := scan(&account, &month, &c.Currency, &c.Messages, &c.Unrated, &c.Exact)
		st := &out[at[account]]
		st.Costs = append(st.Costs, c)
		return err
	})
	return out, err
}

func (s *Store) scan(ctx context.Context, query string, of Selection, row func(scan func(...any) error) error) error {
	rows, err := s.query(ctx, query, of.params())
	if err != nil {
		return err
	}
	if err := each(rows, func() error { return row(rows.Scan) }); err != nil {
		return fmt.Errorf("query %s of runs %q: %w", query, of.Runs, err)
	}
	return nil
}
