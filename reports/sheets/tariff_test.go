package sheets

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// records reads CSV into the lines and cells that a tariff's reader sees.
func csvLines(t *testing.T, b []byte) map[int][]string {
	t.Helper()
	in := csv.NewReader(bytes.NewReader(b))
	in.FieldsPerRecord = -1
	lines := map[int][]string{}
	for {
		cells, err := in.Read()
		if err != nil {
			return lines
		}
		at, _ := in.FieldPos(0)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if len(cells) > 0 {
			lines[at] = cells
		}
	}
}

func TestTariffWorkbookRoundTrip(t *testing.T) {
	files := map[string][]byte{
		"accounts.csv": []byte("account,name,address\n\nacme,\"Acme, \"\"Ltd\"\"\",\"1 Lane\nTown\"\nother,=1+1,@home\n"),
		"senders.csv":  []byte("\xef\xbb\xbfsender,account\r\n+442079460001,acme\r\n\r\n00123,acme\r\n"),
		"prices.csv":   []byte("unit_price,note\n0.0500,_x000D_ _x0041_ a_b\n12345678901234567890.000000000000000001,\n\n\n0.0526,π & < >\n"),
		"empty.csv":    nil,
	}
	var b, again bytes.Buffer
	if err := WriteTariffWorkbook(&b, files); err != nil {
		t.Fatal(err)
	}
	if err := WriteTariffWorkbook(&again, files); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same files gave other bytes (%v)", err)
	}
	got, err := ReadTariffWorkbook(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(files)); !slices.Equal(g, w) {
		t.Errorf("files: got %v, want %v", g, w)
	}
	for name := range files {
		want := csvLines(t, bytes.ReplaceAll(bytes.TrimPrefix(files[name], []byte("\xef\xbb\xbf")), []byte("\r\n"), []byte("\n")))
		if g := csvLines(t, got[name]); fmt.Sprint(g) != fmt.Sprint(want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, g, want)
		}
	}
}

// TestTariffWorkbookRoundTripAnyText writes cells of any sort and wants them back
// on their lines.
func TestTariffWorkbookRoundTripAnyText(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{"a", "0", "+", "=", "_", "_x", " _x0041_ ", "x000D", "\"", ",", "\n", " ", "é", "漢", "🙂", "&", "<", "'", ";", "#N/A", "1e5", "2026-10-01", "TRUE"}
	for range 20 {
		var want [][]string
		var content bytes.Buffer
		out := csv.NewWriter(&content)
		for range 1 + rnd.IntN(20) {
			cells := []string{"first"}
			for range rnd.IntN(4) {
				var cell strings.Builder
				for range rnd.IntN(5) {
					cell.WriteString(pieces[rnd.IntN(len(pieces))])
				}
				cells = append(cells, cell.String())
			}
			if rnd.IntN(4) == 0 {
				out.Flush()
				content.WriteString("\n")
			}
			if err := out.Write(cells); err != nil {
				t.Fatal(err)
			}
			want = append(want, cells)
		}
		out.Flush()
		var b bytes.Buffer
		if err := WriteTariffWorkbook(&b, map[string][]byte{"prices.csv": content.Bytes()}); err != nil {
			t.Fatal(err)
		}
		files, err := ReadTariffWorkbook(&b)
		if err != nil {
			t.Fatal(err)
		}
		if g, w := csvLines(t, files["prices.csv"]), csvLines(t, content.Bytes()); fmt.Sprint(g) != fmt.Sprint(w) {
			t.Fatalf("got\n%v\nwant\n%v\nof %q", g, w, want)
		}
	}
}

