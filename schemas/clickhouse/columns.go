package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"postage/rating"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// field is one column of a table that is written from rows of type R, some at a time: of which there
// are many go through blockColumn. A table is described once, as a slice of fields.
type field[R any] struct {
	name   string
	append func(col column.Interface, rows []R) error
}

// insert writes rows in one INSERT and returns when the server has made them durable.
// Up to a million rows, or 256 MB, that belong to one partition become one part: all or
// nothing. After an error some of the rows may have been written.
func insert[R any](ctx context.Context, conn driver.Conn, table string, fields []field[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	names := make([]string, len(fields))
	for n, f := range fields {
		names[n] = f.name
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	if err == nil {
		err = errors.Join(sendBlocks(batch, fields, rows), batch.Close())
	}
	if err != nil {
		return classed(fmt.Errorf("insert %d rows into %s: %w", len(rows), table, err))
	}
	return nil
}

func sendBlocks[R any](batch driver.Batch, fields []field[R], rows []R) error {
	for rest := rows; len(rest) > 0; {
		block := rest[:min(len(rest), blockRows)]
		rest = rest[len(block):]
		for n, col := range batch.Columns() {
			if err := fields[n].append(col, block); err != nil {
				return ingest.Hopeless(fmt.Errorf("column %s: %w", fields[n].name, err))
			}
		}
		if len(rest) > 0 {
			if err := batch.Flush(); err != nil {
				return err
			}
		}
	}
	return batch.Send()
}

// slice is a column whose driver type takes a slice of T.
func slice[R, T any](name string, get func(*R) T) field[R] {
	return field[R]{name, func(col column.Interface, rows []R) error {
		values := make([]T, len(rows))
		for i := range rows {
			values[i] = get(&rows[i])
		}
		_, err := col.Append(values)
		return err
	}}
}

// number is a column of a Go number or of raw bytes as they are.
func number[R any, T int32 | int64 | uint8 | uint32 | uint64](name string, get func(*R) T) field[R] {
	return slice(name, get)
}

// text is a String column; any bytes will do.
func text[R any](name string, get func(*R) string) field[R] { return slice(name, get) }

// raw is a String column filled from bytes.
func raw[R any](name string, get func(*R) []byte) field[R] { return slice(name, get) }

// enum is an Enum8 column. A number that the table does not know is an error.
func enum[R any, T ~uint8](name string, get func(*R) T) field[R] {
	return slice(name, func(r *R) int8 { return int8(get(r)) })
}

// word is a LowCardinality(String) column. The driver appends to these row by row
// and by reflection; passing nil for the empty string and the same boxed value
// for a repeated one keeps it cheap.
func word[R any](name string, get func(*R) string) field[R] {
	return field[R]{name, func(col column.Interface, rows []R) error {
		var last string
		var boxed any // nil stands for "", the default of a dictionary
		for i := range rows {
			if s := get(&rows[i]); s != last {
				last, boxed = s, any(s)
				if s == "" {
					boxed = nil
				}
			}
			if err := col.AppendRow(boxed); err != nil {
				return err
			}
		}
		return nil
	}}
}

// The instants that a DateTime64(3) column takes through the driver, which goes by
// way of nanoseconds in 64 bits: 1900 to 2262.
var (
	firstInstant = rating.At(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC))
	lastInstant  = rating.At(time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC))
)

func fitsInstant(at rating.Instant) error {
	if at < firstInstant || at > lastInstant {
		return fmt.Errorf("%d ms lies outside 1900 to 2262", int64(at))
	}
	return nil
}

// amountDigits are the decimal places of every amount at rest, Decimal(38, 18).
const amountDigits = 18

// amount is a Decimal(38, 18) column. An amount that needs more places is an error:
// the driver would cut it off without a word.
func amount[R any](name string, get func(*R) decimal.Decimal) field[R] {
	return field[R]{name, func(col column.Interface, rows []R) error {
		values := make([]decimal.Decimal, len(rows))
		for i := range rows {
			values[i] = get(&rows[i])
			if err := fitsAmount(values[i]); err != nil {
				return err
			}
		}
		_, err := col.Append(values)
		return err
	}}
}

func fitsAmount(d decimal.Decimal) error {
	if d.Exponent() < -amountDigits && !d.Equal(d.Truncate(amountDigits)) {
		return fmt.Errorf("amount %s needs more than %d decimals", d, amountDigits)
	}
	return nil
}

// id is a UUID column.
func id[R any](name string, get func(*R) uuid.UUID) field[R] { return slice(name, get) }

// each calls visit for every row and closes the rows.
func each(rows driver.Rows, visit func() error) error {
	for rows.Next() {
		if err := visit(); err != nil {
			_ = rows.Close() // the first error is the one that explains
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}
