package clickhouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// ErrNoTariff says that no tariff of that version is kept.
var ErrNoTariff = errors.New("tariff version is not kept")

// SaveTariff keeps a copy of a tariff by its version. Saving it again does nothing; another
// content under the same version is an error.
func (s *Store) SaveTariff(ctx context.Context, version string, content []byte) error {
	switch kept, err := s.LoadTariff(ctx, version); {
	case errors.Is(err, ErrNoTariff):
	case err != nil:
		return err
	case !bytes.Equal(kept, content):
		return fmt.Errorf("tariff %s: kept with other content (%d bytes, now %d)", version, len(kept), len(content))
	default:
		return nil
	}
	return insert(ctx, s.conn, "tariffs", tariffFields, []tariffRow{{version, content}})
}

// LoadTariff returns the content kept under a version, or ErrNoTariff.
func (s *Store) LoadTariff(ctx context.Context, version string) ([]byte, error) {
	rows, err := s.query(ctx, "tariff", named{"version": version})
	if err != nil {
		return nil, err
	}
	var contents [][]byte
	err = each(rows, func() error {
		var content string
		if err := rows.Scan(&content); err != nil {
			return err
		}
		contents = append(contents, []byte(content))
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("tariff %s: %w", version, err)
	case len(contents) == 0:
		return nil, fmt.Errorf("tariff %s: %w", version, ErrNoTariff)
	case len(contents) > 1:
		return nil, fmt.Errorf("tariff %s: kept with %d different contents", version, len(contents))
	}
	return contents[0], nil
}

type tariffRow struct {
	version string
	content []byte
}

var tariffFields = []field[tariffRow]{
	text("version", func(t *tariffRow) string { return t.version }),
	raw("content", func(t *tariffRow) []byte { return t.content }),
}
