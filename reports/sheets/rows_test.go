package sheets

import (
	"bytes"
	"fmt"
	"maps"
	"postage/rating"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// hostile are texts that spreadsheets, XML or people might take for something else.
func hostile() map[string]string {
	return map[string]string{
		"=1+1": "=1+1", "+44 20": "+44 20", "-2+3": "-2+3", "@SUM(A1)": "@SUM(A1)", "|calc": "|calc",
		"<b>&amp;\"'</b>]]>": "<b>&amp;\"'</b>]]>", "</t></is></c>": "</t></is></c>",
		"_x0041_": "_x0041_", "_x005F_x0041_": "_x005F_x0041_", "_x0041_x0042_": "_x0041_x0042_", "a_x000D_b_xZZZZ_": "a_x000D_b_xZZZZ_", "snake_xs": "snake_xs",
		"  spaces  ": "  spaces  ", "two\nlines": "two\nlines", "tab\there": "tab here",
		"nul\x00bell\x07esc\x1b[31m": "nul\uFFFDbell\uFFFDesc\uFFFD[31m", "bad \xff\xfe bytes": "bad \uFFFD bytes",
		"\u202Egnp.exe": "\uFFFDgnp.exe", "שלום مرحبا": "שלום مرحبا", "नमस्ते 你好 👩‍👩‍👧": "नमस्ते 你好 👩‍👩‍👧",
		"00123": "00123", "1e5": "1e5", "TRUE": "TRUE", "2026-10-01": "2026-10-01", "#REF!": "#REF!",
		strings.Repeat("W", 500):    strings.Repeat("W", 500),
		strings.Repeat("y", 32_767): strings.Repeat("y", 32_767),
		strings.Repeat("z", 40_000): strings.Repeat("z", 32_766) + "…",
		strings.Repeat("💩", 20_000): strings.Repeat("💩", 16_383) + "…",
	}
}

func TestHostileTextIsReadAsItStands(t *testing.T) {
	b := newBook()
	s := b.open(plan{name: "Names", columns: make([]column, 1)})
	texts := slices.Sorted(maps.Keys(hostile()))
	for _, v := range texts {
		s.put(text(v))
	}
	s.close()
	var out bytes.Buffer
	if err := b.save(&out); err != nil {
		t.Fatal(err)
	}
	f := open(t, out.Bytes())
	office := officeCSV(t, out.Bytes())[0]
	py := map[string]pyCell{}
	for _, c := range openpyxl(t, out.Bytes()) {
		py[c.at] = c
	}
	for i, v := range texts {
		at, want := fmt.Sprintf("A%d", i+1), hostile()[v]
		if got, _ := f.GetCellValue("Names", at); got != want {
			t.Errorf("excelize: got %.60q, want %.60q", got, want)
		}
		if got := office[i][0]; got != want {
			t.Errorf("LibreOffice: got %.60q, want %.60q", got, want)
		}
		// openpyxl leaves the notation of characters in inline text as it stands.
		escaped := string(appendEscaped(nil, want))
		for entity, c := range map[string]string{"&lt;": "<", "&gt;": ">", "&quot;": "\"", "&amp;": "&"} {
			escaped = strings.ReplaceAll(escaped, entity, c)
		}
		if got := py[at]; got.kind == "f" || got.value != want && got.value != escaped {
			t.Errorf("openpyxl: got %.60q (%s), want %.60q", got.value, got.kind, want)
		}
	}
}

func TestSerial(t *testing.T) {
	for in, want := range map[string]string{
		"2026-10-01T00:00:00Z": "46296", "2026-10-01T12:00:00Z": "46296.5", "1970-01-01T00:00:00.001Z": "25569.00000001157",
		"2026-10-01T23:59:59.999Z": "46296.99999998843", "1899-12-30T00:00:00Z": "0", "1850-01-01T00:00:00Z": "0",
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(instant(rating.At(at)).appendSerial(nil)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// The rows of the workbook's path are those of plain excelize to every reader: the
// benchmark compares two ways to the same table.
func TestTableIsThePlainOne(t *testing.T) {
	prices := []decimal.Decimal{decimal.RequireFromString("0.0221"), decimal.RequireFromString("1234.00452871")}
	table := func(yield func(*TableRow) bool) {
		for i := range 500 {
			row := TableRow{
				Message: fmt.Sprintf("wamid.%d", i), Account: []string{"acme", "a & b", "=1+1", "naïve_x0"}[i%4], Sender: "+442079460000", User: fmt.Sprintf("+4477%08d", i),
				SentAt: rating.At(time.Date(2026, 10, 1, 0, 0, 0, i*123_456_789, time.UTC)), Reason: "template_regular", Category: "utility", Market: "Côte d'Ivoire",
				Tier: int64(i), UnitPrice: &prices[i%2], Currency: "GBP",
			}
			row.DeliveredAt = row.SentAt + 1500
			if !yield(&row) {
				return
			}
		}
	}
	var ours, plain bytes.Buffer
	if err := WriteTable(&ours, table); err != nil {
		t.Fatal(err)
	}
	if err := WritePlainTable(&plain, table); err != nil {
		t.Fatal(err)
	}
	got, want := openpyxl(t, ours.Bytes()), openpyxl(t, plain.Bytes())
	for i := range got {
		got[i].sheet = "Sheet1"
	}
	if len(got) != 500*tableColumns || !slices.Equal(got, want) {
		t.Errorf("openpyxl reads %d cells here and %d there, or other ones", len(got), len(want))
	}
	tables := officeCSV(t, ours.Bytes(), plain.Bytes())
	if a, b := tables[0], tables[1]; len(a) != 500 || !slices.EqualFunc(a, b, slices.Equal) {
		t.Errorf("LibreOffice reads %d rows here and %d there, or other ones", len(a), len(b))
	}
}
