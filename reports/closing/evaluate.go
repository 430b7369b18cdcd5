// Package closing is the workflow of a month: read the log up to a cut-off, rate
// it, and either show drafts or issue statements and documents; later, the
// adjustments. It holds no rule of pricing and writes no file format.
package closing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"postage/rating"
	"postage/reports"
	"slices"
	"strings"
)

// Evaluation is what the rating function says of one month at one cut-off under
// one tariff.
type Evaluation struct {
	Run        reports.Run
	Statements []rating.Statement // in account order; accounts with nothing to say are left out
	Messages   []*rating.Message  // of the month, in order of sending, then message id
	Suspense   int64              // messages of unknown senders: on no statement, held in the log
}

// newRun names a run by all that decides its result.
func newRun(kind reports.RunKind, m rating.Month, cutoff reports.Cutoff, tariff string) (reports.Run, error) {
	b, err := json.Marshal(struct {
		Kind   reports.RunKind
		Month  rating.Month
		Cutoff reports.Cutoff
		Tariff string
	}{kind, m, cutoff, tariff})
	if err != nil {
		return reports.Run{}, fmt.Errorf("run of %s: %w", m, err)
	}
	sum := sha256.Sum256(b)
	id := fmt.Sprintf("%s-%s-%s", m, kind, hex.EncodeToString(sum[:6]))
	return reports.Run{ID: id, Month: m, Kind: kind, Cutoff: cutoff, Tariff: tariff}, nil
}

// evaluate rates a month from the log.
func evaluate(ctx context.Context, log reports.EventLog, t *rating.Tariff, run reports.Run) (*Evaluation, error) {
	month, before := run.Month, previous(run.Month)
	// Counters of the month before are needed where the sender's month and the
	// account's do not begin at the same instant.
	keep := func(m *rating.Message) bool {
		return m.StatementMonth() == month || m.Chargeable() && m.Month == before || heldInSuspense(m, month)
	}
	rated, err := rating.Evaluate(t, log.Conversations(ctx, run.Cutoff), keep)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Run: run}
	folders := map[string]*rating.Folder{}
	for _, account := range t.Accounts(month) {
		folders[account] = rating.NewFolder(t, account, month)
	}
	for _, m := range rated.Messages {
		switch {
		case heldInSuspense(m, month):
			e.Suspense++
			e.Messages = append(e.Messages, m)
		case m.StatementMonth() == month:
			f := folders[m.Account]
			if f == nil { // terms began or ended between sending and delivery
				f = rating.NewFolder(t, m.Account, month)
				folders[m.Account] = f
			}
			f.Add(m)
			e.Messages = append(e.Messages, m)
		}
	}
	for account, f := range folders {
		f.AddInbounds(rated.Inbounds)
		s, err := f.Statement()
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", account, err)
		}
		if len(s.Lines) > 0 || s.Counts.Messages > 0 {
			e.Statements = append(e.Statements, *s)
		}
	}
	slices.SortFunc(e.Statements, func(a, b rating.Statement) int { return strings.Compare(a.Account, b.Account) })
	slices.SortFunc(e.Messages, func(a, b *rating.Message) int {
		return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
	})
	return e, nil
}

// heldInSuspense says whether a message of no known account belongs to the
// month, by UTC as there is no account to give a timezone.
func heldInSuspense(m *rating.Message, month rating.Month) bool {
	if m.Reason != rating.UnknownSender {
		return false
	}
	y, mo, _ := m.SentAt.Time().Date()
	return rating.Month{Year: y, Month: mo} == month
}

func previous(m rating.Month) rating.Month {
	d := m.First().AddDays(-1)
	return rating.Month{Year: d.Year, Month: d.Month}
}

// project writes an evaluation to ClickHouse for SQL.
func project(ctx context.Context, runs reports.RunStore, e *Evaluation) error {
	w, err := runs.BeginRun(ctx, e.Run)
	if err != nil {
		return fmt.Errorf("run %s: %w", e.Run.ID, err)
	}
	const slab = 10_000
	buffer := make([]rating.Message, 0, slab)
	for chunk := range slices.Chunk(e.Messages, slab) {
		buffer = buffer[:0]
		for _, m := range chunk {
			buffer = append(buffer, *m)
		}
		if err := w.WriteMessages(ctx, buffer); err != nil {
			return fmt.Errorf("run %s: messages: %w", e.Run.ID, err)
		}
	}
	for i := range e.Statements {
		if err := w.WriteStatement(ctx, &e.Statements[i]); err != nil {
			return fmt.Errorf("run %s: statement of %s: %w", e.Run.ID, e.Statements[i].Account, err)
		}
	}
	if err := w.Finish(ctx); err != nil {
		return fmt.Errorf("run %s: %w", e.Run.ID, err)
	}
	return nil
}
