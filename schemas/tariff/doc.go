// Package tariff reads a tariff, a folder of CSV files that people edit in
// spreadsheets, into [rating.TariffRows]. It also says what two tariffs differ in,
// and turns the carrier's rate cards into rows of prices.csv.
//
// It owns the file format: which files and columns there are, how a cell is
// written, which cells have to agree with each other, and the version of the
// whole. It never prices anything, never fetches anything and never repairs a
// cell: what it cannot read it refuses, naming file, line, column, value and
// the fix, and it goes on reading, so that one run shows all faults.
//
// # Files
//
// Required are accounts, senders, markets, prices and packages (.csv each);
// regimes, settings, fx, sellers, taxes, adjustments, opening and gl may be absent.
// Other files are ignored, except those whose name looks like a slip of one of
// these. A file is UTF-8 with commas; a byte order mark and any kind of line
// ending are accepted. The first line names the columns in any order; names
// count whatever their case. Optional columns may be absent; a column `note`
// is accepted in every file and, outside taxes.csv, read by nobody. Cells are
// trimmed; lines without any content are skipped.
//
// # Validity
//
// Of several rows in force the one that began last counts. This holds for the
// rows of one account or sender too, so a change of package is a new row with
// its valid_from and nothing else. The same valid_from twice is a fault, and so
// is a valid_to that reaches beyond the beginning of the next row.
//
// # Workbooks
//
// A tariff may be an XLSX workbook with a sheet for each file. Turning sheets into
// files is not done here; see [Workbook].
//
// # Rate cards
//
// [ReadCards] knows the two layouts in which the carrier publishes its prices.
// Figures are taken digit by digit, names become those of markets.csv, and what
// is not understood is refused rather than left out.
package tariff
