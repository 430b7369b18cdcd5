package clickhouse

import (
	"fmt"
	"math"
	"math/big"
	"postage/rating"
	"regexp"
	"strconv"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// blockColumn is one column of a table that is filled from rows of type R, many at a time.
// Unlike field it works in memory of its own, which it uses again, so it serves one
// insert at a time.
type blockColumn[R any] struct {
	name string
	data proto.ColInput
	fill func(rows []*R) error // replaces what the column holds
}

// input is what an INSERT takes its blocks from.
func input[R any](columns []blockColumn[R]) (in proto.Input) {
	for _, c := range columns {
		in = append(in, proto.InputColumn{Name: c.name, Data: c.data})
	}
	return in
}

// blockText is a String column.
func blockText[R any](name string, get func(*R) string) blockColumn[R] {
	col := new(proto.ColStr)
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Reset()
		for i := range rows {
			col.Append(get(rows[i]))
		}
		return nil
	}}
}

// blockBytes is a String column of bytes as they are.
func blockBytes[R any](name string, get func(*R) []byte) blockColumn[R] {
	col := new(proto.ColBytes)
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Reset()
		for i := range rows {
			col.Append(get(rows[i]))
		}
		return nil
	}}
}

// blockWord is a LowCardinality(String) column.
func blockWord[R any](name string, get func(*R) string) blockColumn[R] {
	index := new(proto.ColStr)
	col := &proto.ColLowCardinalityRaw{Index: index, Key: proto.KeyUInt16}
	numbers := map[string]uint16{}
	return blockColumn[R]{name, col, func(rows []*R) error {
		if len(rows) > blockMax {
			panic(fmt.Sprintf("a block of %d rows", len(rows))) // their words would not all have a number
		}
		clear(numbers)
		index.Reset()
		col.Keys16 = col.Keys16[:0]
		last, number := "", uint16(0)
		for i := range rows {
			if word := get(rows[i]); i == 0 || word != last {
				known := false
				if number, known = numbers[word]; !known {
					number = uint16(len(numbers))
					numbers[word] = number
					index.Append(word)
				}
				last = word
			}
			col.Keys16 = append(col.Keys16, number)
		}
		return nil
	}}
}

// blockMonth is a LowCardinality(String) column of months, of which there are few.
func blockMonth[R any](name string, get func(*R) rating.Month) blockColumn[R] {
	var last rating.Month
	word := ""
	return blockWord(name, func(r *R) string {
		if m := get(r); m != last {
			last, word = m, m.String()
		}
		return word
	})
}

// blockMax is the most rows of a block.
const blockMax = 1 << 16

// blockCode is a LowCardinality(String) column of the words of a small enumeration, from 0.
func blockCode[R any, E ~uint8](name string, values int, word func(E) string, get func(*R) E) blockColumn[R] {
	index := new(proto.ColStr)
	for v := range values {
		index.Append(word(E(v)))
	}
	col := &proto.ColLowCardinalityRaw{Index: index, Key: proto.KeyUInt8}
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Keys8 = col.Keys8[:0]
		for i := range rows {
			v := get(rows[i])
			if int(v) >= values {
				return fmt.Errorf("column %s: no word for %d", name, v)
			}
			col.Keys8 = append(col.Keys8, uint8(v))
		}
		return nil
	}}
}

// blockEnum is an Enum8 column. A number that the table does not know is an error.
func blockEnum[R any, E ~uint8](name string, get func(*R) E) blockColumn[R] {
	col := &enumData{}
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Reset()
		for i := range rows {
			v := uint8(get(rows[i]))
			if !col.known[v] {
				return fmt.Errorf("column %s: %s has no %d", name, col.called, v)
			}
			col.Append(proto.Enum8(v))
		}
		return nil
	}}
}

// enumData is an Enum8 column that takes its type from the table.
type enumData struct {
	proto.ColEnum8
	called proto.ColumnType
	known  [math.MaxUint8 + 1]bool
}

var enumNumber = regexp.MustCompile(`' = (\d+)`)

// Infer implements proto.Inferable.
func (e *enumData) Infer(t proto.ColumnType) error {
	if t == e.called {
		return nil
	}
	if t.Base() != proto.ColumnTypeEnum8 {
		return fmt.Errorf("the table has %s, want an Enum8", t)
	}
	e.called, e.known = t, [math.MaxUint8 + 1]bool{}
	for _, match := range enumNumber.FindAllStringSubmatch(string(t), -1) {
		number, err := strconv.ParseUint(match[1], 10, 8)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		e.known[number] = true
	}
	return nil
}

// Type implements proto.ColInput.
func (e *enumData) Type() proto.ColumnType { return e.called }

// blockSlice is a column that the protocol has as a slice of T. A type that is not "" is what
// the table calls it.
func blockSlice[R, T any, C ~[]T, P interface {
	*C
	proto.Column
}](name string, col P, called proto.ColumnType, get func(*R) T) blockColumn[R] {
	data := proto.ColInput(col)
	if called != "" {
		data = proto.Alias(col, called)
	}
	return blockColumn[R]{name, data, func(rows []*R) error {
		values := (*C)(col)
		*values = (*values)[:0]
		for i := range rows {
			*values = append(*values, get(rows[i]))
		}
		return nil
	}}
}

