package tariff

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path"
	"path/filepath"
	"postage/rating"
	"slices"
	"strconv"
	"strings"
)

// AppendPrices returns content, a prices.csv, with rows added below, in the order
// of its own columns; a column note says where each row is from. What is there
// stays byte by byte. Without content the result is a file of its own.
//
// A row that is there already, at whatever price, is refused, and so is a content
// that cannot be read as a table: the error is a *[Faults].
func AppendPrices(content []byte, rows []rating.PriceRow) ([]byte, error) {
	columns := pricesSpec().columnNames(false)
	out := bytes.NewBuffer(slices.Clone(content))
	if len(bytes.TrimSpace(normalise(content))) > 0 {
		var err error
		if columns, err = roomFor(rows, content); err != nil {
			return nil, err
		}
		if !bytes.HasSuffix(content, []byte("\n")) {
			out.WriteString("\n")
		}
	} else if err := writeLine(out, columns, false); err != nil {
		return nil, err
	}
	for _, r := range rows {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = priceCell(r, column)
		}
		if err := writeLine(out, cells, bytes.Contains(content, []byte("\r\n"))); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func pricesSpec() spec {
	for _, s := range specs {
		if s.name == "prices.csv" {
			return s
		}
	}
	panic("no spec of prices.csv")
}

// roomFor reads the columns of content and refuses rows that it has already.
func roomFor(rows []rating.PriceRow, content []byte) (columns []string, err error) {
	s := pricesSpec()
	keys := rowKeys[s.name]
	r := &reader{broken: map[string]bool{}, bad: map[rating.Row]bool{}}
	present := map[string]*line{}
	s.add = func(_ *reader, l *line) {
		cells := map[string]string{}
		for column, at := range l.head.at {
			cells[column] = l.cells[at]
		}
		present[rowKey(keys, written{cells: cells})] = l
		columns = l.head.titles()
	}
	r.file(s, normalise(content))
	if columns == nil && len(r.faults) == 0 { // a header and nothing below it
		if columns, err = firstLine(content); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		cells := map[string]string{}
		for _, column := range keys {
			cells[column] = priceCell(row, column)
		}
		if l, ok := present[rowKey(keys, written{cells: cells})]; ok {
			price, _ := l.cell("unit_price", "")
			r.fault(rating.Fault{
				Row: row.Row, Column: row.Category, Value: PlainPrice(row),
				Problem: fmt.Sprintf("%s has %s from %d already, at %s", l.Row, row.Market, row.FromVolume, price),
				Fix:     "delete the row there, or choose another price list or day; import lists and tiers in one run",
			})
		}
	}
	if len(r.faults) > 0 {
		return nil, &Faults{List: r.faults}
	}
	return columns, nil
}

// firstLine reads the titles of a file whose header was found good.
func firstLine(content []byte) ([]string, error) {
	in := csv.NewReader(bytes.NewReader(normalise(content)))
	in.FieldsPerRecord = -1
	for {
		cells, err := in.Read()
		if err != nil {
			return nil, err
		}
		for i := range cells {
			cells[i] = strings.ToLower(strings.TrimSpace(cells[i]))
		}
		if !blank(cells) {
			return cells, nil
		}
	}
}

// titles are the columns in the order of the file.
func (h *header) titles() []string {
	titles := make([]string, h.width)
	for name, at := range h.at {
		titles[at] = name
	}
	return titles
}

func priceCell(r rating.PriceRow, column string) string {
	switch column {
	case "price_list":
		return r.PriceList
	case "valid_from":
		return r.ValidFrom.String()
	case "currency":
		return r.Currency
	case "origin":
		return r.Origin
	case "market":
		return r.Market
	case "category":
		return r.Category
	case "from_volume":
		return strconv.FormatInt(r.FromVolume, 10)
	case "unit_price":
		return PlainPrice(r)
	case noteColumn:
		return "from " + path.Base(filepath.ToSlash(r.String()))
	}
	return ""
}

func writeLine(out *bytes.Buffer, cells []string, crlf bool) error {
	w := csv.NewWriter(out)
	w.UseCRLF = crlf
	if err := w.Write(cells); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}
