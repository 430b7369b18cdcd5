package clickhouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
	"sync"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// runTables are the tables whose partitions are attempts of runs.
var runTables = [...]string{"messages", "charges", "statement_lines", "statement_costs", "statements"}

// writerRows is how many statements or lines a run buffers before it inserts them.
const writerRows = 50_000

// ErrRunReplaced says that another process began the same run, and finished it or took
// away what this one had written.
var ErrRunReplaced = errors.New("the run was taken over by another process")

// BeginRun implements reports.RunStore. The rows get a new attempt, so an earlier finished
// writing of the same run stays visible until Finish replaces it by a single insert. What
// unfinished attempts left behind is removed now, of other runs after a day.
func (s *Store) BeginRun(ctx context.Context, r reports.Run) (reports.RunWriter, error) {
	if err := s.AbandonRun(ctx, r.ID); err != nil {
		return nil, err
	}
	if err := s.dropStale(ctx); err != nil {
		return nil, err
	}
	attempt, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", r.ID, err)
	}
	cutoff, err := json.Marshal(r.Cutoff)
	if err != nil {
		return nil, fmt.Errorf("run %s: cut-off: %w", r.ID, err)
	}
	w := &runWriter{
		store:      s,
		row:        runRow{run: r.ID, attempt: attempt, month: r.Month.String(), kind: string(r.Kind), cutoff: string(cutoff), tariff: r.Tariff},
		lines:      lineFields(r.ID, attempt),
		costs:      costFields(r.ID, attempt),
		statements: statementFields(r.ID, attempt),
	}
	return w, w.mark(ctx, stateBegun)
}

// runWriter implements reports.RunWriter.
type runWriter struct {
	store *Store

	lines      []field[lineRow]
	costs      []field[costRow]
	statements []field[statementRow]

	mu           sync.Mutex // guards what follows
	row          runRow
	idle, open   []*runStream
	lineBuf      []lineRow
	costBuf      []costRow
	statementBuf []statementRow
}

// runStream is a pair of INSERTs that one caller at a time writes messages to.
type runStream struct {
	messages, charges *blockInsert[rating.Message]
	rows, charged     []*rating.Message
}

// WriteMessages sends messages to the server. As many pairs of INSERTs are open as there are
// callers at once.
func (w *runWriter) WriteMessages(ctx context.Context, messages []rating.Message) error {
	t, err := w.take(ctx)
	if err != nil {
		return err
	}
	for block := range slices.Chunk(messages, blockMax) {
		if err := t.write(block); err != nil {
			return fmt.Errorf("run %s: %w", w.row.run, err)
		}
		w.mu.Lock()
		w.row.messages += uint64(len(t.rows))
		w.row.charges += uint64(len(t.charged))
		w.mu.Unlock()
	}
	w.mu.Lock()
	w.idle = append(w.idle, t)
	w.mu.Unlock()
	return nil
}

func (t *runStream) write(messages []rating.Message) error {
	t.rows, t.charged = t.rows[:0], t.charged[:0]
	for i := range messages {
		m := &messages[i]
		t.rows = append(t.rows, m)
		if m.Outcome == rating.Charged {
			if m.Rate == nil {
				return fmt.Errorf("message %s is charged without a rate", m.MessageID)
			}
			t.charged = append(t.charged, m)
		}
	}
	return errors.Join(t.messages.put(t.rows), t.charges.put(t.charged))
}

// take returns a stream that nobody uses, or opens one.
func (w *runWriter) take(ctx context.Context) (*runStream, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := len(w.idle) - 1; last >= 0 {
		t := w.idle[last]
		w.idle = w.idle[:last]
		return t, nil
	}
	t := &runStream{}
	var err error
	if t.messages, err = beginBlocks(ctx, w.store, "messages", messageColumns(w.row.run, w.row.attempt)); err != nil {
		return nil, fmt.Errorf("run %s: %w", w.row.run, err)
	}
	if t.charges, err = beginBlocks(ctx, w.store, "charges", chargeColumns(w.row.run, w.row.attempt)); err != nil {
		return nil, errors.Join(fmt.Errorf("run %s: %w", w.row.run, err), t.messages.end())
	}
	w.open = append(w.open, t)
	return t, nil
}

// WriteStatement buffers a statement: there are few.
func (w *runWriter) WriteStatement(ctx context.Context, s *rating.Statement) error {
	row, err := newStatementRow(s)
	if err != nil {
		return fmt.Errorf("run %s: statement of %s: %w", w.row.run, s.Account, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, l := range s.Lines {
		w.lineBuf = append(w.lineBuf, lineRow{Line: l, account: s.Account, currency: s.Currency, month: s.Month, number: uint32(i + 1)})
	}
	w.row.lines += uint64(len(s.Lines))
	for _, c := range s.Costs {
		w.costBuf = append(w.costBuf, costRow{Cost: c, account: s.Account, month: s.Month})
	}
	w.row.costs += uint64(len(s.Costs))
	w.statementBuf = append(w.statementBuf, row)
	w.row.statements++
	if len(w.lineBuf) >= writerRows || len(w.statementBuf) >= writerRows {
		return w.flushStatements(ctx)
	}
	return nil
}

// Finish writes what is buffered, counts the rows once more in the tables, and then makes
// the run visible. Earlier attempts are removed after that.
func (w *runWriter) Finish(ctx context.Context) error {
	if err := w.Flush(ctx); err != nil {
		return err
	}
	for table, want := range map[string]uint64{
		"messages": w.row.messages, "charges": w.row.charges, "statement_lines": w.row.lines,
		"statement_costs": w.row.costs, "statements": w.row.statements,
	} {
		var got uint64
		row := w.store.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE attempt = {attempt:UUID}", ch.Named("attempt", w.row.attempt.String()))
		if err := row.Scan(&got); err != nil {
			return fmt.Errorf("run %s: count %s: %w", w.row.run, table, err)
		}
		if got != want {
			return fmt.Errorf("run %s: %d rows in %s, %d written: %w", w.row.run, got, table, want, ErrRunReplaced)
		}
	}
	if err := w.mark(ctx, stateFinished); err != nil {
		return err
	}
	return w.store.dropOthers(ctx, w.row.run, w.row.attempt)
}

// Flush ends the INSERTs under way, so that all rows are durable. Nobody may write meanwhile.
func (w *runWriter) Flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, t := range w.open {
		errs = append(errs, t.messages.end(), t.charges.end())
	}
	w.open, w.idle = nil, nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("run %s: %w", w.row.run, err)
	}
	return w.flushStatements(ctx)
}

func (w *runWriter) flushStatements(ctx context.Context) error {
	conn := w.store.conn
	err := insert(ctx, conn, "statement_lines", w.lines, w.lineBuf)
	if err == nil {
		err = insert(ctx, conn, "statement_costs", w.costs, w.costBuf)
	}
	if err == nil {
		err = insert(ctx, conn, "statements", w.statements, w.statementBuf)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", w.row.run, err)
	}
	w.lineBuf, w.costBuf, w.statementBuf = w.lineBuf[:0], w.costBuf[:0], w.statementBuf[:0]
	return nil
}

func (w *runWriter) mark(ctx context.Context, state runState) error {
	w.row.state = state
	if err := insert(ctx, w.store.conn, "runs", runFields, []runRow{w.row}); err != nil {
		return fmt.Errorf("run %s: %w", w.row.run, err)
	}
	return nil
}
