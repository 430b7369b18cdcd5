package tariff

import (
	"cmp"
	"fmt"
	"postage/rating"
	"slices"
	"strings"
)

// Faults is the error of a tariff that says something it must not say: every
// fault found in one run, sorted by file and line.
type Faults struct {
	List []rating.Fault
}

// Error prints one line per fault, as [Describe] does.
func (f *Faults) Error() string {
	lines := make([]string, len(f.List))
	for i, fault := range f.List {
		lines[i] = Describe(fault)
	}
	return strings.Join(lines, "\n")
}

// Describe prints a fault on one line, leaving out what does not apply:
//
//	prices.csv:17: unit_price "0,05": not a decimal; write 0.05
func Describe(f rating.Fault) string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
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
