package tariff

import (
	"postage/rating"
	"strings"
	"testing"
)

// TestWorkbook holds that faults of a workbook are told together, once, and in
// sheets and rows.
func TestWorkbook(t *testing.T) {
	at := func(file string, line int, column, value, problem, fix string) rating.Fault {
		return rating.Fault{Row: rating.Row{File: file, Line: line}, Column: column, Value: value, Problem: problem, Fix: fix}
	}
	files := changed(t,
		change{"senders.csv", "+442079460001", "442079460001"},
		change{"prices.csv", "1,0.0600", `1,"0,06"`},
		change{"accounts.csv", ",basic,", ",basik,"},
		change{"regimes.csv", "", "account,valid_from\n"},
	)
	_, err := Read(Workbook{Files: files, Name: "t.xlsx", Faults: []rating.Fault{
		at("senders.csv", 2, "Sender", "442079460001", "a number, so its + is lost", "format the column as text and write +442079460001"),
		at("notes.csv", 1, "x", "#REF!", "a formula that failed", "write the value"),
	}})
	want := strings.Join([]string{
		`t.xlsx, sheet accounts, row 2: package "basik": not in sheet packages; write basic`,
		`t.xlsx, sheet prices, row 4: unit_price "0,06": not a decimal; write 0.06`,
		`t.xlsx, sheet regimes, row 1: regime: the column is missing; add it to the header`,
		`t.xlsx, sheet senders, row 2: Sender "442079460001": a number, so its + is lost; format the column as text and write +442079460001`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}

	sound := Workbook{Files: changed(t), Name: "t.xlsx"}
	rows, err := Read(sound)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Version(changed(t)); err != nil || rows.Version != v || rows.Prices[0].String() != "prices.csv:2" {
		t.Errorf("got version %s and row %s, want %s and prices.csv:2 (%v)", rows.Version, rows.Prices[0], v, err)
	}
	if rows, err := Read(Workbook{Files: changed(t), Name: "t.xlsx", Faults: []rating.Fault{at("prices.csv", 2, "note", "#N/A", "a formula that failed", "write the value")}}); rows != nil || err == nil {
		t.Errorf("a failed formula: got rows %v and %v, want no rows and a fault", rows, err)
	}
}

func TestDescribeIn(t *testing.T) {
	for _, tt := range []struct{ file, problem, fix, want string }{
		{"prices.csv", "missing", "add it with the columns a,b", "t.xlsx, sheet prices: missing; add it with the columns a,b"},
		{"price.csv", "not a file of a tariff and would be ignored", "merge it into prices.csv or move it out of the folder", "t.xlsx, sheet price: not a file of a tariff and would be ignored; merge it into sheet prices or move it out of the workbook"},
		{"packages.csv", "gives prices.csv:17 a price too fine, see lines 3", "", "t.xlsx, sheet packages: gives sheet prices row 17 a price too fine, see rows 3"},
		{"fx.csv", "the same as line 2", "delete the line", "t.xlsx, sheet fx: the same as row 2; delete the row"},
	} {
		if got := DescribeIn("t.xlsx", rating.Fault{Row: rating.Row{File: tt.file}, Problem: tt.problem, Fix: tt.fix}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
