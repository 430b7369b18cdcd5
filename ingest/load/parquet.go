package load

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"postage/ingest"
	"postage/rating"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/shopspring/decimal"
)

// parquetReader reads the rows of a Parquet file as records, page by page. The
// offset of a record is the number of its row, from 0.
type parquetReader struct {
	*table
	leaves []leaf
	groups []parquet.RowGroup
	skip   int64 // rows not wanted
	rows   parquet.Rows
	buffer []parquet.Row
	offset int64

	cells   []cell
	scratch []byte
}

// leaf is one column of values.
type leaf struct {
	repeated bool
	// value turns a value that is not null into a cell; scratch is memory for it.
	value func(scratch []byte, v parquet.Value) (grown []byte, c cell)
}

// openParquet reads the footer. A file that is damaged is an error, not a panic.
func openParquet(f *os.File, size, from int64) (r *parquetReader, err error) {
	defer recovered(&err)
	file, err := parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	r = &parquetReader{groups: file.RowGroups(), skip: from, offset: from, buffer: make([]parquet.Row, 256)}
	var names []string
	var errs []error
	for _, column := range leavesOf(file.Root()) {
		name := strings.Join(column.Path(), ".")
		value, err := converter(column.Type())
		if err != nil {
			errs = append(errs, fmt.Errorf("column %s: %w", name, err))
		}
		names = append(names, name)
		r.leaves = append(r.leaves, leaf{column.MaxRepetitionLevel() > 0, value})
	}
	if r.table, err = newTable(names); err != nil {
		errs = append(errs, err)
	}
	return r, errors.Join(errs...)
}

// leavesOf lists the columns that hold values, in the order of their numbers.
func leavesOf(c *parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return []*parquet.Column{c}
	}
	var leaves []*parquet.Column
	for _, child := range c.Columns() {
		leaves = append(leaves, leavesOf(child)...)
	}
	return leaves
}

// read appends some records.
func (r *parquetReader) read(dst []ingest.Message, topic string, at rating.Instant) (_ []ingest.Message, err error) {
	defer recovered(&err)
	for r.rows == nil {
		if len(r.groups) == 0 {
			return dst, io.EOF
		}
		group := r.groups[0]
		r.groups = r.groups[1:]
		if group.NumRows() <= r.skip {
			r.skip -= group.NumRows()
			continue
		}
		r.rows = group.Rows()
		if r.skip > 0 {
			if err := r.rows.SeekToRow(r.skip); err != nil {
				return dst, err
			}
			r.skip = 0
		}
	}
	n, err := r.rows.ReadRows(r.buffer)
	arena := make([]byte, 0, n*512)
	for _, values := range r.buffer[:n] {
		m := ingest.Message{Topic: topic, Offset: r.offset, Time: at}
		start := len(arena)
		arena, m.Fault = r.appendRecord(arena, r.row(values))
		m.Value = arena[start:len(arena):len(arena)]
		dst = append(dst, m)
		r.offset++
	}
	switch {
	case errors.Is(err, io.EOF):
		err = r.rows.Close()
		r.rows = nil
	case err == nil && n == 0:
		err = io.ErrNoProgress
	}
	return dst, err
}

// row turns the values of one row into cells, valid until the next call.
func (r *parquetReader) row(values parquet.Row) []cell {
	if r.cells == nil {
		r.cells = make([]cell, len(r.leaves))
	}
	clear(r.cells)
	r.scratch = r.scratch[:0]
	for _, v := range values {
		at := v.Column()
		l := &r.leaves[at]
		if v.IsNull() {
			continue
		}
		var c cell
		r.scratch, c = l.value(r.scratch, v)
		if !l.repeated {
			r.cells[at] = c
			continue
		}
		list := r.cells[at].raw // an array of all values, whatever they are nested in
		if list == nil {
			list = []byte{'['}
		} else {
			list[len(list)-1] = ','
		}
		switch {
		case c.raw != nil:
			list = append(list, c.raw...)
		case c.text == nil:
			list = append(list, "null"...)
		default:
			list = rating.AppendJSONString(list, string(c.text))
		}
		r.cells[at].raw = append(list, ']')
	}
	return r.cells
}