// blockID is a UUID column.
func blockID[R any](name string, get func(*R) uuid.UUID) blockColumn[R] {
	return blockSlice(name, new(proto.ColUUID), "", get)
}

// blockInstant is a DateTime64(3) column. An instant outside 1900 to 2262 is an error: it could
// not be read back as it was.
func blockInstant[R any](name string, get func(*R) rating.Instant) blockColumn[R] {
	col := new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli)
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Reset()
		for i := range rows {
			at := get(rows[i])
			if err := fitsInstant(at); err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			col.Data = append(col.Data, proto.DateTime64(at))
		}
		return nil
	}}
}

// blockMaybeInstant is a Nullable(DateTime64(3)) column: never is NULL.
func blockMaybeInstant[R any](name string, get func(*R) rating.Instant) blockColumn[R] {
	values := new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli)
	col := proto.NewColNullable(values)
	return blockColumn[R]{name, col, func(rows []*R) error {
		values.Reset()
		col.Nulls.Reset()
		for i := range rows {
			at, null := get(rows[i]), uint8(0)
			if err := fitsInstant(at); err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			if at == 0 {
				null = 1
			}
			col.Nulls = append(col.Nulls, null)
			values.Data = append(values.Data, proto.DateTime64(at))
		}
		return nil
	}}
}

const amountType = "Decimal(38, 18)"

// amounts turns the prices of rates into what is at rest, each once.
type amounts struct {
	known map[*rating.Rate]proto.Decimal128
	last  *rating.Rate
	value proto.Decimal128
}

// of is the unit price of a rate.
func (a *amounts) of(r *rating.Rate) (proto.Decimal128, error) {
	if r == a.last && r != nil {
		return a.value, nil
	}
	value, known := a.known[r]
	if !known {
		var err error
		if value, err = decimal128(r.UnitPrice); err != nil {
			return value, err
		}
		if a.known == nil || len(a.known) >= internedMax {
			a.known = map[*rating.Rate]proto.Decimal128{}
		}
		a.known[r] = value
	}
	a.last, a.value = r, value
	return value, nil
}

// decimal128 is an amount at rest, with the law of amount.
func decimal128(d decimal.Decimal) (proto.Decimal128, error) {
	if err := fitsAmount(d); err != nil {
		return proto.Decimal128{}, err
	}
	units := d.Shift(amountDigits).BigInt()
	if new(big.Int).Abs(units).Cmp(amountEnd) >= 0 {
		return proto.Decimal128{}, fmt.Errorf("amount %s has more than %d digits before the point", d, 38-amountDigits)
	}
	var bits big.Int
	bits.And(units, all128) // of two's complement
	low := new(big.Int).And(&bits, all64).Uint64()
	return proto.Decimal128{Low: low, High: new(big.Int).Rsh(&bits, 64).Uint64()}, nil
}

var (
	amountEnd = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)
	all64     = new(big.Int).SetUint64(1<<64 - 1)
	all128    = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
)

// blockPrice is a Decimal(38, 18) column: the unit price of a rate that is never nil.
func blockPrice[R any](name string, get func(*R) *rating.Rate) blockColumn[R] {
	var known amounts
	col := new(proto.ColDecimal128)
	return blockColumn[R]{name, proto.Alias(col, amountType), func(rows []*R) error {
		col.Reset()
		for i := range rows {
			value, err := known.of(get(rows[i]))
			if err != nil {
				return fmt.Errorf("column %s: %w", name, err)
			}
			col.Append(value)
		}
		return nil
	}}
}

// blockMaybePrice is a Nullable(Decimal(38, 18)) column: NULL without a rate.
func blockMaybePrice[R any](name string, get func(*R) *rating.Rate) blockColumn[R] {
	var known amounts
	values := new(proto.ColDecimal128)
	col := proto.NewColNullable(values)
	return blockColumn[R]{name, proto.Alias(col, "Nullable("+amountType+")"), func(rows []*R) error {
		values.Reset()
		col.Nulls.Reset()
		for i := range rows {
			var value proto.Decimal128
			null := uint8(1)
			if r := get(rows[i]); r != nil {
				var err error
				if value, err = known.of(r); err != nil {
					return fmt.Errorf("column %s: %w", name, err)
				}
				null = 0
			}
			col.Nulls = append(col.Nulls, null)
			values.Append(value)
		}
		return nil
	}}
}

// blockFlags is an Array(LowCardinality(String)) column of the names of flags.
func blockFlags[R any](name string, get func(*R) rating.Flags) blockColumn[R] {
	words := new(proto.ColStr).LowCardinality()
	col := proto.NewArray(words)
	return blockColumn[R]{name, col, func(rows []*R) error {
		col.Reset()
		for i := range rows {
			var names []string
			if f := get(rows[i]); f != 0 {
				names = f.Names()
			}
			col.Append(names)
		}
		return nil
	}}
}
