package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// Queries are the documented questions by name ("outcomes_by_account"), each the text of a
// file that can be pasted into a client after `USE` of the database and, where it has
// parameters, `SET param_run = '...'`.
func Queries() map[string]string {
	names, err := fs.Glob(queryFiles, "queries/*.sql")
	if err != nil {
		panic(err)
	}
	queries := make(map[string]string, len(names))
	for _, path := range names {
		queries[strings.TrimSuffix(strings.TrimPrefix(path, "queries/"), ".sql")] = queryText(path)
	}
	return queries
}

func queryText(path string) string {
	text, err := queryFiles.ReadFile(path)
	if err != nil {
		panic(err) // the name is a literal of this package
	}
	return string(text)
}

// named are server-side parameters by name.
type named map[string]any

func (n named) args() []any {
	args := make([]any, 0, len(n))
	for name, value := range n {
		args = append(args, ch.Named(name, value))
	}
	return args
}

// query runs queries/name.sql.
func (s *Store) query(ctx context.Context, name string, params named) (driver.Rows, error) {
	rows, err := s.conn.Query(ctx, queryText("queries/"+name+".sql"), params.args()...)
	if err != nil {
		return nil, classed(fmt.Errorf("query %s: %w", name, err))
	}
	return rows, nil
}