func (r *parquetReader) close() {
	if r.rows != nil {
		r.rows.Close()
	}
}

// recovered makes an error of a panic: the library panics on some damaged files.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: %v", p)
	}
}

var errNoZone = errors.New("timestamps without a zone: write them as adjusted to UTC")

// converter says how the values of a type become cells.
func converter(t parquet.Type) (func([]byte, parquet.Value) ([]byte, cell), error) {
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			if !l.IsAdjustedToUTC {
				return nil, errNoZone
			}
			return timestamps(l.Unit.Value.Duration()), nil
		case *format.DateType:
			return texts(func(dst []byte, v parquet.Value) []byte {
				return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().AppendFormat(dst, time.DateOnly)
			}), nil
		case *format.DecimalType:
			if k := t.Kind(); k == parquet.Int32 || k == parquet.Int64 {
				return raws(func(dst []byte, v parquet.Value) []byte {
					return append(dst, decimal.New(integerOf(v), -l.Scale).String()...)
				}), nil
			}
		case *format.IntType:
			if !l.IsSigned {
				return raws(func(dst []byte, v parquet.Value) []byte {
					if v.Kind() == parquet.Int32 {
						return strconv.AppendUint(dst, uint64(v.Uint32()), 10)
					}
					return strconv.AppendUint(dst, v.Uint64(), 10)
				}), nil
			}
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return raws(func(dst []byte, v parquet.Value) []byte { return strconv.AppendBool(dst, v.Boolean()) }), nil
	case parquet.Int32, parquet.Int64:
		return raws(func(dst []byte, v parquet.Value) []byte { return strconv.AppendInt(dst, integerOf(v), 10) }), nil
	case parquet.Int96: // a timestamp of older programs: nanoseconds of a Julian day
		return texts(func(dst []byte, v parquet.Value) []byte {
			const epoch = 2_440_588
			i := v.Int96()
			nanos := int64(uint64(i[0]) | uint64(i[1])<<32)
			return appendTime(dst, time.Unix((int64(i[2])-epoch)*24*60*60, nanos))
		}), nil
	case parquet.Float:
		return raws(func(dst []byte, v parquet.Value) []byte { return appendFloat(dst, float64(v.Float()), 32) }), nil
	case parquet.Double:
		return raws(func(dst []byte, v parquet.Value) []byte { return appendFloat(dst, v.Double(), 64) }), nil
	default:
		return func(scratch []byte, v parquet.Value) ([]byte, cell) {
			text := v.ByteArray()
			if utf8.Valid(text) {
				return scratch, cell{text: text}
			}
			start := len(scratch)
			scratch = base64.StdEncoding.AppendEncode(scratch, text)
			return scratch, cell{text: scratch[start:]}
		}, nil
	}
}

func integerOf(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func timestamps(unit time.Duration) func([]byte, parquet.Value) ([]byte, cell) {
	return texts(func(dst []byte, v parquet.Value) []byte {
		n := v.Int64()
		switch unit {
		case time.Millisecond:
			return appendTime(dst, time.UnixMilli(n))
		case time.Microsecond:
			return appendTime(dst, time.UnixMicro(n))
		default:
			return appendTime(dst, time.Unix(0, n))
		}
	})
}

func appendTime(dst []byte, t time.Time) []byte { return append(dst, rating.At(t).String()...) }

// appendFloat writes a number as JSON; what JSON cannot say is no number.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func texts(appendTo func([]byte, parquet.Value) []byte) func([]byte, parquet.Value) ([]byte, cell) {
	return func(scratch []byte, v parquet.Value) ([]byte, cell) {
		start := len(scratch)
		scratch = appendTo(scratch, v)
		return scratch, cell{text: scratch[start:]}
	}
}

func raws(appendTo func([]byte, parquet.Value) []byte) func([]byte, parquet.Value) ([]byte, cell) {
	return func(scratch []byte, v parquet.Value) ([]byte, cell) {
		start := len(scratch)
		if scratch = appendTo(scratch, v); len(scratch) == start {
			return scratch, cell{}
		}
		return scratch, cell{raw: scratch[start:len(scratch):len(scratch)]}
	}
}
