package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/closing"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// The total of every invoice of the example tariff, in all its currencies, is the same to the
// last digit on the statement, in the lines, in the JSON and in each file, as somebody
// else's program reads it.
func TestOneTotalInEveryFormat(t *testing.T) {
	month := rating.Month{Year: 2026, Month: time.October}
	composer := &reports.Composer{IssuedOn: month.Last().AddDays(3), Example: true}
	statements, err := exampleStatements(composer, month, 8000)
	if err != nil {
		t.Fatal(err)
	}
	currencies := map[string]bool{}
	for i, s := range statements {
		d, err := composer.Invoice(grown(s, 977))
		if err != nil {
			t.Fatal(err)
		}
		d.Number = fmt.Sprintf("%s-%06d", composer.Series(d), i+1)
		currencies[d.Currency] = true
		lines := decimal.Decimal{}
		for _, l := range d.Lines {
			lines = lines.Add(l.Billed)
		}
		if billed := grown(s, 977).Billed; !lines.Equal(billed) || !d.Net.Equal(billed) || !d.Gross.Equal(d.Net.Add(d.Tax)) {
			t.Errorf("%s: statement %s, lines %s, net %s, tax %s, gross %s", s.Account, billed, lines, d.Net, d.Tax, d.Gross)
		}
		var again reports.Document
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &again); err != nil || !again.Gross.Equal(d.Gross) {
			t.Errorf("%s: JSON says %s, want %s (%v)", s.Account, again.Gross, d.Gross, err)
		}
		for _, format := range closing.Formats {
			path := filepath.Join(t.TempDir(), d.Number+format.Ext)
			if _, err := writeDocument(path, format, d); err != nil {
				t.Fatal(err)
			}
			read := map[string]func(*testing.T, string, *reports.Document) string{"pdf": pdfTotal, "xlsx": xlsxTotal, "ubl": ublTotal}[format.Name]
			got, err := decimal.NewFromString(strings.ReplaceAll(read(t, path, d), ",", ""))
			if err != nil || !got.Equal(d.Gross) {
				t.Errorf("%s: %s says %s, want %s %s (%v)", s.Account, format.Name, got, d.Currency, d.Gross, err)
			}
		}
	}
	if len(currencies) != 7 {
		t.Errorf("got currencies %v, want the 7 of the example", currencies)
	}
}

// pdfTotal is what poppler reads under the label of the total.
func pdfTotal(t *testing.T, path string, d *reports.Document) string {
	t.Helper()
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v; install poppler-utils", err)
	}
	totals := regexp.MustCompile(`\b`+d.Currency+` (-?[0-9,]+(\.[0-9]+)?)`).FindAllSubmatch(text, -1)
	if len(totals) < 2 || !bytes.Equal(totals[0][1], totals[1][1]) {
		t.Fatalf("%s: no total on top and again below the lines: %q", d.Number, totals)
	}
	return string(totals[0][1])
}

// xlsxTotal is the stored value beside the last "Total" of the sheet.
func xlsxTotal(t *testing.T, path string, d *reports.Document) string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	total := ""
	for _, row := range rows {
		for i, cell := range row {
			if cell == "Total "+d.Currency {
				total = row[i+1]
			}
		}
	}
	return total
}

func ublTotal(t *testing.T, path string, _ *reports.Document) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var invoice struct {
		LegalMonetaryTotal struct{ PayableAmount string }
	}
	if err := xml.Unmarshal(content, &invoice); err != nil {
		t.Fatal(err)
	}
	return invoice.LegalMonetaryTotal.PayableAmount
}

func TestBenchDocuments(t *testing.T) {
	var out, errOut bytes.Buffer
	if status := run([]string{"bench", "documents", "--documents", "16", "--messages", "1500", "--json"}, nil, &out, &errOut); status != 0 {
		t.Fatalf("status %d: %s", status, errOut.String())
	}
	var f documentFigures
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if f.Documents != 16 || f.Files != 48 || f.LinesPerDocument < 3 || f.DocumentsPerS < 1 || f.PDFPerS < 1 || f.XLSXPerS < 1 || f.UBLPerS < 1 || f.BytesPerDocument < 10_000 || f.PeakRSSMB < 1 {
		t.Errorf("got %+v", f)
	}
	if status := run([]string{"bench", "documents", "--documents", "0"}, nil, &out, &errOut); status != 2 {
		t.Errorf("no documents: status %d, want 2", status)
	}
}
