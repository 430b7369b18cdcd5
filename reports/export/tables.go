// Package export writes the results of a run as tables for other programs: CSV and
// Parquet. It says what columns there are; the rows come from the store, one at a time.
package export

import "github.com/shopspring/decimal"

// Kind is what the cells of a column hold.
type Kind uint8

// The kinds.
const (
	Text    Kind = iota
	Phone        // a number in E.164, + and digits: text, and no formula
	Count        // a whole number
	Amount       // a decimal, exact, at most 38 digits, 18 of them after the point
	Instant      // milliseconds since 1970, UTC
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Cell is one value; its column's kind says which field holds it.
type Cell struct {
	Text   string          // Text, Phone
	Number int64           // Count, Instant
	Amount decimal.Decimal // Amount
}

// Table is a kind of rows. The first column is always the account, and rows come
// ordered by it.
type Table struct {
	Name    string
	Columns []Column
}

// Charges has one row a charged message: what v_charges has of it.
var Charges = Table{"charges", []Column{
	{"account", Text},
	{"month", Text},
	{"message_id", Text},
	{"sender", Phone},
	{"user", Phone},
	{"sent_at", Instant},
	{"delivered_at", Instant},
	{"regime", Text},
	{"market", Text},
	{"category", Text}, // as priced and counted
	{"reason", Text},
	{"tier", Count},
	{"from_volume", Count},
	{"position", Count}, // which unit of its volume counter it was
	{"price_row", Text}, // file:line of the tariff
	{"price_list", Text},
	{"unit_price", Amount},
	{"price", Amount}, // of this message, exact: statements round line by line
	{"currency", Text},
}}

// Lines has one row a line of a statement.
var Lines = Table{"lines", []Column{
	{"account", Text},
	{"month", Text},
	{"line", Count},
	{"kind", Text},
	{"regime", Text},
	{"market", Text},
	{"category", Text},
	{"reason", Text},
	{"tier", Count},
	{"from_volume", Count},
	{"price_row", Text},
	{"detail", Text},
	{"quantity", Count},
	{"unit_price", Amount},
	{"exact", Amount},
	{"billed", Amount}, // exact, rounded once
	{"currency", Text},
}}

// Statements has one row a statement.
var Statements = Table{"statements", []Column{
	{"account", Text},
	{"name", Text},
	{"month", Text},
	{"package", Text},
	{"currency", Text},
	{"minor_digits", Count},
	{"tariff", Text},
	{"exact_total", Amount},
	{"billed_total", Amount}, // net of tax
	{"rounding_residue", Amount},
	{"messages", Count},
	{"care_free", Count},
	{"care_charged", Count},
	{"notification_free", Count},
	{"notification_charged", Count},
	{"not_delivered", Count},
	{"rejected", Count},
	{"pending", Count},
	{"unrated", Count},
	{"unrated_detail", Text}, // JSON, empty when nothing is unrated
}}

// Costs has one row for every currency in which the carrier bills the messages of a
// statement.
var Costs = Table{"costs", []Column{
	{"account", Text},
	{"month", Text},
	{"currency", Text},
	{"messages", Count},
	{"unrated", Count},
	{"exact", Amount},
}}

// Tables are all that is exported of a run.
var Tables = []*Table{&Charges, &Lines, &Statements, &Costs}

// Writer takes the rows of one table. A row is valid during the call only. Close
// ends the file; without it, it is not whole.
type Writer interface {
	Write(row []Cell) error
	Close() error
}
