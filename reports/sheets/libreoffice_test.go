package sheets

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"postage/reports"
	"postage/reports/pdf/sample"
	"strconv"
	"testing"
)

// LibreOffice opens the workbooks without their stored values, calculates them,
// and must arrive at those values.
func TestLibreOfficeGivesTheStoredValues(t *testing.T) {
	books := map[string][]byte{
		"month": workbook(t, reports.FinalRun, 5), "draft": workbook(t, reports.DraftRun, 2), "hostile": invoice(t, sample.Hostile()),
	}
	dir, paths := t.TempDir(), []string(nil)
	for name, b := range books {
		f := open(t, b)
		if err := f.UpdateLinkedValue(); err != nil { // drops the stored values
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".xlsx")
		if err := f.SaveAs(path); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	out := soffice(t, "xlsx", paths...)
	for name, b := range books {
		calculated, err := os.ReadFile(filepath.Join(out, name+".xlsx"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(calculated, b) {
			t.Fatalf("%s: LibreOffice wrote nothing new", name)
		}
		again := open(t, calculated)
		eachCell(t, open(t, b), func(sheet, cell, formula, value string) {
			if formula == "" {
				return
			}
			got, _ := again.GetCellValue(sheet, cell)
			if got == value {
				return // text
			}
			x, err := strconv.ParseFloat(got, 64)
			want, _ := strconv.ParseFloat(value, 64)
			if err != nil || math.Abs(x-want) > max(1e-9, math.Abs(want)*1e-13) {
				t.Errorf("%s %s!%s =%s: got %q, want the stored %s", name, sheet, cell, formula, got, value)
			}
		})
	}
}
