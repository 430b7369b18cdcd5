package clickhouse

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"postage/ingest"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one file of migrations/: 0001_log.sql has version 1.
type migration struct {
	version    uint32
	name       string
	statements []string
	hash       string // of the statements, comments and spacing aside
}

const schemaMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    version    UInt32                                COMMENT 'number of the file in migrations/',
    name       String                                COMMENT 'name of the file',
    hash       String                                COMMENT 'SHA-256 of its statements without comments and spacing',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it had been applied'
)
ENGINE = MergeTree
ORDER BY version
COMMENT 'Which migrations this database has seen. Grain: one application (two processes starting at once may both record one).'`

// Migrate brings the tables and views up to what this binary knows. It may run
// any number of times and in several processes at once: ClickHouse has no
// transactions over DDL, so every statement is written to be repeatable and a
// migration is recorded after its last statement. A database that a newer binary
// has migrated, or whose migrations differ from ours, is an error and is left alone. Such an
// error, and one of tables or rights, is ErrHopeless.
func (s *Store) Migrate(ctx context.Context) error { return classed(s.migrate(ctx)) }

func (s *Store) migrate(ctx context.Context) error {
	migrations, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	if err := s.conn.Exec(ctx, schemaMigrations); err != nil {
		return fmt.Errorf("table schema_migrations: %w", err)
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	if newest := migrations[len(migrations)-1].version; len(applied) > 0 {
		for version, a := range applied {
			if version > newest {
				return ingest.Hopeless(fmt.Errorf("database %s: migration %s is newer than this binary (%d): use a newer binary", s.database, a.name, newest))
			}
		}
	}
	for _, m := range migrations {
		if a, ok := applied[m.version]; ok {
			if a.hash != m.hash {
				return ingest.Hopeless(fmt.Errorf("database %s: migration %s was applied with other statements than this binary has: migrations are never edited, add a new one", s.database, m.name))
			}
			continue
		}
		if err := s.apply(ctx, m); err != nil {
			return fmt.Errorf("database %s: migration %s: %w", s.database, m.name, err)
		}
	}
	return nil
}

func (s *Store) apply(ctx context.Context, m migration) error {
	for i, statement := range m.statements {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return insert(ctx, s.conn, "schema_migrations", migrationColumns, []migration{m})
}

var migrationColumns = []field[migration]{
	number("version", func(m *migration) uint32 { return m.version }),
	text("name", func(m *migration) string { return m.name }),
	text("hash", func(m *migration) string { return m.hash }),
}

func (s *Store) appliedMigrations(ctx context.Context) (map[uint32]migration, error) {
	rows, err := s.conn.Query(ctx, "SELECT version, name, hash FROM schema_migrations")
	if err != nil {
		return nil, fmt.Errorf("table schema_migrations: %w", err)
	}
	applied := map[uint32]migration{}
	err = each(rows, func() error {
		var m migration
		if err := rows.Scan(&m.version, &m.name, &m.hash); err != nil {
			return err
		}
		applied[m.version] = m
		return nil
	})
	return applied, err
}

// readMigrations reads the files in order of their numbers, each of which is used once.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var migrations []migration
	var last uint64
	for _, path := range names {
		name := strings.TrimPrefix(path, "migrations/")
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if err != nil || version <= last {
			return nil, fmt.Errorf("migration %s: want a number above %04d", name, last)
		}
		last = version
		source, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		m := migration{version: uint32(version), name: name, statements: splitStatements(string(source))}
		sum := sha256.Sum256([]byte(strings.Join(m.statements, ";")))
		m.hash = hex.EncodeToString(sum[:])
		migrations = append(migrations, m)
	}
	return migrations, nil
}

// splitStatements cuts a script at its semicolons. Comments (from -- to the end of the
// line) and superfluous spacing are dropped; quoted text is kept as it is.
func splitStatements(script string) []string {
	var statements []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			statements = append(statements, s)
		}
		b.Reset()
	}
	space := false
	for i := 0; i < len(script); i++ {
		switch c := script[i]; {
		case strings.HasPrefix(script[i:], "--"):
			end := strings.IndexByte(script[i:], '\n')
			if end < 0 {
				end = len(script) - i
			}
			i += end - 1
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			space = true
			continue
		case c == ';':
			flush()
			space = false
			continue
		case c == '\'' || c == '`' || c == '"':
			end := quoteEnd(script, i)
			if space {
				b.WriteByte(' ')
			}
			b.WriteString(script[i:end])
			i, space = end-1, false
		default:
			if space {
				b.WriteByte(' ')
			}
			b.WriteByte(c)
			space = false
		}
	}
	flush()
	return statements
}

// quoteEnd is the index after the quoted text that begins at i.
func quoteEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case s[i]:
			return j + 1
		}
	}
	return len(s)
}
