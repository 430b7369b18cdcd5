package rating_test

import (
	"fmt"
	"postage/rating"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A tariff in a transcript is one row a line: the file without .csv and in the
// singular, then column=value. Values with spaces are quoted. Columns left out
// have the defaults of defaultColumns.
//
//	price market="United Kingdom" category=notification unit_price=0.05
//
// Rows are numbered within their file as in a CSV with a header, so the first
// price is prices.csv:2.
var defaultColumns = map[string]string{
	"account": "account=acme name=Acme country=GB timezone=Europe/London currency=GBP package=standard valid_from=2018-01-01",
	"sender":  "account=acme",
	"market":  "valid_from=2018-01-01",
	"price":   "price_list=list valid_from=2018-01-01 currency=GBP origin=* market=* category=* from_volume=1",
	"package": "package=standard valid_from=2018-01-01 currency=GBP price_list=list",
	"regime":  "account=acme",
	"setting": "account=acme valid_from=2018-01-01",
	"opening": "account=acme",
}

func parseTariff(text string) (*rating.TariffRows, error) {
	rows := &rating.TariffRows{Version: "sha256:transcript"}
	files := map[string]any{
		"account": &rows.Accounts, "sender": &rows.Senders, "market": &rows.Markets, "price": &rows.Prices, "package": &rows.Packages,
		"regime": &rows.Regimes, "setting": &rows.Settings, "fx": &rows.FX, "opening": &rows.Openings, "adjustment": &rows.Adjustments,
	}
	for line := range strings.SplitSeq(text, "\n") {
		words := fieldsOf(line)
		if len(words) == 0 {
			continue
		}
		table, ok := files[words[0]]
		if !ok {
			return nil, fmt.Errorf("%q: no such file", words[0])
		}
		list := reflect.ValueOf(table).Elem()
		file := words[0] + "s.csv"
		if words[0] == "fx" || words[0] == "opening" {
			file = words[0] + ".csv"
		}
		row := reflect.New(list.Type().Elem()).Elem()
		row.FieldByName("Row").Set(reflect.ValueOf(rating.Row{File: file, Line: list.Len() + 2}))
		for _, word := range append(fieldsOf(defaultColumns[words[0]]), words[1:]...) {
			column, value, _ := strings.Cut(word, "=")
			if err := setColumn(row, column, value); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
		}
		list.Set(reflect.Append(list, row))
	}
	return rows, nil
}

// setColumn sets the field of a row that a column means: unit_price is UnitPrice.
func setColumn(row reflect.Value, column, value string) error {
	field := row.FieldByNameFunc(func(name string) bool {
		return strings.EqualFold(name, strings.ReplaceAll(column, "_", ""))
	})
	if !field.IsValid() {
		return fmt.Errorf("no column %q", column)
	}
	var v any
	var err error
	switch field.Interface().(type) {
	case string:
		if column == "sender" {
			value = numberOf(value)
		}
		v = value
	case int64:
		v, err = strconv.ParseInt(value, 10, 64)
	case decimal.Decimal:
		v, err = decimal.NewFromString(value)
	case rating.Date:
		v, err = rating.ParseDate(value)
	case rating.Month:
		v, err = rating.ParseMonth(value)
	case rating.Regime:
		v = rating.ParseRegime(value)
	default:
		return fmt.Errorf("column %q cannot be set here", column)
	}
	if err != nil {
		return err
	}
	field.Set(reflect.ValueOf(v))
	return nil
}

// fieldsOf splits a line at spaces outside quotes; # begins a comment.
func fieldsOf(line string) (words []string) {
	quoted, word := false, ""
	for _, r := range line + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '#' && !quoted:
			return words
		case r == ' ' && !quoted:
			if word != "" {
				words = append(words, word)
			}
			word = ""
		default:
			word += string(r)
		}
	}
	return words
}

// numberOf gives a name in a transcript its number. Senders are A to Z; users are
// a country and a digit, gb1; xx1 has a prefix that no market knows.
func numberOf(name string) string {
	if len(name) == 1 && name >= "A" && name <= "Z" {
		return fmt.Sprintf("+4420794600%02d", name[0]-'A')
	}
	prefixes := map[string]string{
		"gb": "447700900", "in": "917700900", "id": "62812345", "eg": "20100123", "zw": "26377123",
		"de": "49151000", "fr": "33639980", "us": "1202555", "br": "55119000", "bd": "88017001", "xx": "99900000",
	}
	if prefix, ok := prefixes[name[:min(2, len(name))]]; ok {
		n, err := strconv.Atoi(name[2:])
		if err == nil {
			return fmt.Sprintf("+%s%03d", prefix, n)
		}
	}
	return name
}

// parseTime reads the first two words of a line of events.
func parseTime(words []string, zone *time.Location) (rating.Instant, error) {
	layout := "2006-01-02 15:04:05.000"
	t, err := time.ParseInLocation(layout[:min(len(layout), 11+len(words[1]))], words[0]+" "+words[1], zone)
	return rating.Instant(t.UnixMilli()), err
}
