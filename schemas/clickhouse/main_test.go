package clickhouse

import (
	"context"
	"fmt"
	"os"
	"postage/schemas/clickhouse/embedded"
	"strings"
	"sync/atomic"
	"testing"
)

// engine is the ClickHouse all tests of the package share; each has its own database in it.
var engine *embedded.Server

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	os.Exit(withEngine(m.Run))
}

func withEngine(run func() int) int {
	dir, err := os.MkdirTemp("", "postage-clickhouse-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	engine, err = embedded.Start(context.Background(), embedded.Options{DataDir: dir, Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need a ClickHouse:", err)
		return 1
	}
	code := run()
	if err := engine.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

var databases atomic.Int32

// open returns a store on a fresh, migrated database of the shared engine.
func open(t testing.TB) *Store {
	t.Helper()
	s := openUnmigrated(t, fmt.Sprintf("test_%d", databases.Add(1)))
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	return s
}

func openUnmigrated(t testing.TB, database string) *Store {
	t.Helper()
	s, err := Open(t.Context(), engine.DSN(), Options{Database: database})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// rowsOf runs a query and returns its first columns as text, one row a line, for comparisons.
func rowsOf(t testing.TB, s *Store, query string) string {
	t.Helper()
	rows, err := s.conn.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var lines []string
	err = each(rows, func() error {
		texts := make([]string, len(rows.Columns()))
		scan := make([]any, len(texts))
		for i := range texts {
			scan[i] = &texts[i]
		}
		if err := rows.Scan(scan...); err != nil {
			return err
		}
		lines = append(lines, strings.Join(texts, "\t"))
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}
