package export

import (
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/shopspring/decimal"
)

// amountScale and amountPrecision are those of the amounts in ClickHouse. Whoever
// reads a file gets the very decimal: DECIMAL(38, 18) in DuckDB, decimal128 in Arrow.
const (
	amountScale     = 18
	amountPrecision = 38
	amountBytes     = 16
)

// rowsInMemory is how many rows a file gathers before they are written out.
const rowsInMemory = 32_768

// types are the columns' types in Go, and the tags that make of them DECIMAL, TIMESTAMP
// and so on. Words of few kinds are kept as a dictionary.
var types = map[Kind]struct {
	of  reflect.Type
	tag string
}{
	Text:    {reflect.TypeFor[string](), ",dict"},
	Phone:   {reflect.TypeFor[string](), ",dict"},
	Count:   {reflect.TypeFor[int64](), ""},
	Amount:  {reflect.TypeFor[[]byte](), fmt.Sprintf(",decimal(%d:%d)", amountScale, amountPrecision)},
	Instant: {reflect.TypeFor[int64](), ",timestamp(millisecond)"},
}

type parquetWriter struct {
	out   *parquet.GenericWriter[any]
	table *Table
	row   parquet.Row
	rows  [1]parquet.Row
	held  int
}

// NewParquet begins a Parquet file, compressed with zstd. about is kept in its footer.
func NewParquet(w io.Writer, t *Table, about map[string]string) (Writer, error) {
	options := []parquet.WriterOption{schemaOf(t), parquet.Compression(&zstd.Codec{})}
	for key, value := range about {
		options = append(options, parquet.KeyValueMetadata("postage."+key, value))
	}
	return &parquetWriter{out: parquet.NewGenericWriter[any](w, options...), table: t}, nil
}

// schemaOf keeps the order of the columns, which a schema made of a map would not.
func schemaOf(t *Table) *parquet.Schema {
	fields := make([]reflect.StructField, len(t.Columns))
	for i, c := range t.Columns {
		kind := types[c.Kind]
		tag := kind.tag
		if c.Name == "message_id" { // each is different
			tag = ""
		}
		fields[i] = reflect.StructField{
			Name: "F" + strings.ToUpper(c.Name), Type: kind.of,
			Tag: reflect.StructTag(`parquet:"` + c.Name + tag + `"`),
		}
	}
	return parquet.NewSchema(t.Name, parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}

func (w *parquetWriter) Write(row []Cell) error {
	w.row = w.row[:0]
	for i := range row {
		v, err := row[i].parquet(w.table.Columns[i].Kind)
		if err != nil {
			return fmt.Errorf("column %s: %w", w.table.Columns[i].Name, err)
		}
		w.row = append(w.row, v.Level(0, 0, i))
	}
	w.rows[0] = w.row
	if _, err := w.out.WriteRows(w.rows[:]); err != nil {
		return err
	}
	if w.held++; w.held == rowsInMemory {
		w.held = 0
		return w.out.Flush()
	}
	return nil
}

func (w *parquetWriter) Close() error { return w.out.Close() }

func (c *Cell) parquet(k Kind) (parquet.Value, error) {
	switch k {
	case Count, Instant:
		return parquet.Int64Value(c.Number), nil
	case Amount:
		b, err := fixed(c.Amount)
		return parquet.FixedLenByteArrayValue(b), err
	case Text, Phone:
	}
	return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(c.Text, "\uFFFD"))), nil
}

var tooLarge = new(big.Int).Exp(big.NewInt(10), big.NewInt(amountPrecision), nil)

// fixed is a decimal as Parquet keeps it: the unscaled number in two's complement, the
// highest byte first.
func fixed(d decimal.Decimal) ([]byte, error) {
	scaled := d.Shift(amountScale)
	if !scaled.IsInteger() {
		return nil, fmt.Errorf("%s has more than %d decimals", d, amountScale)
	}
	n := scaled.BigInt()
	if n.CmpAbs(tooLarge) >= 0 {
		return nil, fmt.Errorf("%s has more than %d digits", d, amountPrecision)
	}
	if n.Sign() < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 8*amountBytes))
	}
	return n.FillBytes(make([]byte, amountBytes)), nil
}
