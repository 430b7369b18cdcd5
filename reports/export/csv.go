package export

import (
	"encoding/csv"
	"io"
	"postage/rating"
	"postage/reports"
	"strconv"
	"strings"
)

// csvWriter writes CSV as RFC 4180 has it: UTF-8, commas, CR LF, a header. Amounts are
// plain decimals, negative ones too; instants RFC 3339 in UTC. Text that a spreadsheet
// program would take for a formula has an apostrophe before it ([reports.Harmless]).
type csvWriter struct {
	out    *csv.Writer
	table  *Table
	record []string
}

// NewCSV begins a CSV file.
func NewCSV(w io.Writer, t *Table) (Writer, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return &csvWriter{out, t, make([]string, len(t.Columns))}, out.Write(names)
}

func (w *csvWriter) Write(row []Cell) error {
	for i := range row {
		w.record[i] = row[i].csv(w.table.Columns[i].Kind)
	}
	return w.out.Write(w.record)
}

func (w *csvWriter) Close() error {
	w.out.Flush()
	return w.out.Error()
}

func (c *Cell) csv(k Kind) string {
	switch k {
	case Count:
		return strconv.FormatInt(c.Number, 10)
	case Amount:
		return c.Amount.String()
	case Instant:
		if c.Number == 0 {
			return ""
		}
		return rating.Instant(c.Number).Time().UTC().Format("2006-01-02T15:04:05.000Z")
	case Phone:
		if isPhone(c.Text) {
			return c.Text
		}
	case Text:
	}
	return reports.Harmless(strings.ReplaceAll(c.Text, "\x00", ""))
}

func isPhone(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && strings.Trim(digits, "0123456789") == ""
}
