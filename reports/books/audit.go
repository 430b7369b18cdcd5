package books

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"postage/rating"
	"postage/reports"
)

// Entry is a document as it lies in the books, with what it hangs on.
type Entry struct {
	Number, Series    string
	Sequence          int
	Type              reports.DocumentType
	Month             rating.Month
	Account           string
	Version           int // of the statement behind it
	Content, Inputs   []byte
	Previous, SHA256  string
	StatementSeal     string // as kept
	StatementContent  []byte
	Run               reports.Run
	Document          reports.Document
	Statement, Before *rating.Statement // Before is the version that Statement follows; nil for the first
}

// Entries returns documents of the books, all when none are named, in order of series
// and sequence.
// Content that cannot be read any more leaves Document or Statement empty: Audit
// says so.
func (b *Books) Entries(ctx context.Context, numbers ...string) ([]Entry, error) {
	chosen, err := jsonList(numbers)
	if err != nil {
		return nil, fmt.Errorf("books: documents: %w", err)
	}
	entries, err := rowsOf(ctx, b, func(e *Entry, scan scanner) (err error) {
		var content, inputs, statement, before, month, cutoff, accounts string
		err = scan(&e.Number, &e.Series, &e.Sequence, &e.Type, &month, &e.Account, &e.Version, &content, &inputs, &e.Previous, &e.SHA256,
			&e.StatementSeal, &statement, &before, &e.Run.ID, &e.Run.Kind, &cutoff, &e.Run.Tariff, &accounts)
		if err != nil {
			return err
		}
		e.Content, e.Inputs, e.StatementContent = []byte(content), []byte(inputs), []byte(statement)
		if e.Month, err = rating.ParseMonth(month); err != nil {
			return fmt.Errorf("%s: %w", e.Number, err)
		}
		e.Run.Month = e.Month
		if err := decodeRun(&e.Run, cutoff, accounts); err != nil {
			return err
		}
		_ = json.Unmarshal(e.Content, &e.Document) // Audit compares hashes: it notices
		if s := new(rating.Statement); json.Unmarshal(e.StatementContent, s) == nil {
			e.Statement = s
		}
		if s := new(rating.Statement); before != "" && json.Unmarshal([]byte(before), s) == nil {
			e.Before = s
		}
		return nil
	}, `SELECT d.number, d.series, d.sequence, d.type, d.month, d.account, d.statement, d.content, d.inputs, d.previous, d.sha256,
			s.seal, s.content, coalesce(p.content, ''), r.run_id, r.kind, r.cutoff, coalesce(nullif(r.tariff, ''), c.tariff), r.accounts
		FROM documents d
		JOIN statements s ON s.month = d.month AND s.account = d.account AND s.version = d.statement
		LEFT JOIN statements p ON p.month = d.month AND p.account = d.account AND p.version = d.statement - 1
		JOIN runs r ON r.run_id = s.run_id
		JOIN closes c ON c.month = d.month
		WHERE ?1 = '' OR d.number IN (SELECT value FROM json_each(?1))
		ORDER BY d.series, d.sequence`, chosen)
	if err != nil {
		return nil, fmt.Errorf("books: documents: %w", err)
	}
	return entries, nil
}

func decodeRun(r *reports.Run, cutoff, accounts string) error {
	if err := json.Unmarshal([]byte(cutoff), &r.Cutoff); err != nil {
		return fmt.Errorf("cut-off of run %s: %w", r.ID, err)
	}
	if accounts == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(accounts), &r.Accounts); err != nil {
		return fmt.Errorf("accounts of run %s: %w", r.ID, err)
	}
	return nil
}

// Audit checks what the books say of themselves: that in every series numbers have
// no gap and each document's hash follows on the one before, that statements, inputs, files,
// reviews, approvals, corrections and looks are what was sealed, and that everything was approved.
// entries are all that there are.
func (b *Books) Audit(ctx context.Context, entries []Entry) ([]reports.Difference, error) {
	var found []reports.Difference
	var last Entry
	for i := range entries {
		e := &entries[i]
		if e.Series != last.Series {
			last = Entry{Series: e.Series}
		}
		found = append(found, e.auditLink(&last)...)
		found = append(found, e.auditStatement()...)
		last = *e
	}
	seals := func(ctx context.Context) ([]reports.Difference, error) { return b.auditSeals(ctx, entries) }
	for _, check := range []func(context.Context) ([]reports.Difference, error){b.auditFiles, b.auditOrphans, seals} {
		more, err := check(ctx)
		if err != nil {
			return nil, fmt.Errorf("books: %w", err)
		}
		found = append(found, more...)
	}
	return found, nil
}

func (e *Entry) differs(code reports.DifferenceCode, format string, args ...any) reports.Difference {
	return reports.Difference{Number: e.Number, Run: e.Run.ID, Month: e.Month.String(), Account: e.Account, Code: code, Problem: fmt.Sprintf(format, args...)}
}

