package sheets

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"postage/rating"
	"postage/reports"
	"postage/reports/pdf/sample"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// The digits in the cells are those of the statements and documents, every one of
// them, and sums of them are the totals beside them, in each currency.
func TestTotalsToTheLastDigit(t *testing.T) {
	m := sample.NewMonth(reports.FinalRun, 5)
	f := open(t, writeMonth(t, m))
	type sums struct{ exact, billed decimal.Decimal }
	want, lines, documents, booked := map[string]sums{}, map[string]sums{}, map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for i := range m.Data.Statements {
		s := &m.Data.Statements[i]
		w := want[s.Currency]
		want[s.Currency] = sums{w.exact.Add(s.Exact), w.billed.Add(s.Billed)}
	}
	cell := func(sheet, column string, row int) string {
		v, err := f.GetCellValue(sheet, fmt.Sprintf("%s%d", column, row))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for r := firstRow; cell("Lines", "A", r) != ""; r++ {
		s := lines[cell("Lines", "C", r)]
		lines[cell("Lines", "C", r)] = sums{s.exact.Add(sample.Dec(cell("Lines", "M", r))), s.billed.Add(sample.Dec(cell("Lines", "N", r)))}
	}
	for r := firstRow; cell("Documents", "A", r) != ""; r++ {
		c := cell("Documents", "G", r)
		documents[c] = documents[c].Add(sample.Dec(cell("Documents", "L", r)))
	}
	for r := firstRow; strings.HasPrefix(cell("GL journal", "A", r), "2026-"); r++ {
		c := cell("GL journal", "G", r)
		booked[c] = booked[c].Add(sample.Dec(cell("GL journal", "O", r)))
	}
	if len(want) != 4 {
		t.Fatalf("got %d currencies, want 4", len(want))
	}
	r := firstRow
	for ; want[cell("Summary", "A", r)] != (sums{}); r++ {
		c := cell("Summary", "A", r)
		w := want[c]
		if net := sample.Dec(cell("Summary", "E", r)); !net.Equal(w.billed) || !lines[c].billed.Equal(w.billed) {
			t.Errorf("%s: got %s on the summary and %s on lines, want %s", c, net, lines[c].billed, w.billed)
		}
		if !lines[c].exact.Equal(w.exact) {
			t.Errorf("%s: got exact %s on lines, want %s", c, lines[c].exact, w.exact)
		}
		if c != "EUR" && (!documents[c].Equal(w.billed) || !booked[c].Equal(w.billed)) { // EUR is not invoiced yet
			t.Errorf("%s: got %s on documents and %s in the journal, want %s", c, documents[c], booked[c], w.billed)
		}
	}
	if r != firstRow+len(want) {
		t.Errorf("got %d currencies on the summary, want %d", r-firstRow, len(want))
	}
}

// A month of more messages than a sheet has rows goes on in a second one, and the
// sums span both.
func TestMoreMessagesThanRows(t *testing.T) {
	m := sample.NewPlainMonth(reports.FinalRun, 29_200) // 36 usage lines
	charged := int64(0)
	for i := range m.Data.Statements {
		for _, l := range m.Data.Statements[i].Lines {
			if l.Kind == rating.UsageLine {
				charged += l.Quantity
			}
		}
	}
	const full = excelize.TotalRows - firstRow + 1
	if charged <= full {
		t.Fatalf("%d messages fit on one sheet", charged)
	}
	b := writeMonth(t, m)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, p := range z.File {
		if strings.HasPrefix(p.Name, "xl/worksheets/sheet") {
			rows[p.Name] = countRows(t, p)
		}
	}
	// thirteen sheets stand before the detail
	if got := rows["xl/worksheets/sheet14.xml"]; got != excelize.TotalRows {
		t.Errorf("got %d rows on the first part, want %d", got, excelize.TotalRows)
	}
	if got, want := rows["xl/worksheets/sheet15.xml"], charged-full+firstRow-1; got != want || len(rows) != 15 {
		t.Errorf("got %d rows on the second part of %d sheets, want %d of 15", got, len(rows), want)
	}
	small := withoutSheets(t, z, "xl/worksheets/sheet14.xml", "xl/worksheets/sheet15.xml")
	f := open(t, small)
	total := int64(0)
	for r := firstRow; r < firstRow+4; r++ { // EUR, GBP, JPY, KWD
		n, _ := f.GetCellValue("Summary", fmt.Sprintf("C%d", r))
		total += sample.Dec(n).IntPart()
		formula, _ := f.GetCellFormula("Summary", fmt.Sprintf("C%d", r))
		if !strings.Contains(formula, "'Detail'!") || !strings.Contains(formula, "'Detail 2'!") {
			t.Errorf("row %d of the summary counts by =%s, want both parts", r, formula)
		}
	}
	if total != charged {
		t.Errorf("got %d messages on the summary, want %d", total, charged)
	}
	for r := firstRow; r < firstRow+10; r++ {
		for _, column := range []string{"J", "M"} {
			if v, _ := f.GetCellValue("Reconciliation", fmt.Sprintf("%s%d", column, r)); v != "0" {
				t.Errorf("Reconciliation %s%d: got %q, want 0", column, r, v)
			}
		}
	}
}

// countRows counts the rows of a sheet without keeping it.
func countRows(t *testing.T, p *zip.File) (n int64) {
	t.Helper()
	in, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	const mark = "<row "
	block, kept := make([]byte, 1<<20), 0
	for {
		got, err := io.ReadFull(in, block[kept:])
		n += int64(bytes.Count(block[:kept+got], []byte(mark)))
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			return n
		}
		kept = copy(block, block[kept+got-len(mark)+1:kept+got])
	}
}

// withoutSheets is a workbook whose named sheets have no rows.
func withoutSheets(t *testing.T, z *zip.Reader, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range z.File {
		to, err := w.Create(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(names, " "), p.Name) {
			_, err = io.WriteString(to, `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>`)
		} else {
			var in io.ReadCloser
			if in, err = p.Open(); err == nil {
				_, err = io.Copy(to, in)
				_ = in.Close()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
