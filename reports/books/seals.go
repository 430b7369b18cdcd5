package books

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"postage/reports"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

func init() {
	// The triggers of the books seal with it: see migrations/0004_seals.sql.
	sqlite.MustRegisterDeterministicScalarFunction("sha256", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		switch v := args[0].(type) {
		case string:
			return hash([]byte(v)), nil
		case []byte:
			return hash(v), nil
		}
		return nil, fmt.Errorf("sha256 of %T: want text or bytes", args[0])
	})
}

// lastSeal is the hash of the last seal; "" when there is none.
func lastSeal(ctx context.Context, tx *sql.Tx) (last string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT sha256 FROM seals ORDER BY number DESC LIMIT 1`).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return last, err
}

// seal is a row of the chain, or a row as it is now.
type seal struct {
	number                 int
	what, subject, content string
	row, sha256            string // in the chain: what is hashed, after the hash before it
}

// auditSeals compares the chain of seals with the rows that it seals, and with what
// documents say of it.
func (b *Books) auditSeals(ctx context.Context, entries []Entry) ([]reports.Difference, error) {
	type key struct{ what, subject string }
	now, err := rowsOf(ctx, b, func(s *seal, scan scanner) error { return scan(&s.what, &s.subject, &s.content) },
		`SELECT what, subject, content FROM sealed`)
	if err != nil {
		return nil, err
	}
	content := make(map[key]string, len(now))
	for _, s := range now {
		content[key{s.what, s.subject}] = s.content
	}
	seals, err := rowsOf(ctx, b, func(s *seal, scan scanner) error {
		return scan(&s.number, &s.what, &s.subject, &s.content, &s.row, &s.sha256)
	}, `SELECT number, what, subject, content, json_array(number, what, subject, content), sha256 FROM seals ORDER BY number`)
	if err != nil {
		return nil, err
	}
	var found []reports.Difference
	known := make(map[string]bool, len(seals))
	var last seal
	for _, s := range seals {
		if s.number != last.number+1 || s.sha256 != hash([]byte(last.sha256), []byte(s.row)) {
			found = append(found, reports.Difference{Code: reports.ChainBroken, Problem: fmt.Sprintf("seal %d, of %s %s, does not follow on seal %d", s.number, s.what, s.subject, last.number)})
		}
		switch is, there := content[key{s.what, s.subject}]; {
		case !there:
			found = append(found, s.differs("is gone"))
		case is != s.content:
			found = append(found, s.differs("was altered"))
		}
		known[s.sha256], last = true, s
	}
	for _, s := range seals {
		delete(content, key{s.what, s.subject})
	}
	for _, s := range now {
		if _, unsealed := content[key{s.what, s.subject}]; unsealed {
			found = append(found, s.differs("was not entered by this program"))
		}
	}
	for i := range entries {
		e := &entries[i]
		var in reports.Inputs
		if err := json.Unmarshal(e.Inputs, &in); err == nil && in.Books != "" && !known[in.Books] {
			found = append(found, e.differs(reports.ChainBroken, "the books that it was entered in had a seal %.12s, and these have not: rows before it were altered", in.Books))
		}
	}
	return found, nil
}

// differs names a row that is not as it was sealed.
func (s *seal) differs(how string) reports.Difference {
	d := reports.Difference{Code: reports.ContentAltered, Problem: fmt.Sprintf("%s %s %s", s.what, s.subject, how)}
	switch s.what {
	case "run", "correction":
		d.Run = s.subject
	case "approval":
		if d.Run = s.subject; how == "is gone" {
			d.Code = reports.ApprovalMissing
		}
	case "file":
		if d.Number, _, _ = strings.Cut(s.subject, " "); how == "is gone" {
			d.Code = reports.FileMissing
		} else {
			d.Code = reports.FileAltered
		}
	case "statement":
		if parts := strings.Split(s.subject, " "); len(parts) > 2 {
			d.Month, d.Account = parts[0], strings.Join(slices.Clone(parts[1:len(parts)-1]), " ")
		}
	}
	return d
}
