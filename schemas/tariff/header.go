package tariff

import (
	"postage/rating"
	"slices"
	"strings"
)

// noteColumn may stand in any file, for the people who edit it.
const noteColumn = "note"

// header is the first line of a file: which column stands where.
type header struct {
	spec  spec
	at    map[string]int
	width int
}

// header reads the first line, or reports every fault in it and returns nil:
// without a certain header no line below has a meaning.
func (r *reader) header(s spec, place rating.Row, cells []string) *header {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) == 1 && strings.ContainsAny(cells[0], ";\t|") {
		r.fault(rating.Fault{Row: place, Value: cells[0], Problem: "one column only", Fix: "save the file with commas between the cells"})
		return nil
	}
	h := &header{spec: s, at: map[string]int{}, width: len(cells)}
	before := len(r.faults)
	wrong := func(column, problem, fix string) {
		r.fault(rating.Fault{Row: place, Column: column, Problem: problem, Fix: fix})
	}
	for i, cell := range cells {
		name := strings.ToLower(cell)
		_, known := s.column(name)
		_, twice := h.at[name]
		switch {
		case cell == "":
			wrong("", "a column without a name", "name it or delete it")
		case twice:
			wrong(cell, "the column is there twice", "delete one")
		case !known && name != noteColumn:
			wrong(cell, "no such column", columnFix(s, name))
		default:
			h.at[name] = i
		}
	}
	for _, name := range s.columnNames(true) {
		if _, ok := h.at[name]; !ok && !slices.ContainsFunc(cells, func(c string) bool { return isSlip(s, c, name) }) {
			wrong(name, "the column is missing", "add it to the header")
		}
	}
	if len(r.faults) > before {
		return nil
	}
	return h
}

// columnFix offers the nearest column, and a way out for what is none.
func columnFix(s spec, name string) string {
	known := s.columnNames(false)
	if like := slipOf(name, known); like != "" {
		return "write " + like
	}
	like, _ := nearest(name, known)
	return "write note to have it ignored, or one of the file's columns, the nearest being " + like
}

// isSlip says whether cell was reported as a slip of this very column, so that
// one mistake is one fault.
func isSlip(s spec, cell, column string) bool {
	name := strings.ToLower(cell)
	if _, known := s.column(name); known || name == "" || name == noteColumn {
		return false
	}
	return slipOf(name, s.columnNames(false)) == column
}
