package sheets

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/reports"
	"postage/reports/pdf/sample"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func documents() map[string]*reports.Document {
	return map[string]*reports.Document{
		"invoice-gbp":    sample.Invoice("GBP", 12),
		"invoice-jpy":    sample.Invoice("JPY", 8),
		"invoice-kwd":    sample.Invoice("KWD", 8),
		"credit-note":    sample.CreditNote(),
		"draft-example":  sample.Draft(),
		"reverse-charge": sample.ReverseCharge(),
		"hostile":        sample.Hostile(),
	}
}

func invoice(t testing.TB, d *reports.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteInvoice(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func workbook(t testing.TB, kind reports.RunKind, perLine int64) []byte {
	t.Helper()
	return writeMonth(t, sample.NewMonth(kind, perLine))
}

func writeMonth(t testing.TB, m *sample.Month) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteWorkbook(&b, m.Data, m.Messages()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, b []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// eachCell calls use for all cells that hold something.
func eachCell(t testing.TB, f *excelize.File, use func(sheet, cell, formula, value string)) {
	t.Helper()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, value := range row {
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				formula, err := f.GetCellFormula(sheet, at)
				if err != nil {
					t.Fatal(err)
				}
				if formula != "" || value != "" {
					use(sheet, at, formula, value)
				}
			}
		}
	}
}

var ofStatements = regexp.MustCompile(`sha256:[0-9a-f]{64} \(of their JSON\)`)

func golden(t *testing.T, name string, b []byte) {
	t.Helper()
	var got strings.Builder
	last := ""
	eachCell(t, open(t, b), func(sheet, cell, formula, value string) {
		if sheet != last {
			fmt.Fprintf(&got, "-- %s\n", sheet)
			last = sheet
		}
		if formula != "" {
			value += "\t=" + formula
		}
		value = ofStatements.ReplaceAllString(value, "sha256:…") // changes with every field that a statement gets
		fmt.Fprintf(&got, "%s\t%s\n", cell, strings.ReplaceAll(value, "\n", "\\n"))
	})
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("cells differ from %s; see it with -update and git diff", path)
	}
}

func TestGolden(t *testing.T) {
	for name, d := range documents() {
		t.Run(name, func(t *testing.T) { golden(t, name, invoice(t, d)) })
	}
	t.Run("month-final", func(t *testing.T) { golden(t, "month-final", workbook(t, reports.FinalRun, 1)) })
	t.Run("month-draft", func(t *testing.T) { golden(t, "month-draft", workbook(t, reports.DraftRun, 1)) })
}

// Every formula, calculated anew, gives the value stored with it. The calculator
// of excelize knows no EXACT over ranges, so names that need it are left to
// TestLibreOfficeGivesTheStoredValues.
func TestFormulasGiveTheirStoredValues(t *testing.T) {
	books := map[string][]byte{
		"month": writeMonth(t, sample.NewPlainMonth(reports.FinalRun, 5)), "draft": writeMonth(t, sample.NewPlainMonth(reports.DraftRun, 2)),
	}
	for name, d := range documents() {
		books[name] = invoice(t, d)
	}
	books["200 lines"] = invoice(t, sample.Invoice("GBP", 200))
	for name, b := range books {
		f, formulas := open(t, b), 0
		eachCell(t, f, func(sheet, cell, formula, value string) {
			if formula == "" {
				return
			}
			formulas++
			again, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Errorf("%s %s!%s =%s: %v", name, sheet, cell, formula, err)
				return
			}
			if again == value {
				return // text
			}
			stored, err1 := strconv.ParseFloat(value, 64)
			calculated, err2 := strconv.ParseFloat(again, 64)
			if err := errors.Join(err1, err2); err != nil || math.Abs(stored-calculated) > max(1e-9, math.Abs(stored)*1e-13) {
				t.Errorf("%s %s!%s =%s: got %s, want the stored %s", name, sheet, cell, formula, again, value)
			}
		})
		if formulas == 0 {
			t.Errorf("%s: got no formulas", name)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	defer func(n int) { rowLimit = n }(rowLimit)
	rowLimit = 40 // several streamed parts of Detail
	wantInvoice, wantMonth := invoice(t, sample.Hostile()), workbook(t, reports.FinalRun, 5)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := invoice(t, sample.Hostile()); !bytes.Equal(got, wantInvoice) {
				t.Error("the same document gave another workbook")
			}
			if got := workbook(t, reports.FinalRun, 5); !bytes.Equal(got, wantMonth) {
				t.Error("the same month gave another workbook")
			}
		})
	}
	wg.Wait()
}

