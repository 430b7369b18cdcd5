// Package closing is the workflow of a month: read the log up to a cut-off, rate
// it, and either show drafts or issue statements and documents; later, the
// adjustments. It holds no rule of pricing and writes no file format.
package closing

import (
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
// one tariff. The messages are not in it: they are rows of its run.
type Evaluation struct {
	Run        reports.Run
	Statements []rating.Statement // in account order; accounts with nothing to say are left out
	Suspense   int64              // messages of unknown senders: on no statement, held in the log

	rows reports.RunWriter // of the run, unfinished; nil when none were asked for
}

// finish makes the rows of the run visible.
func (e *Evaluation) finish(ctx context.Context) error {
	if err := e.rows.Finish(ctx); err != nil {
		return fmt.Errorf("run %s: %w", e.Run.ID, err)
	}
	return nil
}

// newRun names a run by all that decides its result.
func newRun(kind reports.RunKind, m rating.Month, cutoff reports.Cutoff, tariff string, accounts ...string) (reports.Run, error) {
	b, err := json.Marshal(struct {
		Kind     reports.RunKind
		Month    rating.Month
		Cutoff   reports.Cutoff
		Tariff   string
		Accounts []string `json:",omitempty"`
	}{kind, m, cutoff, tariff, accounts})
	if err != nil {
		return reports.Run{}, fmt.Errorf("run of %s: %w", m, err)
	}
	sum := sha256.Sum256(b)
	id := fmt.Sprintf("%s-%s-%s", m, kind, hex.EncodeToString(sum[:6]))
	return reports.Run{ID: id, Month: m, Kind: kind, Cutoff: cutoff, Tariff: tariff, Accounts: accounts}, nil
}

// evaluate rates a month and writes the rows of its run, which stay invisible until
// the evaluation is finished. What an evaluation that died has written goes when the
// same run begins again.
func evaluate(ctx context.Context, log reports.EventLog, runs reports.RunStore, t *rating.Tariff, run reports.Run) (*Evaluation, error) {
	rows, err := runs.BeginRun(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	e, err := rateMonth(ctx, log, t, run, monthOptions{Rows: rows, Accounts: run.Accounts})
	if err != nil {
		return nil, err
	}
	for i := range e.Statements {
		if err := rows.WriteStatement(ctx, &e.Statements[i]); err != nil {
			return nil, fmt.Errorf("run %s: statement of %s: %w", run.ID, e.Statements[i].Account, err)
		}
	}
	if err := rows.Flush(ctx); err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	e.rows = rows
	return e, nil
}

// monthOptions say what rateMonth does besides the statements.
type monthOptions struct {
	Rows     reports.RunWriter // takes the messages of the month; nil for none
	Accounts []string          // only these, and what shares counters with them; nil for all
}

// rateMonth rates the month of a run from the log below its cut-off, under a tariff. The
// statements are in account order. With Accounts, those of accounts in other groups
// (rating.Tariff.Group) are left out, and Suspense is not counted.
func rateMonth(ctx context.Context, log reports.EventLog, t *rating.Tariff, run reports.Run, o monthOptions) (*Evaluation, error) {
	month, before := run.Month, previous(run.Month)
	groups := map[string]bool{}
	for _, account := range o.Accounts {
		groups[t.Group(account)] = true
	}
	wanted := func(account string) bool { return o.Accounts == nil || groups[t.Group(account)] }
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
		if wanted(account) {
			folders[account] = rating.NewFolder(t, account, month)
		}
	}
	rows := slab{to: o.Rows}
	for _, m := range rated.Messages {
		switch {
		case heldInSuspense(m, month):
			if o.Accounts != nil {
				continue
			}
			e.Suspense++
		case m.StatementMonth() == month && wanted(m.Account):
			f := folders[m.Account]
			if f == nil { // terms began or ended between sending and delivery
				f = rating.NewFolder(t, m.Account, month)
				folders[m.Account] = f
			}
			f.Add(m)
		default:
			continue
		}
		if err := rows.add(ctx, m); err != nil {
			return nil, fmt.Errorf("run %s: messages: %w", run.ID, err)
		}
	}
	if err := rows.flush(ctx); err != nil {
		return nil, fmt.Errorf("run %s: messages: %w", run.ID, err)
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
	return e, nil
}

// slab hands messages on, many at a time.
type slab struct {
	to       reports.RunWriter // nil for nobody
	messages []rating.Message
}

func (s *slab) add(ctx context.Context, m *rating.Message) error {
	const full = 10_000
	if s.to == nil {
		return nil
	}
	if s.messages = append(s.messages, *m); len(s.messages) < full {
		return nil
	}
	return s.flush(ctx)
}

func (s *slab) flush(ctx context.Context) error {
	if len(s.messages) == 0 {
		return nil
	}
	err := s.to.WriteMessages(ctx, s.messages)
	s.messages = s.messages[:0]
	return err
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
