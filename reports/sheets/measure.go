package sheets

import (
	"fmt"
	"io"
	"iter"
	"postage/rating"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// Table is a table of twelve columns like those of Detail, to measure how fast
// rows are written: by WriteTable as the finance workbook writes them, and by
// WritePlainTable with nothing but excelize. Both give readers the same cells.
type Table iter.Seq[*TableRow]

// TableRow is a row of a Table. Its strings may be kept.
type TableRow struct {
	Message, Account, Sender, User string
	SentAt, DeliveredAt            rating.Instant
	Reason, Category, Market       string
	Tier                           int64
	UnitPrice                      *decimal.Decimal
	Currency                       string
}

const tableColumns = 12

// WriteTable writes a table by the path of Detail.
func WriteTable(w io.Writer, table Table) error {
	b := newBook()
	defer b.discard()
	s := b.open(plan{name: "Table", columns: make([]column, tableColumns)})
	words, number, time := b.style(plain), b.style(count), b.style(look{format: timeFormat, align: "left"})
	prices := map[*decimal.Decimal][]byte{}
	for row := range table {
		price := prices[row.UnitPrice]
		if price == nil {
			price = b.ready(amount(*row.UnitPrice, look{format: priceFormat}))
			prices[row.UnitPrice] = price
		}
		s.row++
		r := &s.rows
		r.begin(s.row, 0)
		r.text(words, row.Message)
		r.text(words, row.Account)
		r.text(words, row.Sender)
		r.text(words, row.User)
		r.instant(time, instant(row.SentAt))
		r.instant(time, instant(row.DeliveredAt))
		r.text(words, row.Reason)
		r.text(words, row.Category)
		r.text(words, row.Market)
		r.integer(number, row.Tier)
		r.ready(price)
		r.text(words, row.Currency)
		r.end()
		b.note(r.pack.err)
		if b.err != nil {
			return b.err
		}
	}
	s.close()
	return b.save(w)
}

// WritePlainTable writes a table by excelize's StreamWriter and its own zip.
func WritePlainTable(w io.Writer, table Table) error {
	b := newBook() // for the styles
	defer b.discard()
	words, number, price, time := b.style(plain), b.style(count), b.style(look{format: priceFormat}), b.style(look{format: timeFormat, align: "left"})
	if b.err != nil {
		return b.err
	}
	out, err := b.file.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	n, cells := 0, make([]any, tableColumns)
	for row := range table {
		n++
		for i, s := range [...]string{row.Message, row.Account, row.Sender, row.User} {
			cells[i] = excelize.Cell{StyleID: words, Value: s}
		}
		cells[4] = excelize.Cell{StyleID: time, Value: serial(row.SentAt)}
		cells[5] = excelize.Cell{StyleID: time, Value: serial(row.DeliveredAt)}
		for i, s := range [...]string{row.Reason, row.Category, row.Market} {
			cells[6+i] = excelize.Cell{StyleID: words, Value: s}
		}
		cells[9] = excelize.Cell{StyleID: number, Value: row.Tier}
		cells[10] = excelize.Cell{StyleID: price, Value: row.UnitPrice.InexactFloat64()}
		cells[11] = excelize.Cell{StyleID: words, Value: row.Currency}
		if err := out.SetRow(fmt.Sprintf("A%d", n), cells); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return b.file.Write(w)
}

// serial is an instant as a spreadsheet counts, as a number that excelize prints.
func serial(i rating.Instant) float64 {
	return float64(int64(i)+25_569*int64(rating.Day)) / float64(rating.Day)
}
