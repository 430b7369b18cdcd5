package clickhouse

import (
	"strings"
	"testing"
)

// TestPasswordStaysSecret: whatever goes wrong, no error quotes the password.
func TestPasswordStaysSecret(t *testing.T) {
	for _, dsn := range []string{
		"clickhouse://alice:s3cr%zzet@localhost:1/db",
		"clickhouse://alice:s3cret@local host:1/db",
		"s3cret",
		"clickhouse://alice:s3cret@localhost:1/db?dial_timeout=s3cret",
		"clickhouse://alice:s3cret@127.0.0.1:1/db",
		"http://alice:s3cret@127.0.0.1:1/db",
	} {
		s, err := Open(t.Context(), dsn, Options{Password: "s3cret"})
		if err == nil {
			_ = s.Close()
			t.Errorf("Open(%q): got no error", dsn)
			continue
		}
		for _, secret := range []string{"s3cret", "s3cr%zz"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("Open(%q): error shows the password: %v", dsn, err)
			}
		}
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		dsn            string
		options        Options
		database, user string
	}{
		{"clickhouse://localhost:9000", Options{}, "postage", ""},
		{"clickhouse://bob:x@localhost:9000/books", Options{}, "books", "bob"},
		{"clickhouse://localhost:9000/books", Options{Database: "mine"}, "mine", ""},
	}
	for _, tt := range tests {
		opts, err := parse(tt.dsn, tt.options)
		if err != nil {
			t.Errorf("parse(%q): %v", tt.dsn, err)
			continue
		}
		if opts.Auth.Database != tt.database || opts.Auth.Username != tt.user {
			t.Errorf("parse(%q): got database %q, user %q; want %q, %q", tt.dsn, opts.Auth.Database, opts.Auth.Username, tt.database, tt.user)
		}
		if got := opts.Settings["async_insert"]; got != 0 {
			t.Errorf("parse(%q): async_insert: got %v, want 0", tt.dsn, got)
		}
	}
}
