package books

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
	"time"
)

// Issue is what one close or adjustment adds to the books, all or nothing.
type Issue struct {
	Run        reports.Run
	Tariff     []byte // canonical content of the run's tariff
	Statements []rating.Statement
	Based      map[string]int // by account, the version of the statement that the new one follows
	Documents  []Draft
	Approval   Approval
	Correction string    // why the run has another tariff than its month had so far; "" when it has not
	At         time.Time // written down, decides nothing
}

// Draft is a document about to be issued and the series it belongs to.
type Draft struct {
	Series   string
	Document *reports.Document
	Inputs   *reports.Inputs // what it is made from
}

// Approval says who wanted the documents issued, and why.
type Approval struct {
	Review  string // what they had seen
	By, Why string
}

// ErrAlreadyClosed is returned by Issue when another close of the month was
// faster.
var ErrAlreadyClosed = errors.New("the month is closed already")

// ErrOvertaken is returned by Issue when another close has issued a newer
// statement of an account in the meantime: the difference would be issued twice.
var ErrOvertaken = errors.New("another close has adjusted the account in the meantime")

// Issue writes statements and documents in one transaction, giving each
// document the next number of its series; it sets Document.Number. Nothing is
// written when anything fails, as when the lease of the books is not held.
func (b *Books) Issue(ctx context.Context, in *Issue) error {
	if err := b.write(ctx, func(tx *sql.Tx) error { return issue(ctx, tx, in) }); err != nil {
		return fmt.Errorf("books, month %s: %w", in.Run.Month, err)
	}
	return nil
}

func issue(ctx context.Context, tx *sql.Tx, in *Issue) (err error) {
	exec := func(q string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, q, args...)
		}
	}
	month, run, at := in.Run.Month.String(), in.Run, in.At.UTC().Format(time.RFC3339)
	cutoff, err := json.Marshal(run.Cutoff)
	if err != nil {
		return fmt.Errorf("cut-off: %w", err)
	}
	accounts, err := jsonList(run.Accounts)
	if err != nil {
		return err
	}
	exec(`INSERT INTO tariffs (version, content) VALUES (?, ?) ON CONFLICT DO NOTHING`, run.Tariff, in.Tariff)
	if run.Kind == reports.FinalRun && err == nil {
		err = closeMonth(ctx, tx, in, string(cutoff), at)
	}
	if err != nil {
		return err
	}
	versions, err := nextVersions(ctx, tx, in)
	if err != nil {
		return err
	}
	exec(`INSERT INTO runs (run_id, month, kind, cutoff, tariff, accounts) VALUES (?, ?, ?, ?, ?, ?)`, run.ID, month, string(run.Kind), string(cutoff), run.Tariff, accounts)
	exec(`INSERT INTO approvals (run_id, review, approved_by, why, approved_at) VALUES (?, ?, ?, ?, ?)`, run.ID, in.Approval.Review, in.Approval.By, in.Approval.Why, at)
	if in.Correction != "" && err == nil {
		err = correct(ctx, tx, in)
	}
	for i := range in.Statements {
		s := &in.Statements[i]
		content, jsonErr := json.Marshal(s)
		if jsonErr != nil {
			return fmt.Errorf("statement %s: %w", s.Account, jsonErr)
		}
		exec(`INSERT INTO statements (month, account, version, run_id, seal, content) VALUES (?, ?, ?, ?, ?, ?)`, month, s.Account, versions[s.Account], run.ID, hash(content), string(content))
	}
	for _, draft := range in.Documents {
		if err == nil {
			err = number(ctx, tx, draft, versions[draft.Document.Customer.ID])
		}
	}
	return err
}

// closeMonth notes that a month, or a part of it, is closed.
func closeMonth(ctx context.Context, tx *sql.Tx, in *Issue, cutoff, at string) error {
	whole := 0
	if in.Run.Accounts == nil {
		whole = 1
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO closes (month, run_id, cutoff, tariff, closed_at, whole) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM closes WHERE month = ?1)`,
		in.Run.Month.String(), in.Run.ID, cutoff, in.Run.Tariff, at, whole)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n == 1 || err != nil {
		return err
	}
	var closed int
	if err := tx.QueryRowContext(ctx, `SELECT whole FROM closes WHERE month = ?`, in.Run.Month.String()).Scan(&closed); err != nil {
		return err
	}
	switch {
	case closed == 1:
		return ErrAlreadyClosed
	case whole == 0:
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE closes SET run_id = ?, cutoff = ?, tariff = ?, whole = 1 WHERE month = ?`, in.Run.ID, cutoff, in.Run.Tariff, in.Run.Month.String())
	return err
}

// jsonList is how a choice of accounts or numbers is written: "" for all.
func jsonList(chosen []string) (string, error) {
	if chosen == nil {
		return "", nil
	}
	list, err := json.Marshal(chosen)
	return string(list), err
}

// nextVersions gives the version of each statement about to be issued, and
// refuses one that does not follow on what it was compared with.
func nextVersions(ctx context.Context, tx *sql.Tx, in *Issue) (map[string]int, error) {
	versions := map[string]int{}
	for i := range in.Statements {
		account := in.Statements[i].Account
		var version int
		err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) + 1 FROM statements WHERE month = ? AND account = ?`, in.Run.Month.String(), account).Scan(&version)
		switch {
		case err != nil:
			return nil, err
		case version != in.Based[account]+1:
			return nil, fmt.Errorf("account %s: %w", account, ErrOvertaken)
		}
		versions[account] = version
	}
	return versions, nil
}

// number gives a document the next number of its series and chains it to the
// one before.
func number(ctx context.Context, tx *sql.Tx, draft Draft, version int) error {
	d := draft.Document
	var sequence int
	var previous string
	err := tx.QueryRowContext(ctx, `SELECT sequence, sha256 FROM documents WHERE series = ? ORDER BY sequence DESC LIMIT 1`, draft.Series).Scan(&sequence, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sequence++
	d.Number = numberOf(draft.Series, sequence)
	content, err := json.Marshal(d)
	if err != nil {
		return err
	}
	inputs, err := draft.inputs(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO documents (number, series, sequence, type, month, account, statement, content, previous, sha256, inputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.Number, draft.Series, sequence, string(d.Type), d.Month.String(), d.Customer.ID, version, string(content), previous, link(previous, content, inputs), string(inputs))
	return err
}

// inputs is the canonical JSON of what a document is made from, and of how the books were before it.
func (d *Draft) inputs(ctx context.Context, tx *sql.Tx) ([]byte, error) {
	if d.Inputs == nil {
		return nil, nil
	}
	in := *d.Inputs
	var err error
	if in.Books, err = lastSeal(ctx, tx); err != nil {
		return nil, err
	}
	return json.Marshal(&in)
}

func numberOf(series string, sequence int) string { return fmt.Sprintf("%s-%06d", series, sequence) }

// link is the hash of a document in the chain of its series.
func link(previous string, content, inputs []byte) string {
	return hash([]byte(previous), content, inputs)
}

func hash(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
