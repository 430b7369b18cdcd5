package sheets

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Columns whose cells mean more than their look says.
var (
	dateColumns  = map[string]bool{"valid_from": true, "valid_to": true, "on": true}
	phoneColumns = map[string]bool{"sender": true}
)

const monthColumn = "month"

// wrongCell is a cell whose text would not be what its author sees.
type wrongCell struct{ value, problem, fix string }

// text is the cell as a CSV file has it: text as typed, dates as YYYY-MM-DD,
// other numbers as the shortest decimal that gives the stored number. column is
// the title above it.
func (c found) text(column string, since04 bool) (string, *wrongCell) {
	column = strings.ToLower(column)
	switch c.kind {
	case kindError:
		return c.value, &wrongCell{c.value, "a formula that failed", "write the value"}
	case kindUnsolved:
		return "", &wrongCell{"", "a formula without its result", "open the workbook in a spreadsheet program and save it, or write the value"}
	case kindBool:
		if c.value == "1" {
			return "TRUE", nil
		}
		return "FALSE", nil
	case kindISODate:
		return strings.TrimSuffix(strings.TrimSuffix(c.value, "Z"), "T00:00:00"), nil
	case kindNumber:
		return c.number(column, since04)
	case kindText:
	}
	return c.value, nil
}

func (c found) number(column string, since04 bool) (string, *wrongCell) {
	f, err := strconv.ParseFloat(c.value, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1e21 {
		return c.value, &wrongCell{c.value, "not a number", "type it again"}
	}
	plain := strconv.FormatFloat(f+0, 'f', -1, 64) // + 0 makes a negative zero zero
	switch {
	case phoneColumns[column]:
		return plain, &wrongCell{plain, "a number, so its + is lost", "format the column as text and write +" + plain}
	case c.format == formatDate || (dateColumns[column] || column == monthColumn) && f >= firstDay && f <= lastDay:
		return day(f, column, since04)
	case c.format == formatPercent && f != 0:
		shown := strconv.FormatFloat(math.Round(f*1e12)/1e10, 'f', -1, 64)
		return plain, &wrongCell{plain, "shown as " + shown + "%", "format the column as a number and write " + shown}
	case math.Abs(f) >= 1e15:
		return plain, &wrongCell{plain, "a number of more than the 15 digits that a spreadsheet keeps", "format the column as text and type it again"}
	}
	return plain, nil
}

// Days of a spreadsheet between which a number in a column of dates is one,
// though its look was lost: 1927 to 2173.
const (
	firstDay = 10_000
	lastDay  = 100_000
)

// day turns days since 30 December 1899 (or 1 January 1904) into a date, with
// the time of day when there is one.
func day(f float64, column string, since04 bool) (string, *wrongCell) {
	if since04 {
		f += 1462
	}
	if f < 1 || f >= 2_958_466 { // 9999-12-31 and on
		return strconv.FormatFloat(f, 'f', -1, 64), &wrongCell{strconv.FormatFloat(f, 'f', -1, 64), "not a date", "write a date such as 2026-10-01"}
	}
	days, part := math.Modf(f)
	seconds := math.Round(part * 86_400)
	t := time.Date(1899, time.December, 30, 0, 0, 0, 0, utc).AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
	switch {
	case t.Hour()+t.Minute()+t.Second() != 0:
		return t.Format(time.DateTime), nil
	case column == monthColumn && t.Day() == 1: // what a spreadsheet makes of 2026-10
		return t.Format("2006-01"), nil
	}
	return t.Format(time.DateOnly), nil
}

// shownAs is the title of a column for a message, or its letter.
func shownAs(titles []string, column int) string {
	if column <= len(titles) && titles[column-1] != "" {
		return titles[column-1]
	}
	return fmt.Sprintf("column %s", letter(column))
}