func TestDetailRollsOver(t *testing.T) {
	defer func(n int) { rowLimit = n }(rowLimit)
	rowLimit = 50
	f := open(t, writeMonth(t, sample.NewPlainMonth(reports.FinalRun, 5)))
	parts, rows := 0, 0
	for _, name := range f.GetSheetList() {
		if !strings.HasPrefix(name, "Detail") {
			continue
		}
		parts++
		all, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > rowLimit {
			t.Errorf("%s: got %d rows, want at most %d", name, len(all), rowLimit)
		}
		rows += len(all) - firstRow + 1
		dim, err := f.GetSheetDimension(name)
		if want := fmt.Sprintf("A1:P%d", len(all)); err != nil || dim != want {
			t.Errorf("%s: got dimension %s (%v), want %s", name, dim, err, want)
		}
	}
	// six accounts of six usage lines; line i of account a has 5+a+i messages
	if want := 36*5 + 6*15 + 6*15; rows != want || parts != (want+46)/47 {
		t.Errorf("got %d rows on %d sheets, want %d rows on %d", rows, parts, want, (want+46)/47)
	}
	for r := firstRow; ; r++ {
		account, _ := f.GetCellValue("Reconciliation", fmt.Sprintf("A%d", r))
		if account == "" {
			break
		}
		for _, column := range []string{"E", "G", "J", "M"} {
			at := fmt.Sprintf("%s%d", column, r)
			if formula, _ := f.GetCellFormula("Reconciliation", at); formula == "" && (column == "E" || column == "G") {
				continue // not invoiced yet
			}
			stored, _ := f.GetCellValue("Reconciliation", at)
			again, err := f.CalcCellValue("Reconciliation", at, excelize.Options{RawCellValue: true})
			if v, _ := strconv.ParseFloat(again, 64); err != nil || v != 0 || stored != "0" {
				t.Errorf("%s of %s: got %q stored and %q calculated (%v), want 0", at, account, stored, again, err)
			}
		}
	}
}

// A missing message, as after a fault, must show.
func TestReconciliationShowsAGap(t *testing.T) {
	m := sample.NewMonth(reports.FinalRun, 5)
	var b bytes.Buffer
	if err := WriteWorkbook(&b, m.Data, skipFirst(m.Messages())); err != nil {
		t.Fatal(err)
	}
	f := open(t, b.Bytes())
	got, _ := f.GetCellValue("Reconciliation", "J5")
	money, _ := f.GetCellValue("Reconciliation", "M5")
	if got != "1" || money != "0.02" {
		t.Errorf("got differences %q and %q, want 1 message and 0.02", got, money)
	}
}

func skipFirst(all iter.Seq2[*rating.Message, error]) iter.Seq2[*rating.Message, error] {
	return func(yield func(*rating.Message, error) bool) {
		first := true
		for m, err := range all {
			if first {
				first = false
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func TestErrorOfMessagesWritesNothing(t *testing.T) {
	fault := errors.New("connection lost")
	m := sample.NewMonth(reports.FinalRun, 5)
	var b bytes.Buffer
	err := WriteWorkbook(&b, m.Data, func(yield func(*rating.Message, error) bool) { yield(nil, fault) })
	if !errors.Is(err, fault) || b.Len() != 0 {
		t.Errorf("got error %v and %d bytes, want %v and none", err, b.Len(), fault)
	}
}

func BenchmarkWriteInvoice(b *testing.B) {
	d := sample.Invoice("GBP", 30)
	b.ReportAllocs()
	for b.Loop() {
		invoice(b, d)
	}
}

func BenchmarkWriteWorkbook(b *testing.B) {
	const perLine = 2778 // about 100,000 messages
	rows := 36*perLine + 6*15 + 6*15
	b.ReportAllocs()
	for b.Loop() {
		workbook(b, reports.FinalRun, perLine)
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
