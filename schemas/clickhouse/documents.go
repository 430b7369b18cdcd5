package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/reports"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"
)

// Documents implements reports.BookStore.
func (s *Store) Documents(ctx context.Context) (map[string]reports.DocumentTotals, error) {
	rows, err := s.query(ctx, "documents", nil)
	if err != nil {
		return nil, err
	}
	known := map[string]reports.DocumentTotals{}
	err = each(rows, func() error {
		var number string
		var t reports.DocumentTotals
		if err := rows.Scan(&number, &t.SHA256, &t.Net, &t.Tax, &t.Gross, &t.Lines); err != nil {
			return err
		}
		known[number] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query documents: %w", err)
	}
	return known, nil
}

// Closes implements reports.BookStore.
func (s *Store) Closes(ctx context.Context) (map[string]bool, error) {
	rows, err := s.query(ctx, "closes", nil)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	err = each(rows, func() error {
		var run string
		if err := rows.Scan(&run); err != nil {
			return err
		}
		known[run] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query closes: %w", err)
	}
	return known, nil
}

// SaveDocuments implements reports.BookStore: lines first, so that a document that is
// there has its lines.
func (s *Store) SaveDocuments(ctx context.Context, documents []reports.BookDocument) error {
	var lines []documentLine
	for i := range documents {
		d := &documents[i]
		for n := range d.Lines {
			lines = append(lines, documentLine{d.Number, uint32(n + 1), &d.Lines[n]})
		}
	}
	if err := insert(ctx, s.conn, "document_lines", documentLineFields, lines); err != nil {
		return err
	}
	return insert(ctx, s.conn, "documents", documentFields, documents)
}

// SaveCloses implements reports.BookStore.
func (s *Store) SaveCloses(ctx context.Context, closes []reports.BookClose) error {
	return insert(ctx, s.conn, "closes", closeFields, closes)
}

// Forget implements reports.BookStore.
func (s *Store) Forget(ctx context.Context, numbers, runs []string) error {
	for _, gone := range []struct {
		statement string
		keys      []string
	}{
		{"DELETE FROM documents WHERE number IN {keys:Array(String)}", numbers},
		{"DELETE FROM document_lines WHERE number IN {keys:Array(String)}", numbers},
		{"DELETE FROM closes WHERE run IN {keys:Array(String)}", runs},
	} {
		if len(gone.keys) == 0 {
			continue
		}
		if err := s.conn.Exec(ctx, gone.statement, ch.Named("keys", gone.keys)); err != nil {
			return fmt.Errorf("%s: %w", gone.statement, err)
		}
	}
	return nil
}

var documentFields = func() []field[reports.BookDocument] {
	type row = reports.BookDocument
	return []field[row]{
		text("number", func(d *row) string { return d.Number }),
		word("series", func(d *row) string { return d.Series }),
		number("sequence", func(d *row) uint32 { return uint32(d.Sequence) }),
		word("type", func(d *row) string { return string(d.Type) }),
		word("month", func(d *row) string { return d.Month.String() }),
		word("account", func(d *row) string { return d.Customer.ID }),
		text("customer", func(d *row) string { return d.Customer.Name }),
		word("seller", func(d *row) string { return d.Seller.ID }),
		slice("issued_on", func(d *row) time.Time { return d.IssuedOn.Midnight(time.UTC).Time() }),
		text("preceding", func(d *row) string {
			if d.Preceding == nil {
				return ""
			}
			return d.Preceding.Number
		}),
		text("reason", func(d *row) string { return d.Reason }),
		word("currency", func(d *row) string { return d.Currency }),
		amount("net", func(d *row) decimal.Decimal { return d.Net }),
		amount("tax", func(d *row) decimal.Decimal { return d.Tax }),
		amount("gross", func(d *row) decimal.Decimal { return d.Gross }),
		amount("signed_net", func(d *row) decimal.Decimal {
			if d.Type == reports.CreditNote {
				return d.Net.Neg()
			}
			return d.Net
		}),
		text("run", func(d *row) string { return d.Run }),
		number("statement_version", func(d *row) uint32 { return uint32(d.Version) }),
		word("tariff", func(d *row) string { return d.Tariff }),
		text("sha256", func(d *row) string { return d.SHA256 }),
	}
}()

type documentLine struct {
	number string
	line   uint32
	*reports.DocumentLine
}

var documentLineFields = func() []field[documentLine] {
	type row = documentLine
	return []field[row]{
		text("number", func(l *row) string { return l.number }),
		number("line", func(l *row) uint32 { return l.line }),
		word("kind", func(l *row) string { return string(l.Kind) }),
		text("description", func(l *row) string { return l.Description }),
		word("regime", func(l *row) string { return l.Regime }),
		word("market", func(l *row) string { return l.Market }),
		word("category", func(l *row) string { return l.Category }),
		number("tier", func(l *row) uint32 { return uint32(l.Tier) }),
		word("unit", func(l *row) string { return l.Unit }),
		number("quantity", func(l *row) int64 { return l.Quantity }),
		amount("unit_price", func(l *row) decimal.Decimal { return l.UnitPrice }),
		amount("exact", func(l *row) decimal.Decimal { return l.Exact }),
		amount("billed", func(l *row) decimal.Decimal { return l.Billed }),
		word("price_row", func(l *row) string { return l.PriceRow }),
	}
}()

var closeFields = func() []field[reports.BookClose] {
	type row = reports.BookClose
	return []field[row]{
		text("run", func(c *row) string { return c.Run.ID }),
		word("month", func(c *row) string { return c.Run.Month.String() }),
		word("kind", func(c *row) string { return string(c.Run.Kind) }),
		slice("accounts", func(c *row) []string { return c.Run.Accounts }),
		text("cutoff", func(c *row) string {
			b, err := json.Marshal(c.Run.Cutoff)
			if err != nil {
				panic(err) // strings and numbers
			}
			return string(b)
		}),
		word("tariff", func(c *row) string { return c.Run.Tariff }),
		text("review", func(c *row) string { return c.Review }),
		text("approved_by", func(c *row) string { return c.ApprovedBy }),
		text("why", func(c *row) string { return c.Why }),
		text("approved_at", func(c *row) string { return c.ApprovedAt }),
	}
}()