// typedWorkbook is a workbook as a person fills it in.
func typedWorkbook(t *testing.T, fill func(f *excelize.File)) *bytes.Buffer {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put sets cells of the first sheet: reference, value, number format or "".
func put(t *testing.T, f *excelize.File, sheet string, cells ...any) {
	t.Helper()
	for i := 0; i < len(cells); i += 3 {
		at := cells[i].(string)
		if err := f.SetCellValue(sheet, at, cells[i+1]); err != nil {
			t.Fatal(err)
		}
		if format := cells[i+2].(string); format != "" {
			id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle(sheet, at, at, id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTariffWorkbookCells(t *testing.T) {
	for _, tt := range []struct {
		name, title, format string
		value               any
		want                string
		fault               string
	}{
		{"text", "name", "", "Acme", "Acme", ""},
		{"decimal as text", "unit_price", "@", "0.0500", "0.0500", ""},
		{"decimal", "unit_price", "", 0.0526, "0.0526", ""},
		{"small decimal", "unit_price", "0.00", 0.00000012, "0.00000012", ""},
		{"whole number", "from_volume", "#,##0", 100001, "100001", ""},
		{"large number", "monthly_fee", "", 1234567890123.25, "1234567890123.25", ""},
		{"too many digits", "waba", "", 1234567890123456, "1234567890123456", "a number of more than the 15 digits that a spreadsheet keeps; format the column as text and type it again"},
		{"British date", "valid_from", "dd/mm/yyyy", 46296, "2026-10-01", ""},
		{"date by month name", "paid", `d" of "mmmm`, 46296, "2026-10-01", ""},
		{"date without its look", "valid_from", "", 46296, "2026-10-01", ""},
		{"date and time", "valid_from", "yyyy-mm-dd hh:mm", 46296.375, "2026-10-01 09:00:00", ""},
		{"month", "month", "mmm-yy", 46296, "2026-10", ""},
		{"a day in a month", "month", "mmm-yy", 46297, "2026-10-02", ""},
		{"an amount in red", "monthly_fee", `[Red]#,##0.00" days"`, 250, "250", ""},
		{"percentage", "markup_percent", "0%", 0.05, "0.05", "shown as 5%; format the column as a number and write 5"},
		{"no percentage", "markup_percent", "0%", 0, "0", ""},
		{"phone number", "sender", "", 442079460001, "442079460001", "a number, so its + is lost; format the column as text and write +442079460001"},
		{"phone number as text", "sender", "", "+442079460001", "+442079460001", ""},
		{"leading zeros", "tax_id", "", "00123", "00123", ""},
		{"yes", "note", "", true, "TRUE", ""},
		{"line break", "address", "", "1 Lane\r\nTown", "1 Lane\nTown", ""},
	} {
		b := typedWorkbook(t, func(f *excelize.File) { put(t, f, "Sheet1", "B1", tt.title, "", "B2", tt.value, tt.format) })
		files, err := ReadTariffWorkbook(b)
		if files == nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := csvLines(t, files["sheet1.csv"])[2]
		if len(got) != 2 || got[0] != "" || got[1] != tt.want {
			t.Errorf("%s: got %q, want %q in column B", tt.name, got, tt.want)
		}
		want := ""
		if tt.fault != "" {
			want = "sheet sheet1, row 2: " + tt.title + ": " + tt.fault
		}
		if g := fmt.Sprint(err); err != nil && g != want || err == nil && want != "" {
			t.Errorf("%s: got fault %q, want %q", tt.name, g, want)
		}
	}
}

func TestTariffWorkbookFormulas(t *testing.T) {
	b := typedWorkbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", "A1", "unit_price", "", "A5", 0.06, "")
		for at, formula := range map[string]string{"A3": "=0.05*2", "A5": "=0.05+0.01"} {
			if err := f.SetCellFormula("Sheet1", at, formula); err != nil {
				t.Fatal(err)
			}
		}
	})
	files, err := ReadTariffWorkbook(b)
	want := "sheet sheet1, row 3: unit_price: a formula without its result; open the workbook in a spreadsheet program and save it, or write the value"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := string(files["sheet1.csv"]); !strings.Contains(got, "\n0.06\n") {
		t.Errorf("got %q, want the result 0.06", got)
	}
}

func TestTariffWorkbookRows(t *testing.T) {
	b := typedWorkbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", "A3", "account", "", "A7", "acme", "", "A8", "1 Lane\nTown", "", "A9", "last", "")
		if err := f.SetSheetName("Sheet1", " Accounts.CSV "); err != nil {
			t.Fatal(err)
		}
	})
	files, err := ReadTariffWorkbook(b)
	want := `sheet accounts, row 8: account: several lines; write it on one line, with commas between`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := csvLines(t, files["accounts.csv"]); got[3] == nil || got[7] == nil || got[9] == nil || len(got) != 4 {
		t.Errorf("got lines %v, want 3, 7, 8 and 9", got)
	}
}

func TestReadFirstSheet(t *testing.T) {
	b := typedWorkbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", "A1", "Rates", "", "A6", "Authentication-\nInternational", "", "B6", -0.05, "0%", "A7", 0.0526, "$0.00")
	})
	got, err := ReadFirstSheet(b)
	if want := "Rates\n\n\n\n\nAuthentication- International,-0.05\n0.0526\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
