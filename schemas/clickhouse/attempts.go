package clickhouse

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// runState is how far an attempt at a run has come. It only goes up.
type runState uint8

const (
	stateBegun runState = iota + 1
	stateFinished
	stateDropped
)

// runRow is a row of the table runs: an attempt at a run in one of its states.
type runRow struct {
	run     string
	attempt uuid.UUID
	month   string
	kind    string
	cutoff  string // JSON
	tariff  string
	state   runState

	messages, charges, statements uint64 // written so far
	lines, costs                  uint64 // the same; the table does not keep them
}

var runFields = []field[runRow]{
	text("run", func(r *runRow) string { return r.run }),
	id("attempt", func(r *runRow) uuid.UUID { return r.attempt }),
	word("month", func(r *runRow) string { return r.month }),
	word("kind", func(r *runRow) string { return r.kind }),
	text("cutoff", func(r *runRow) string { return r.cutoff }),
	word("tariff", func(r *runRow) string { return r.tariff }),
	enum("state", func(r *runRow) runState { return r.state }),
	number("messages", func(r *runRow) uint64 { return r.messages }),
	number("charges", func(r *runRow) uint64 { return r.charges }),
	number("statements", func(r *runRow) uint64 { return r.statements }),
}

// AbandonRun implements reports.RunStore.
func (s *Store) AbandonRun(ctx context.Context, run string) error {
	attempts, err := s.attempts(ctx, run)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.state == stateBegun {
			if err := s.drop(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropOthers drops every attempt at a run but the one that has just been finished.
// ErrRunReplaced means that somebody has dropped that one.
func (s *Store) dropOthers(ctx context.Context, run string, keep uuid.UUID) error {
	attempts, err := s.attempts(ctx, run)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.attempt == keep && a.state == stateDropped {
			return fmt.Errorf("run %s: %w", run, ErrRunReplaced)
		}
	}
	for _, a := range attempts {
		if a.attempt != keep && a.state != stateDropped {
			if err := s.drop(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop takes an attempt out of sight and then away, so that a reader never sees half of it.
func (s *Store) drop(ctx context.Context, a runRow) error {
	a.state = stateDropped
	if err := insert(ctx, s.conn, "runs", runFields, []runRow{a}); err != nil {
		return fmt.Errorf("run %s: %w", a.run, err)
	}
	for _, table := range runTables {
		// A partition cannot be a parameter; a UUID needs no quoting.
		if err := s.conn.Exec(ctx, "ALTER TABLE "+table+" DROP PARTITION '"+a.attempt.String()+"'"); err != nil {
			return fmt.Errorf("run %s: drop attempt %s from %s: %w", a.run, a.attempt, table, err)
		}
	}
	return nil
}

// dropStale drops what processes that died long ago have left of runs that nobody began again.
func (s *Store) dropStale(ctx context.Context) error {
	rows, err := s.query(ctx, "stale_attempts", nil)
	if err != nil {
		return err
	}
	var stale []runRow
	err = each(rows, func() error {
		var a runRow
		if err := rows.Scan(&a.run, &a.attempt, (*uint8)(&a.state), &a.month, &a.kind, &a.cutoff, &a.tariff, &a.messages, &a.charges, &a.statements); err != nil {
			return err
		}
		stale = append(stale, a)
		return nil
	})
	if err != nil {
		return fmt.Errorf("attempts that were given up: %w", err)
	}
	for _, a := range stale {
		if err := s.drop(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// attempts are all attempts at a run, each in its highest state.
func (s *Store) attempts(ctx context.Context, run string) ([]runRow, error) {
	rows, err := s.query(ctx, "attempts", named{"run": run})
	if err != nil {
		return nil, err
	}
	var attempts []runRow
	err = each(rows, func() error {
		a := runRow{run: run}
		if err := rows.Scan(&a.attempt, (*uint8)(&a.state), &a.month, &a.kind, &a.cutoff, &a.tariff, &a.messages, &a.charges, &a.statements); err != nil {
			return err
		}
		attempts = append(attempts, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("attempts at run %s: %w", run, err)
	}
	return attempts, nil
}
