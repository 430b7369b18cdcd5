package tariff

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"postage/rating"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestReadRows(t *testing.T) {
	rows, err := Read(changed(t,
		change{"packages.csv", "minimum_spend\n", "minimum_spend,tier_mode,cost_list\n"},
		change{"packages.csv", "list,0,0,0,,0,0,0\n", "list,250.00,49.5,1000,*,-2.5,0.001,0,all_units,list\n"},
		change{"regimes.csv", "", "account,valid_from,regime\nacme,2018-01-01,NBP\n"},
		change{"settings.csv", "", "account,setting,value,valid_from\n*,authority,carrier,2026-01-01\n"},
		change{"fx.csv", "", "on,from,to,rate,source\n2026-10-31,USD,GBP,0.7435,bank\n"},
		change{"sellers.csv", "", "seller,name,address,country,vat_number,peppol_id,bank,invoice_series\nus,Us Ltd,\"1 Lane\nTown\",GB,GB1,,,INV\n"},
		change{"taxes.csv", "", "seller_country,customer_country,customer_type,treatment,rate_percent,note,valid_from\nGB,*,*,O,0,outside,2018-01-01\n"},
		change{"adjustments.csv", "", "account,month,description,quantity,unit_price,reason,approved_by\nacme,2026-10,Goodwill,1,-25.00,delay,Finance\n"},
		change{"opening.csv", "", "account,sender,month,counter,market,category,count\nacme,+442079460001,2026-10,free_tier,,service,120\n"},
	))
	if err != nil {
		t.Fatal(err)
	}
	day := rating.Date{Year: 2018, Month: time.January, Day: 1}
	october := rating.Month{Year: 2026, Month: time.October}
	for _, tt := range []struct{ got, want any }{
		{rows.Accounts[0], rating.AccountRow{Row: rating.Row{File: "accounts.csv", Line: 2}, Account: "acme", Name: "Acme Ltd", Country: "GB", Timezone: "Europe/London", Currency: "GBP", Package: "basic", ValidFrom: day}},
		{rows.Senders[0], rating.SenderRow{Row: rating.Row{File: "senders.csv", Line: 2}, Sender: "+442079460001", Account: "acme", WABA: "waba-1"}},
		{rows.Markets[3], rating.MarketRow{Row: rating.Row{File: "markets.csv", Line: 5}, Market: "Qatar", Prefix: "974", ValidFrom: rating.Date{Year: 2026, Month: time.July, Day: 1}}},
		{rows.Regimes[0], rating.RegimeRow{Row: rating.Row{File: "regimes.csv", Line: 2}, Account: "acme", ValidFrom: day, Regime: rating.NBP}},
		{rows.Settings[0].Value, "carrier"},
		{rows.Sellers[0].Address, "1 Lane\nTown"},
		{rows.Taxes[0].CustomerType + rows.Taxes[0].Note, "*outside"},
		{rows.Openings[0], rating.OpeningRow{Row: rating.Row{File: "opening.csv", Line: 2}, Account: "acme", Sender: "+442079460001", Month: october, Counter: "free_tier", Category: "service", Count: 120}},
		{rows.Prices[1].FromVolume, int64(10001)},
	} {
		if got, want := fmt.Sprintf("%+v", tt.got), fmt.Sprintf("%+v", tt.want); got != want {
			t.Errorf("row:\ngot  %s\nwant %s", got, want)
		}
	}
	p := rows.Packages[0]
	for _, tt := range []struct{ name, got, want string }{
		{"unit_price keeps its scale", rows.Prices[0].UnitPrice.StringFixed(-rows.Prices[0].UnitPrice.Exponent()), "0.0500"},
		{"monthly_fee", p.MonthlyFee.String(), "250"},
		{"sender_fee", p.SenderFee.String(), "49.5"},
		{"markup_percent", p.MarkupPercent.String(), "-2.5"},
		{"markup_fixed", p.MarkupFixed.String(), "0.001"},
		{"tier_mode", p.TierMode, "all_units"},
		{"cost_list", p.CostList, "list"},
		{"rate", rows.FX[0].Rate.String(), "0.7435"},
		{"adjustment", rows.Adjustments[0].UnitPrice.String(), "-25"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

// TestReadTolerates lists what spreadsheets do to a file that does no harm.
func TestReadTolerates(t *testing.T) {
	want, err := Read(changed(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		changes []change
	}{
		{"byte order mark and CRLF", []change{{"senders.csv", "", "\ufeffsender,account,waba\r\n+442079460001,acme,waba-1\r\n"}}},
		{"old Macintosh line ends", []change{{"senders.csv", "", "sender,account,waba\r+442079460001,acme,waba-1\r"}}},
		{"no last line end", []change{{"senders.csv", "waba-1\n", "waba-1"}}},
		{"columns in another order", []change{{"senders.csv", "", "waba,sender,account\nwaba-1,+442079460001,acme\n"}}},
		{"spaces and capitals", []change{{"senders.csv", "", " Sender , ACCOUNT,waba\n +442079460001 , acme ,waba-1\n"}}},
		{"empty cells at the end", []change{{"senders.csv", "", "sender,account,waba,,\n+442079460001,acme,waba-1,,\n"}}},
		{"empty lines at the end", []change{{"senders.csv", "waba-1\n", "waba-1\n,,\n\n,,\n"}}},
		{"a column of notes", []change{{"senders.csv", "", "sender,account,waba,note\n+442079460001,acme,waba-1,the front desk\n"}}},
		{"plus before a prefix", []change{{"markets.csv", ",44,", ",+44,"}}},
		{"other files", []change{{"README.md", "", "hello"}, {"margins.csv", "", "whatever"}, {"prices-of-last-year.csv", "", "x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(changed(t, tt.changes...))
			if err != nil {
				t.Fatal(err)
			}
			got.Version = want.Version
			if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
				t.Errorf("rows:\ngot  %s\nwant %s", g, w)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	testFaults(t, []faultCase{
		{"missing file", []change{{"markets.csv", "", "-"}}, []string{`markets.csv: missing; add it with the columns market,prefix,valid_from`}},
		{"all missing", []change{{"accounts.csv", "", "-"}, {"senders.csv", "", "-"}, {"markets.csv", "", "-"}, {"prices.csv", "", "-"}, {"packages.csv", "", "-"}}, []string{
			`accounts.csv: missing; add it with the columns account,name,country,timezone,currency,package,valid_from`,
			`markets.csv: missing; add it with the columns market,prefix,valid_from`,
			`packages.csv: missing; add it with the columns package,valid_from,currency,price_list,monthly_fee,sender_fee,included_units,included_category,markup_percent,markup_fixed,minimum_spend`,
			`prices.csv: missing; add it with the columns price_list,valid_from,currency,origin,market,category,from_volume,unit_price`,
			`senders.csv: missing; add it with the columns sender,account`,
		}},
		{"misspelt file", []change{{"regime.csv", "", "x"}, {"Settings.CSV", "", "x"}, {"price.csv", "", "x"}, {"senders.csv.csv", "", "x"}}, []string{
			`Settings.CSV: not a file of a tariff and would be ignored; rename it to settings.csv`,
			`price.csv: not a file of a tariff and would be ignored; merge it into prices.csv or move it out of the folder`,
			`regime.csv: not a file of a tariff and would be ignored; rename it to regimes.csv`,
			`senders.csv.csv: not a file of a tariff and would be ignored; merge it into senders.csv or move it out of the folder`,
		}},
		{"misspelt required file", []change{{"senders.csv", "", "-"}, {"Senders.csv", "", "x"}}, []string{`Senders.csv: not a file of a tariff and would be ignored; rename it to senders.csv`}},
		{"empty file", []change{{"fx.csv", "", "\n\n"}}, []string{`fx.csv:1: no header; begin the file with on,from,to,rate`}},
		{"semicolons", []change{{"fx.csv", "", "on;from;to;rate\n2026-10-31;USD;GBP;0,74\n"}}, []string{`fx.csv:1: "on;from;to;rate": one column only; save the file with commas between the cells`}},
		{"not UTF-8", []change{{"accounts.csv", "Acme", "Caf\xe9"}}, []string{`accounts.csv:2: not UTF-8 text; save it as CSV UTF-8 with commas`}},
		{"misspelt column", []change{{"prices.csv", "unit_price", "unitprice"}}, []string{`prices.csv:1: unitprice: no such column; write unit_price`}},
		{"foreign column", []change{{"prices.csv", "unit_price\n", "unit_price,department\n"}}, []string{`prices.csv:1: department: no such column; write note to have it ignored, or one of the file's columns, the nearest being market`}},
		{"missing column", []change{{"markets.csv", "market,prefix,valid_from", "market,prefix"}}, []string{`markets.csv:1: valid_from: the column is missing; add it to the header`}},
		{"column twice", []change{{"markets.csv", "market,prefix,", "market,prefix,Prefix,"}}, []string{`markets.csv:1: Prefix: the column is there twice; delete one`}},
		{"column without a name", []change{{"markets.csv", "market,prefix,", "market,,prefix,"}}, []string{`markets.csv:1: a column without a name; name it or delete it`}},
		{"too few cells", []change{{"markets.csv", "44,2018-01-01", "44"}}, []string{`markets.csv:2: 2 cells under a header of 3; give it 3, empty ones included`}},
		{"too many cells", []change{{"markets.csv", "United Kingdom,44", "United Kingdom, the,44"}}, []string{`markets.csv:2: 4 cells under a header of 3; give it 3, empty ones included; a cell with a comma in it needs "quotes"`}},
		{"stray quote", []change{{"markets.csv", "United Kingdom", `United "Kingdom"`}}, []string{`markets.csv:2: a quote inside a cell; put the whole cell in quotes and write a quote inside it twice`}},
		{"quote without an end", []change{{"markets.csv", "United Kingdom", `"United Kingdom`}}, []string{`markets.csv:2: a quoted cell without a proper end; put the whole cell in quotes and write a quote inside it twice`}},
		{
			"line numbers after a cell of several lines",
			[]change{
				{"accounts.csv", "", "account,name,country,timezone,currency,package,valid_from,address\n\nacme,Acme Ltd,GB,Europe/London,GBP,basic,2018-01-01,\"1 Lane\nTown\"\nother,Other Ltd,GB,Europe/London,GBP,basik,soon,\n"},
			},
			[]string{`accounts.csv:5: valid_from "soon": not a date; write a date such as 2026-10-01`},
		},
	})
}

// TestAllFaultsAtOnce holds that one run shows everything, sorted, and that one
// mistake is not reported twice.
func TestAllFaultsAtOnce(t *testing.T) {
	testFaults(t, []faultCase{{"many", []change{
		{"senders.csv", "acme,waba-1\n", "acme,waba-1\n+442079460002,acmee,waba-1\n447700900001,acme,waba-1\n"},
		{"prices.csv", "1,0.0500", "1,\"0,05\""},
		{"prices.csv", "GBP,*,*,marketing,1", "GBP,*,Britain,marketing,x"},
		{"accounts.csv", ",basic,", ",basik,"},
	}, []string{
		`accounts.csv:2: package "basik": not in packages.csv; write basic`,
		`prices.csv:2: unit_price "0,05": not a decimal; write 0.05`,
		`prices.csv:4: from_volume "x": not a whole number; write a whole number such as 1`,
		`senders.csv:3: account "acmee": not in accounts.csv; write acme`,
		`senders.csv:4: sender "447700900001": not an international number; write +447700900001`,
	}}})
}

// TestRowsBesideFaults holds what whoever merely looks relies on.
func TestRowsBesideFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change change
		want   bool
	}{
		{"unknown account of a sender", change{"senders.csv", ",acme,", ",nobody,"}, true},
		{"unreadable price", change{"prices.csv", "0.0500", "free"}, false},
		{"missing file", change{"markets.csv", "", "-"}, false},
	} {
		rows, err := Read(changed(t, tt.change))
		var faults *Faults
		if got := rows != nil; got != tt.want || !errors.As(err, &faults) {
			t.Errorf("%s: got rows %v and error %v, want rows %v and faults", tt.name, got, err, tt.want)
		}
	}
}

func TestReadOfNoFolder(t *testing.T) {
	_, err := Read(fstest.MapFS{"prices.csv": &fstest.MapFile{Mode: fs.ModeDir}})
	var faults *Faults
	if err == nil || errors.As(err, &faults) {
		t.Errorf("a folder called prices.csv: got %v, want an error that is no fault", err)
	}
	nowhere := os.DirFS(filepath.Join(t.TempDir(), "nowhere"))
	if _, err := Read(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading no folder: got %v, want %v", err, fs.ErrNotExist)
	}
	if v, err := Version(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("version of no folder: got %q, %v, want %v", v, err, fs.ErrNotExist)
	}
}

func FuzzRead(f *testing.F) {
	for name, text := range small {
		f.Add(name, []byte(text))
	}
	f.Add("prices.csv", []byte("price_list;valid_from\n\"\xff"))
	f.Add("opening.csv", []byte("account,month,counter,count\nacme,2026-10,volume,99999999999999999999\n"))
	f.Add("fx.csv", []byte("on,from,to,rate\n2026-10-31,USD,GBP,1e-9\n\n\"2026\n-10\",,\"\",-0\n"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if !slices.Contains(fileNames(), name) {
			return
		}
		files := changed(t)
		files[name] = content
		rows, err := Read(files)
		if err == nil {
			again, err := Read(files)
			if err != nil || fmt.Sprint(rows) != fmt.Sprint(again) {
				t.Errorf("read twice: got %v and %v, %v", rows, again, err)
			}
			return
		}
		var faults *Faults
		if !errors.As(err, &faults) || len(faults.List) == 0 {
			t.Fatalf("got error %v, want faults", err)
		}
		for _, fault := range faults.List {
			if fault.File == "" || fault.Problem == "" || fault.Line > strings.Count(string(normalise(content)), "\n")+1 && fault.File == name {
				t.Errorf("fault %+v names no place", fault)
			}
			if strings.Contains(Describe(fault), "\n") {
				t.Errorf("fault %q takes several lines", Describe(fault))
			}
		}
	})
}
