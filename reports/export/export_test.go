package export

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/shopspring/decimal"
)

var table = Table{"test", []Column{{"account", Text}, {"user", Phone}, {"n", Count}, {"price", Amount}, {"at", Instant}}}

var rows = [][]Cell{
	{{Text: "acme"}, {Text: "+447700900123"}, {Number: -3}, {Amount: decimal.RequireFromString("-12.345")}, {Number: 1790845200123}},
	{{Text: `=HYPERLINK("http://evil.example")`}, {Text: "+SUM(1)"}, {Number: 0}, {Amount: decimal.RequireFromString("0.050000000000000001")}, {}},
	{{Text: "-2+3\nnext \"line\", comma"}, {Text: "@x"}, {Number: 9223372036854775807}, {Amount: decimal.RequireFromString("99999999999999999999.999999999999999999")}, {Number: 1}},
	{{Text: "\tta\x00b"}, {}, {}, {}, {}},
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	w, err := NewCSV(&b, &table)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "account,user,n,price,at\r\nacme,+447700900123,-3,-12.345,2026-10-01T09:00:00.123Z\r\n"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("got %q, want it to begin %q", b.String(), want)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		2: {`'=HYPERLINK("http://evil.example")`, "'+SUM(1)", "0", "0.050000000000000001", ""},
		3: {"'-2+3\nnext \"line\", comma", "'@x", "9223372036854775807", "99999999999999999999.999999999999999999", "1970-01-01T00:00:00.001Z"},
		4: {"'\ttab", "", "0", "0", ""},
	} {
		for j := range want {
			if got[i][j] != want[j] {
				t.Errorf("row %d, %s: got %q, want %q", i, table.Columns[j].Name, got[i][j], want[j])
			}
		}
	}
}

func TestParquet(t *testing.T) {
	var b bytes.Buffer
	w, err := NewParquet(&b, &table, map[string]string{"run": "r1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if run, _ := f.Lookup("postage.run"); run != "r1" {
		t.Errorf("run %q, want r1", run)
	}
	const schema = `message test {
	required binary account (STRING);
	required binary user (STRING);
	required int64 n (INT(64,true));
	required fixed_len_byte_array(16) price (DECIMAL(38,18));
	required int64 at (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS));
}`
	if got := f.Schema().String(); got != schema {
		t.Errorf("schema:\n%s\nwant\n%s", got, schema)
	}
	r := parquet.NewReader(f)
	defer r.Close()
	for i, want := range rows {
		got := make([]parquet.Row, 1)
		if n, err := r.ReadRows(got); n != 1 {
			t.Fatalf("row %d: %v", i, err)
		}
		row := got[0]
		if row[0].String() != want[0].Text || row[1].String() != want[1].Text || row[2].Int64() != want[2].Number || row[4].Int64() != want[4].Number {
			t.Errorf("row %d: got %v, want %v", i, row, want)
		}
		if price := unfixed(row[3].ByteArray()); !price.Equal(want[3].Amount) {
			t.Errorf("row %d: price %s, want %s", i, price, want[3].Amount)
		}
	}
}

// unfixed reads what fixed writes, in another way.
func unfixed(b []byte) decimal.Decimal {
	n := new(big.Int)
	for i, digit := range b {
		if i == 0 {
			n.SetInt64(int64(int8(digit)))
			continue
		}
		n.Mul(n, big.NewInt(256)).Add(n, big.NewInt(int64(digit)))
	}
	return decimal.NewFromBigInt(n, -amountScale)
}

func TestTooFine(t *testing.T) {
	for _, s := range []string{"0.0000000000000000001", "100000000000000000000", "-100000000000000000000"} {
		if b, err := fixed(decimal.RequireFromString(s)); err == nil {
			t.Errorf("%s became %x, want an error", s, b)
		}
	}
}
