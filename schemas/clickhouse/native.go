package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"

	chgo "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Where rows are many, the log, the verdicts and whole months, they go through the block interface of the native protocol, column by column:
// the driver's own columns cost several times as much as the rating. link is one connection of that kind.
type link struct{ *chgo.Client }

// dial opens a link to the server of the store. The caller closes it.
func (s *Store) dial(ctx context.Context) (*link, error) {
	o := s.options
	var settings []chgo.Setting
	for name, value := range o.Settings {
		settings = append(settings, chgo.Setting{Key: name, Value: fmt.Sprint(value)})
	}
	var errs error
	for _, address := range o.Addr {
		compression := chgo.CompressionLZ4
		if o.Compression == nil || o.Compression.Method == ch.CompressionNone || onLoopback(address) {
			compression = chgo.CompressionDisabled // copying is cheaper than packing and unpacking
		}
		client, err := chgo.Dial(ctx, chgo.Options{
			Address: address, Database: o.Auth.Database, User: cmp.Or(o.Auth.Username, "default"), Password: o.Auth.Password, TLS: o.TLS,
			Compression: compression, Settings: settings, ReadTimeout: chgo.NoTimeout, DialTimeout: o.DialTimeout, HandshakeTimeout: deadAfter, Dialer: dialer(o.DialTimeout, deadAfter), ClientName: "postage",
		})
		if err == nil {
			return &link{client}, nil
		}
		errs = fmt.Errorf("clickhouse at %s: %w", address, err)
	}
	return nil, errs
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parameters are server-side parameters in the form that the protocol wants.
func (n named) parameters() []proto.Parameter {
	out := make([]proto.Parameter, 0, len(n))
	for name, value := range n {
		var text string
		switch v := value.(type) {
		case []string:
			quoted := make([]string, len(v))
			for i := range v {
				quoted[i] = quoteText(v[i])
			}
			text = "[" + strings.Join(quoted, ",") + "]"
		case []int64:
			text = strings.ReplaceAll(fmt.Sprint(v), " ", ",")
		default:
			text = fmt.Sprint(v)
		}
		out = append(out, proto.Parameter{Key: name, Value: quoteText(text)})
	}
	return out
}
