package clickhouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"postage/ingest"
	"postage/ingest/contact"
	"slices"
	"syscall"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// trust makes the connection trust the authority in a file, and no other.
func trust(opts *ch.Options, caFile string) error {
	if caFile == "" {
		return nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return fmt.Errorf("clickhouse: certificate authority: %w", err)
	}
	if opts.TLS == nil {
		opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	opts.TLS.RootCAs = x509.NewCertPool()
	if !opts.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("clickhouse: certificate authority: %s holds no certificate in PEM", caFile)
	}
	return nil
}

// Codes of ClickHouse's own errors.
const (
	codeAuthenticationFailed = 516
	codeAccessDenied         = 497
)

// explain says what an error of the first contact means to an operator. What will stay the
// same until somebody changes a setting is ErrHopeless.
func explain(ctx context.Context, opts *ch.Options, err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var header tls.RecordHeaderError
	var exception *ch.Exception
	hint := ""
	switch {
	case errors.As(err, &unknown):
		hint = "its certificate is of an authority that we do not trust: name its file with --clickhouse-ca"
	case errors.As(err, &host):
		hint = "its certificate is for another name: use a name that it lists"
	case errors.As(err, &invalid):
		hint = "its certificate is not valid"
	case errors.As(err, &header):
		hint = "it does not speak TLS on this port: name its TLS port (9440 unless configured otherwise), or leave out secure=true"
	case contact.IsAlert(err):
		hint = "it refuses the TLS connection"
	case errors.As(err, &exception) && exception.Code == codeAuthenticationFailed:
		hint = fmt.Sprintf("it refuses user %s: check the user in --clickhouse and POSTAGE_CLICKHOUSE_PASSWORD", opts.Auth.Username)
	case errors.As(err, &exception) && exception.Code == codeAccessDenied:
		hint = fmt.Sprintf("user %s may not do this: grant it, or use another user", opts.Auth.Username)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens there: is the server running, and is the port right (9000 for the native protocol)? (%w)", err)
	case opts.TLS == nil && !errors.As(err, &exception) && slices.ContainsFunc(opts.Addr, func(addr string) bool { return contact.SpeaksTLS(ctx, addr) }):
		hint = "it speaks TLS on this port: add ?secure=true"
	default:
		return err
	}
	return ingest.Hopeless(fmt.Errorf("%s (%w)", hint, err))
}
