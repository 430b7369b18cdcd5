package closing

import (
	"context"
	"fmt"
	"os"
	"postage/schemas/clickhouse"
	"postage/schemas/clickhouse/embedded"
	"testing"
)

// store is the ClickHouse that the tests of this package share.
var store *clickhouse.Store

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	os.Exit(withStore(m.Run))
}

func withStore(run func() int) (code int) {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "these tests need a ClickHouse:", err)
		return 1
	}
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "postage-closing-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	server, err := embedded.Start(ctx, embedded.Options{DataDir: dir, Progress: os.Stderr})
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			code = fail(err)
		}
	}()
	if store, err = clickhouse.Open(ctx, server.DSN(), clickhouse.Options{}); err != nil {
		return fail(err)
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return fail(err)
	}
	return run()
}
