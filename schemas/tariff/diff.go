package tariff

import (
	"cmp"
	"io/fs"
	"postage/rating"
	"slices"
	"strconv"
	"strings"
)

// Change is what happened to a row.
type Change string

// The changes, in the order in which they are listed for one key.
const (
	Removed Change = "removed"
	Changed Change = "changed"
	Added   Change = "added"
)

// Difference is one row that two tariffs do not have in common.
type Difference struct {
	Change  Change     `json:"change"`
	File    string     `json:"file"`
	OldLine int        `json:"old_line,omitempty"` // in the first tariff; 0 when added
	NewLine int        `json:"new_line,omitempty"` // in the second; 0 when removed
	Key     []Cell     `json:"key"`                // what tells the row from others of its file
	Cells   []CellDiff `json:"cells"`              // those that differ; of a row added or removed, all that say something
}

// Cell is a column and what it says.
type Cell struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}

// CellDiff is a column that says something else.
type CellDiff struct {
	Column string `json:"column"`
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
}

// rowKeys are the columns that tell the rows of each file apart.
var rowKeys = map[string][]string{
	"accounts.csv":    {"account", "valid_from"},
	"senders.csv":     {"sender", "valid_from"},
	"markets.csv":     {"prefix", "country", "valid_from"},
	"prices.csv":      {"price_list", "origin", "market", "category", "valid_from", "from_volume"},
	"packages.csv":    {"package", "valid_from"},
	"regimes.csv":     {"account", "valid_from"},
	"settings.csv":    {"account", "setting", "valid_from"},
	"fx.csv":          {"from", "to", "on"},
	"sellers.csv":     {"seller"},
	"taxes.csv":       {"seller_country", "customer_country", "customer_type", "valid_from"},
	"adjustments.csv": {"account", "month", "description"},
	"opening.csv":     {"account", "sender", "month", "counter", "market", "category"},
	"gl.csv":          {"posting", "category"},
}

// Diff lists the rows in which tariff b differs from tariff a, by file in the
// order people read them and by key. Rows are compared as they are written, so
// 0.05 for 0.0500 is a change; where a row or a column stands is none, nor is an
// absent column beside an empty one. Rows of one key (a fault, except in
// adjustments.csv) are matched with their equals first, then in order.
func Diff(a, b Tables) []Difference {
	var found []Difference
	for _, s := range specs {
		found = append(found, diffFile(s, a[s.name], b[s.name])...)
	}
	return found
}

// Tables are the files of a tariff as they are written, unjudged.
type Tables map[string][]written

// written is a row as it is written: its cells by column.
type written struct {
	line  int
	cells map[string]string
}

// ReadTables reads the files of a tariff for [Diff]. The tariff need not be sound;
// where its files cannot be read as tables of the known columns, the error is a
// *[Faults].
func ReadTables(fsys fs.FS) (Tables, error) {
	files, _, err := load(fsys)
	if err != nil {
		return nil, err
	}
	r := &reader{broken: map[string]bool{}, bad: map[rating.Row]bool{}}
	found := Tables{}
	for _, s := range specs {
		content, ok := files[s.name]
		if !ok {
			continue
		}
		name := s.name
		s.add = func(_ *reader, l *line) {
			w := written{l.Line, map[string]string{}}
			for column, at := range l.head.at {
				w.cells[column] = l.cells[at]
			}
			found[name] = append(found[name], w)
		}
		r.file(s, content)
	}
	if len(r.faults) > 0 {
		book, _ := fsys.(Workbook)
		sortFaults(r.faults)
		return nil, &Faults{List: r.faults, Workbook: book.Name}
	}
	return found, nil
}

// rowKey is the key of a row as text that sorts as people expect: numbers by
// their size.
func rowKey(columns []string, w written) string {
	var b strings.Builder
	for _, c := range columns {
		v := w.cells[c]
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 && c == "from_volume" {
			v = strings.Repeat("0", max(0, 19-len(v))) + v
		}
		b.WriteString(v)
		b.WriteByte(0)
	}
	return b.String()
}

func diffFile(s spec, before, after []written) []Difference {
	type pair struct{ old, new []written }
	keys := rowKeys[s.name]
	pairs := map[string]*pair{}
	at := func(w written) *pair {
		k := rowKey(keys, w)
		if pairs[k] == nil {
			pairs[k] = &pair{}
		}
		return pairs[k]
	}
	for _, w := range before {
		p := at(w)
		p.old = append(p.old, w)
	}
	for _, w := range after {
		p := at(w)
		p.new = append(p.new, w)
	}
	var order []string
	for k := range pairs {
		order = append(order, k)
	}
	slices.Sort(order)
	columns := append(s.columnNames(false), noteColumn)
	if _, ok := s.column(noteColumn); ok {
		columns = columns[:len(columns)-1]
	}
	var found []Difference
	for _, k := range order {
		p := pairs[k]
		found = append(found, match(s.name, keys, columns, p.old, p.new)...)
	}
	return found
}

// match pairs rows of one key and lists what is left.
func match(file string, keys, columns []string, before, after []written) []Difference {
	before, after = slices.Clone(before), slices.Clone(after)
	for i := 0; i < len(before); i++ {
		j := slices.IndexFunc(after, func(w written) bool { return len(cellDiffs(columns, before[i].cells, w.cells)) == 0 })
		if j >= 0 {
			before, after = slices.Delete(before, i, i+1), slices.Delete(after, j, j+1)
			i--
		}
	}
	var found []Difference
	for i := range max(len(before), len(after)) {
		d := Difference{File: file}
		var old, new written
		if i < len(before) {
			old = before[i]
		}
		if i < len(after) {
			new = after[i]
		}
		d.OldLine, d.NewLine = old.line, new.line
		d.Cells = cellDiffs(columns, old.cells, new.cells)
		switch {
		case old.line == 0:
			d.Change = Added
		case new.line == 0:
			d.Change = Removed
		default:
			d.Change = Changed
		}
		for _, c := range keys {
			if v := cmp.Or(old.cells[c], new.cells[c]); v != "" {
				d.Key = append(d.Key, Cell{c, v})
			}
		}
		if d.Change != Changed { // the key says it already
			d.Cells = slices.DeleteFunc(d.Cells, func(c CellDiff) bool { return slices.Contains(keys, c.Column) })
		}
		found = append(found, d)
	}
	return found
}

// cellDiffs are the columns in which two rows differ. A nil row says nothing.
func cellDiffs(columns []string, old, new map[string]string) []CellDiff {
	var found []CellDiff
	for _, c := range columns {
		if old[c] != new[c] {
			found = append(found, CellDiff{c, old[c], new[c]})
		}
	}
	return found
}
