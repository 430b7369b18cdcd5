package sheets

import (
	"fmt"
	"postage/reports"
	"postage/reports/pdf/sample"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// Names are text whatever they begin with, and formulas are only ours.
func TestNamesAreNeverFormulas(t *testing.T) {
	ours := []string{"'By ", "C", "IF(", "ROUND(", "SUM", "COUNTIFS(", "E", "F", "H", "I", "J"}
	for name, b := range map[string][]byte{"invoice": invoice(t, sample.Hostile()), "month": workbook(t, reports.FinalRun, 1)} {
		found := 0
		eachCell(t, open(t, b), func(sheet, cell, formula, value string) {
			if strings.Contains(formula, "HYPERLINK") || formula != "" && !slices.ContainsFunc(ours, func(p string) bool { return strings.HasPrefix(formula, p) }) {
				t.Errorf("%s %s!%s: formula =%s", name, sheet, cell, formula)
			}
			if strings.HasPrefix(value, "=HYPERLINK") {
				found++
			}
		})
		if found == 0 {
			t.Errorf("%s: the hostile name is nowhere", name)
		}
	}
}

func TestPagesPrintOneWideWithTheirHeader(t *testing.T) {
	f := open(t, workbook(t, reports.FinalRun, 1))
	titles := map[string]string{}
	for _, n := range f.GetDefinedName() {
		if n.Name == "_xlnm.Print_Titles" {
			titles[n.Scope] = n.RefersTo
		}
	}
	for _, sheet := range f.GetSheetList() {
		props, _ := f.GetSheetProps(sheet)
		page, _ := f.GetPageLayout(sheet)
		if props.FitToPage == nil || !*props.FitToPage || page.FitToWidth == nil || *page.FitToWidth != 1 {
			t.Errorf("%s: not fitted to one page wide", sheet)
		}
		if sheet == "README" {
			continue
		}
		header, panes := firstRow-1, &excelize.Panes{}
		if sheet == "Summary" {
			header = 1
		}
		if *panes, _ = f.GetPanes(sheet); !panes.Freeze || panes.YSplit != header {
			t.Errorf("%s: got panes %+v, want %d frozen rows", sheet, panes, header)
		}
		if want := fmt.Sprintf("'%s'!$%d:$%d", sheet, header, header); titles[sheet] != want {
			t.Errorf("%s: got repeated rows %q, want %q", sheet, titles[sheet], want)
		}
		if page.Orientation == nil || *page.Orientation != "landscape" {
			t.Errorf("%s: not landscape", sheet)
		}
	}
}