// auditLink compares a document with the one before it in its series.
func (e *Entry) auditLink(last *Entry) []reports.Difference {
	var found []reports.Difference
	if e.Sequence != last.Sequence+1 {
		found = append(found, e.differs(reports.ChainBroken, "series %s goes from %d to %d: what lies between is missing", e.Series, last.Sequence, e.Sequence))
	}
	if want := numberOf(e.Series, e.Sequence); e.Number != want {
		found = append(found, e.differs(reports.ChainBroken, "it should have the number %s", want))
	}
	if e.Previous != last.SHA256 {
		found = append(found, e.differs(reports.ChainBroken, "it follows on hash %.12s, and the document before it has %.12s", e.Previous, last.SHA256))
	}
	if got := link(e.Previous, e.Content, e.Inputs); got != e.SHA256 {
		found = append(found, e.differs(reports.ContentAltered, "the document was altered: its hash is %.12s, issued was %.12s", got, e.SHA256))
	}
	if d := &e.Document; d.Number != e.Number || d.Month != e.Month || d.Customer.ID != e.Account || d.Type != e.Type {
		found = append(found, e.differs(reports.ContentAltered, "its content is that of %s %q for %q, %s; entered is %s for %q, %s", d.Type, d.Number, d.Customer.ID, d.Month, e.Type, e.Account, e.Month))
	}
	return found
}

// auditStatement compares the seals of what the document was made from.
func (e *Entry) auditStatement() []reports.Difference {
	var found []reports.Difference
	seal := hash(e.StatementContent)
	if seal != e.StatementSeal || seal != e.Document.Seal {
		found = append(found, e.differs(reports.ContentAltered, "statement %s, version %d, was altered: its hash is %.12s, sealed was %.12s, the document says %.12s", e.Account, e.Version, seal, e.StatementSeal, e.Document.Seal))
	}
	if len(e.Inputs) == 0 {
		return found // issued before inputs were kept
	}
	var in reports.Inputs
	if err := json.Unmarshal(e.Inputs, &in); err != nil {
		return append(found, e.differs(reports.ContentAltered, "its inputs cannot be read: %v", err))
	}
	cutoff, err := json.Marshal(e.Run.Cutoff)
	if got := hash(cutoff); err != nil || got != in.Cutoff || in.Run != e.Run.ID {
		found = append(found, e.differs(reports.ContentAltered, "run %s was altered: the hash of its cut-off is %.12s, the document was made from %s with %.12s", e.Run.ID, got, in.Run, in.Cutoff))
	}
	if in.Tariff != e.Run.Tariff {
		found = append(found, e.differs(reports.ContentAltered, "its run has tariff %.19s, the document was made from %.19s", e.Run.Tariff, in.Tariff))
	}
	return found
}

// auditFiles compares the bytes of files with their hashes.
func (b *Books) auditFiles(ctx context.Context) (found []reports.Difference, err error) {
	rows, err := b.db.QueryContext(ctx, `SELECT f.number, f.format, f.sha256, f.content, d.month, d.account FROM files f JOIN documents d ON d.number = f.number ORDER BY f.number, f.format`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d := reports.Difference{Code: reports.FileAltered}
		var format, sealed string
		var content []byte // one at a time: together they may be large
		if err := rows.Scan(&d.Number, &format, &sealed, &content, &d.Month, &d.Account); err != nil {
			return nil, err
		}
		if got := hash(content); got != sealed {
			d.Problem = fmt.Sprintf("its %s was altered: its hash is %.12s, issued was %.12s", format, got, sealed)
			found = append(found, d)
		}
	}
	return found, rows.Err()
}

// auditOrphans finds rows that hang on nothing or on which nothing hangs that should, runs that
// nobody approved, and closes that are not what their runs say: late usage goes by them.
func (b *Books) auditOrphans(ctx context.Context) ([]reports.Difference, error) {
	return rowsOf(ctx, b, func(d *reports.Difference, scan scanner) error {
		return scan(&d.Number, &d.Run, &d.Month, &d.Account, &d.Code, &d.Problem)
	}, `SELECT d.number, '', d.month, d.account, 'chain_broken', 'statement, run or close behind it is missing' FROM documents d
			WHERE NOT EXISTS (SELECT 1 FROM statements s JOIN runs r ON r.run_id = s.run_id JOIN closes c ON c.month = s.month
				WHERE s.month = d.month AND s.account = d.account AND s.version = d.statement)
		UNION ALL
		SELECT '', r.run_id, r.month, '', 'approval_missing', 'nobody approved it' FROM runs r
			WHERE r.tariff <> '' AND NOT EXISTS (SELECT 1 FROM approvals a WHERE a.run_id = r.run_id)
		UNION ALL
		SELECT '', s.run_id, s.month, s.account, 'chain_broken', 'the document of statement version ' || s.version || ' is missing' FROM statements s
			WHERE CASE WHEN json_valid(s.content) THEN json_array_length(s.content, '$.lines') > 0 END
				AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.month = s.month AND d.account = s.account AND d.statement = s.version)
		UNION ALL
		SELECT '', c.run_id, c.month, '', 'content_altered', 'the close does not say what its run says' FROM closes c
			WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.run_id = c.run_id AND r.month = c.month AND r.cutoff = c.cutoff AND r.tariff IN ('', c.tariff))
		UNION ALL
		SELECT '', c.run_id, c.month, '', 'content_altered', 'the whole month was closed, and the close does not say so' FROM closes c
			WHERE c.whole = 0 AND EXISTS (SELECT 1 FROM runs r WHERE r.month = c.month AND (r.kind = 'adjustment' OR r.accounts = ''))`)
}
