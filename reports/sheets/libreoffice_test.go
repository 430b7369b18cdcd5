package sheets

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"postage/reports"
	"postage/reports/pdf/sample"
	"strconv"
	"testing"
)

// LibreOffice opens the workbooks without their stored values, calculates them,
// and must arrive at those values. It needs soffice on the path; the formulas of plain
// names are also checked without it.
func TestLibreOfficeGivesTheStoredValues(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("no soffice on the path")
	}
	books := map[string][]byte{
		"month": workbook(t, reports.FinalRun, 5), "draft": workbook(t, reports.DraftRun, 2), "hostile": invoice(t, sample.Hostile()),
	}
	dir := t.TempDir()
	args := []string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", filepath.Join(dir, "out")}
	for name, b := range books {
		f := open(t, b)
		if err := f.UpdateLinkedValue(); err != nil { // drops the stored values
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".xlsx")
		if err := f.SaveAs(path); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.CommandContext(t.Context(), soffice, args...).CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
	for name, b := range books {
		calculated, err := os.ReadFile(filepath.Join(dir, "out", name+".xlsx"))
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
			x, err := strconv.ParseFloat(got, 64)
			want, _ := strconv.ParseFloat(value, 64)
			if err != nil || math.Abs(x-want) > max(1e-9, math.Abs(want)*1e-13) {
				t.Errorf("%s %s!%s =%s: got %q, want the stored %s", name, sheet, cell, formula, got, value)
			}
		})
	}
}
