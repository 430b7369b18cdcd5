package clickhouse

import (
	"context"
	"fmt"
	"postage/reports"

	"github.com/shopspring/decimal"
)

// IngestSummary is what lies below a cut-off in the log.
type IngestSummary struct {
	Events        int64            // stored, copies included
	Identities    int64            // different events
	Copies        int64            // Events - Identities
	Conversations int64            // different (sender, user)
	ByType        map[string]int64 // events by type, copies included
	Refused       map[string]int64 // refusals by reason
}

// RefusedTotal adds up the reasons.
func (s *IngestSummary) RefusedTotal() (n int64) {
	for _, count := range s.Refused {
		n += count
	}
	return n
}

// Ingested counts what lies below a cut-off.
func (s *Store) Ingested(ctx context.Context, upTo reports.Cutoff) (IngestSummary, error) {
	var sum IngestSummary
	var err error
	if sum.ByType, err = s.counts(ctx, "events_by_type", cutoffParams(upTo)); err != nil {
		return IngestSummary{}, err
	}
	if sum.Refused, err = s.counts(ctx, "refused_by_reason", cutoffParams(upTo)); err != nil {
		return IngestSummary{}, err
	}
	rows, err := s.query(ctx, "copies", cutoffParams(upTo))
	if err != nil {
		return IngestSummary{}, err
	}
	err = each(rows, func() error {
		return rows.Scan(&sum.Events, &sum.Identities, &sum.Copies, &sum.Conversations)
	})
	if err != nil {
		return IngestSummary{}, fmt.Errorf("query copies: %w", err)
	}
	return sum, nil
}

// counts runs a query of two columns, a name and a count.
func (s *Store) counts(ctx context.Context, query string, params named) (map[string]int64, error) {
	rows, err := s.query(ctx, query, params)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	err = each(rows, func() error {
		var name string
		var count int64
		if err := rows.Scan(&name, &count); err != nil {
			return err
		}
		counts[name] = count
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	return counts, nil
}

// OutcomeCount counts the messages of a run that ended alike.
type OutcomeCount struct {
	Account, Class, Outcome, Reason string
	Messages                        int64
}

// Outcomes counts the messages of a finished run, ordered by account, class, outcome and
// reason. A run that is not finished has none.
func (s *Store) Outcomes(ctx context.Context, runID string) ([]OutcomeCount, error) {
	rows, err := s.query(ctx, "outcomes_by_account", named{"run": runID})
	if err != nil {
		return nil, err
	}
	var outcomes []OutcomeCount
	err = each(rows, func() error {
		var o OutcomeCount
		if err := rows.Scan(&o.Account, &o.Class, &o.Outcome, &o.Reason, &o.Messages); err != nil {
			return err
		}
		outcomes = append(outcomes, o)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("outcomes of run %s: %w", runID, err)
	}
	return outcomes, nil
}

// StatementTotal is what an account owes in a run, counted three ways by SQL.
type StatementTotal struct {
	Account     string
	Currency    string
	MinorDigits uint8
	Charged     int64           // messages charged
	Exact       decimal.Decimal // of the statement
	Billed      decimal.Decimal // of the statement
	FromLines   decimal.Decimal // lines of the statement, rounded by SQL
	FromCharges decimal.Decimal // single charges added up and rounded by SQL, and fees
	Agrees      bool            // whether all of them are equal to the last digit
}

// StatementTotals reads the totals of a finished run, ordered by account. A run that is
// not finished has none.
func (s *Store) StatementTotals(ctx context.Context, runID string) ([]StatementTotal, error) {
	rows, err := s.query(ctx, "statement_totals", named{"run": runID})
	if err != nil {
		return nil, err
	}
	var totals []StatementTotal
	err = each(rows, func() error {
		var t StatementTotal
		if err := rows.Scan(&t.Account, &t.Currency, &t.MinorDigits, &t.Charged, &t.Exact, &t.Billed, &t.FromLines, &t.FromCharges, &t.Agrees); err != nil {
			return err
		}
		totals = append(totals, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("totals of run %s: %w", runID, err)
	}
	return totals, nil
}
