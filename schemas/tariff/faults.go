package tariff

import (
	"cmp"
	"fmt"
	"postage/rating"
	"regexp"
	"slices"
	"strings"
)

// Faults is the error of a tariff that says something it must not say: every
// fault found in one run, sorted by file and line.
type Faults struct {
	List     []rating.Fault
	Workbook string // the tariff is this workbook; "" means a folder
}

// Error prints one line per fault, as [DescribeIn] does.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, fault := range f.List {
		lines[i] = DescribeIn(f.Workbook, fault)
	}
	return strings.Join(lines, "\n")
}

// Describe prints a fault on one line, leaving out what does not apply:
//
//	prices.csv:17: unit_price "0,05": not a decimal; write 0.05
func Describe(f rating.Fault) string {
	at := f.File
	if f.Line > 0 {
		at = f.String()
	}
	return at + ": " + complaint(f)
}

// DescribeIn is Describe for a tariff that is a workbook, in the words of those
// who look at one:
//
//	tariff.xlsx, sheet prices, row 17: unit_price "0,05": not a decimal; write 0.05
//
// An empty workbook means a folder.
func DescribeIn(workbook string, f rating.Fault) string {
	if workbook == "" {
		return Describe(f)
	}
	at := workbook + ", sheet " + strings.TrimSuffix(f.File, ".csv")
	if f.Line > 0 {
		at += fmt.Sprintf(", row %d", f.Line)
	}
	f.Problem, f.Fix = inSheets(f.Problem), inSheets(f.Fix)
	return at + ": " + complaint(f)
}

var (
	fileOrLine = regexp.MustCompile(`\b[a-z]+\.csv(:[0-9]+)?\b|\blines? [0-9]+\b|\bthe (file|folder|line)\b`)
	sheetWords = strings.NewReplacer(".csv:", " row ", ".csv", "", "line", "row", "the file", "the sheet", "the folder", "the workbook")
)

// inSheets words a sentence about files and lines in sheets and rows.
func inSheets(sentence string) string {
	return fileOrLine.ReplaceAllStringFunc(sentence, func(s string) string {
		if strings.Contains(s, ".csv") {
			s = "sheet " + s
		}
		return sheetWords.Replace(s)
	})
}

// complaint is a fault without its place.
func complaint(f rating.Fault) string {
	var b strings.Builder
	switch {
	case f.Column != "" && f.Value != "":
		fmt.Fprintf(&b, "%s %q: ", f.Column, shorten(f.Value))
	case f.Column != "":
		fmt.Fprintf(&b, "%s: ", f.Column)
	case f.Value != "":
		fmt.Fprintf(&b, "%q: ", shorten(f.Value))
	}
	b.WriteString(f.Problem)
	if f.Fix != "" {
		b.WriteString("; " + f.Fix)
	}
	return b.String()
}

// valueRunesMax keeps a fault on one line of a terminal.
const valueRunesMax = 60

func shorten(s string) string {
	r := []rune(s)
	if len(r) <= valueRunesMax {
		return s
	}
	return string(r[:valueRunesMax]) + "..."
}

// sortFaults orders by file and line; within a line, in the order found.
func sortFaults(list []rating.Fault) {
	slices.SortStableFunc(list, func(a, b rating.Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
