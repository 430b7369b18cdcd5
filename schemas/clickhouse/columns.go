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

// field is one column of a table that is written from rows of type R. A table is
// described once, as a slice of fields; insert writes it column by column, which
// is several times faster than appending row by row.
type field[R any] struct {
	name   string
	append func(col column.Interface, rows []R) error
}

// blockRows is how many rows go into one native block. Small blocks stay in the processor's
// cache, keep the driver's buffers small, and let the server begin while we go on. The server
// joins the blocks of one INSERT again, up to about a million rows or 256 MB
// (min_insert_block_size_rows, _bytes), before it writes a part.
const blockRows = 10_000

// insert writes rows in one INSERT and returns when the server has made them durable.
// Up to a million rows, or 256 MB, that belong to one partition become one part: all or
// nothing. After an error some of the rows may have been written.
func insert[R any](ctx context.Context, conn driver.Conn, table string, fields []field[R], rows []R) error {
	i, err := begin(ctx, conn, table, fields, rows)
	if err != nil {
		return err
	}
	return i.send()
}

// insertion is an INSERT that the server has begun and that waits for its rows.
type insertion[R any] struct {
	table  string
	fields []field[R]
	rows   []R
	batch  driver.Batch // nil when there are no rows
}

// begin sends the statement and returns when the server has answered it: from then on
// the query is in system.processes. Call send or giveUp.
func begin[R any](ctx context.Context, conn driver.Conn, table string, fields []field[R], rows []R) (*insertion[R], error) {
	i := &insertion[R]{table: table, fields: fields, rows: rows}
	if len(rows) == 0 {
		return i, nil
	}
	names := make([]string, len(fields))
	for n, f := range fields {
		names[n] = f.name
	}
	var err error
	i.batch, err = conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	return i, i.wrap(err)
}

// send sends the rows and waits until they are durable.
func (i *insertion[R]) send() error {
	if i.batch == nil {
		return nil
	}
	return i.wrap(errors.Join(i.sendBlocks(), i.giveUp()))
}

// giveUp ends the INSERT in good order without the rows that were not yet sent. After
// send it does nothing.
func (i *insertion[R]) giveUp() error {
	if i.batch == nil {
		return nil
	}
	return i.batch.Close()
}

func (i *insertion[R]) wrap(err error) error {
	if err == nil {
		return nil
	}
	return classed(fmt.Errorf("insert %d rows into %s: %w", len(i.rows), i.table, err))
}

func (i *insertion[R]) sendBlocks() error {
	for rest := i.rows; len(rest) > 0; {
		block := rest[:min(len(rest), blockRows)]
		rest = rest[len(block):]
		for n, col := range i.batch.Columns() {
			if err := i.fields[n].append(col, block); err != nil {
				return fmt.Errorf("column %s: %w: %w", i.fields[n].name, err, ingest.ErrHopeless)
			}
		}
		if len(rest) > 0 {
			if err := i.batch.Flush(); err != nil {
				return err
			}
		}
	}
	return i.batch.Send()
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

// instant is a DateTime64(3) column. An instant outside 1900 to 2262 is an error:
// it could not be read back as it was.
func instant[R any](name string, get func(*R) rating.Instant) field[R] {
	return field[R]{name, func(col column.Interface, rows []R) error {
		values := make([]int64, len(rows))
		for i := range rows {
			at := get(&rows[i])
			if err := fitsInstant(at); err != nil {
				return fmt.Errorf("row %d: %w", i, err)
			}
			values[i] = int64(at)
		}
		_, err := col.Append(values)
		return err
	}}
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
