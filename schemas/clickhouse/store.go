// Package clickhouse keeps the event log, the results of runs and copies of
// tariffs in ClickHouse. It owns the tables (migrations/), the documented
// questions (queries/) and the only import of the ClickHouse driver.
//
// It never decides: it classifies nothing, prices nothing and removes no copy of
// an event. It never reads the clock; the server stamps the rows. All statements
// are plain SQL files that can be pasted into a client.
package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"postage/ingest"
	"postage/ingest/contact"
	"slices"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// DefaultDatabase is used when the DSN names none.
const DefaultDatabase = "postage"

// Options are what a DSN does not say. The zero value is good.
type Options struct {
	// Password replaces the one of the DSN. It comes from the environment,
	// never from a flag, and never appears in an error.
	Password string
	// Database replaces the one of the DSN.
	Database string
	// CAFile holds the certificate authority of the server, PEM, and implies
	// TLS; "" for those that the system trusts.
	CAFile string
	// Conns is the largest number of connections, 0 means 8. Each running
	// Conversations holds one for as long as it runs.
	Conns int
}

// Store is a database of Postage. It implements ingest.Log, reports.EventLog
// and reports.RunStore, and is safe for concurrent use.
type Store struct {
	conn     driver.Conn
	database string
	options  *ch.Options
	links    *links
}

// Open connects to the ClickHouse that the DSN names,
// clickhouse://user:password@host:9000/database?secure=true, over the native
// protocol with LZ4, and creates the database when it is missing. It does not
// touch tables: call Migrate. The caller closes the Store. An error is ErrHopeless when
// somebody has to change something, and not when the server may only be away.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	opts, err := parse(dsn, o)
	if err == nil {
		err = trust(opts, o.CAFile)
	}
	if err != nil {
		return nil, ingest.Hopeless(err)
	}
	dialWith(opts)
	if err := ensureDatabase(ctx, *opts); err != nil {
		return nil, fmt.Errorf("clickhouse at %s: database %s: %w", strings.Join(opts.Addr, ","), opts.Auth.Database, classed(explain(ctx, opts, err)))
	}
	s, err := connect(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("clickhouse at %s: %w", strings.Join(opts.Addr, ","), classed(err))
	}
	return s, nil
}

// Ping says whether the server answers.
func (s *Store) Ping(ctx context.Context) error { return s.conn.Ping(ctx) }

// Close closes all connections.
func (s *Store) Close() error {
	s.links.close()
	return s.conn.Close()
}

// Database is the name of the database, for messages to people.
func (s *Store) Database() string { return s.database }

func parse(dsn string, o Options) (*ch.Options, error) {
	scheme, _, found := strings.Cut(dsn, "://")
	switch {
	case !found:
		return nil, errors.New("clickhouse DSN: want clickhouse://host:port/database")
	case scheme != "clickhouse" && scheme != "tcp":
		return nil, fmt.Errorf("clickhouse DSN: scheme %q: want clickhouse (the native protocol)", scheme)
	}
	opts, err := ch.ParseDSN(dsn)
	if err != nil {
		// The driver's message may quote the DSN and with it the password.
		return nil, errors.New("clickhouse DSN: unreadable: want clickhouse://user:password@host:port/database; special characters in the password as %XX")
	}
	for _, addr := range opts.Addr {
		if err := contact.CheckAddr(addr); err != nil {
			return nil, fmt.Errorf("clickhouse DSN: %w", err)
		}
	}
	opts.Auth.Database = cmp.Or(o.Database, opts.Auth.Database, DefaultDatabase)
	if o.Password != "" {
		opts.Auth.Password = o.Password
	}
	if opts.Compression == nil {
		opts.Compression = &ch.Compression{Method: ch.CompressionLZ4}
		if !slices.ContainsFunc(opts.Addr, func(addr string) bool { return !isLoopback(addr) }) {
			opts.Compression.Method = ch.CompressionNone // would cost both ends time and save nothing
		}
	}
	if opts.MaxOpenConns == 0 {
		opts.MaxOpenConns = cmp.Or(o.Conns, 8)
	}
	if opts.MaxIdleConns == 0 {
		opts.MaxIdleConns = opts.MaxOpenConns
	}
	if opts.DialTimeout == 0 {
		opts.DialTimeout = 10 * time.Second
	}
	if opts.ReadTimeout == 0 {
		opts.ReadTimeout = readTimeout
	}
	if opts.Settings == nil {
		opts.Settings = ch.Settings{}
	}
	// An acknowledged insert is durable: the answer must not come from a queue.
	opts.Settings["async_insert"] = 0
	return opts, nil
}

// isLoopback says whether host:port is on this machine.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip, parseErr := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || parseErr == nil && ip.IsLoopback())
}

func connect(ctx context.Context, opts *ch.Options) (*Store, error) {
	conn, err := ch.Open(opts)
	if err != nil {
		return nil, err
	}
	if err := conn.Ping(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Store{conn: conn, database: opts.Auth.Database, options: opts, links: &links{}}, nil
}

// ensureDatabase creates the database when it is missing. It looks first, from outside the
// database: a user may be allowed to use a database and not to create one, and naming an
// unknown database at the handshake can make the embedded engine abort.
func ensureDatabase(ctx context.Context, opts ch.Options) (err error) {
	name := opts.Auth.Database
	opts.Auth.Database = ""
	s, err := connect(ctx, &opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var found uint64
	row := s.conn.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name = {name:String}", ch.Named("name", name))
	if err := row.Scan(&found); err != nil || found > 0 {
		return err
	}
	return s.conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(name)+" COMMENT 'Postage: the event log, results of runs, tariffs'")
}

// quoteName quotes an identifier.
func quoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}
