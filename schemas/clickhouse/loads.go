package clickhouse

import (
	"context"
	"fmt"
	"postage/ingest"
)

// Loaded is a file that was to be loaded, and how far that got.
type Loaded struct {
	ingest.FileLoad
	CompleteTo int64 // the ledger's; complete when it has reached End
}

// SaveLoad notes that a file is going to be loaded.
func (s *Store) SaveLoad(ctx context.Context, l ingest.FileLoad) error {
	return insert(ctx, s.conn, "loads", loadFields, []ingest.FileLoad{l})
}

// Loads lists the files that were loaded, each content once, in order of their
// first load.
func (s *Store) Loads(ctx context.Context) ([]Loaded, error) {
	rows, err := s.query(ctx, "loads", nil)
	if err != nil {
		return nil, err
	}
	var loads []Loaded
	err = each(rows, func() error {
		var l Loaded
		if err := rows.Scan(&l.Topic, &l.File, &l.Bytes, &l.Records, &l.End, &l.CompleteTo); err != nil {
			return err
		}
		loads = append(loads, l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query loads: %w", err)
	}
	return loads, nil
}

// LoadRun is the run of the load of a file that was begun last.
func (s *Store) LoadRun(ctx context.Context, topic string) (run string, err error) {
	rows, err := s.query(ctx, "load_run", named{"topic": topic})
	if err != nil {
		return "", err
	}
	if err := each(rows, func() error { return rows.Scan(&run) }); err != nil {
		return "", fmt.Errorf("query load_run: %w", err)
	}
	return run, nil
}

var loadFields = []field[ingest.FileLoad]{
	text("topic", func(l *ingest.FileLoad) string { return l.Topic }),
	text("run", func(l *ingest.FileLoad) string { return l.Run }),
	text("file", func(l *ingest.FileLoad) string { return l.File }),
	number("bytes", func(l *ingest.FileLoad) int64 { return l.Bytes }),
	number("records", func(l *ingest.FileLoad) int64 { return l.Records }),
	number("end_offset", func(l *ingest.FileLoad) int64 { return l.End }),
}
