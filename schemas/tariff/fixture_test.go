package tariff

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

// small is the smallest sensible tariff; tests change it into a faulty one.
var small = map[string]string{
	"accounts.csv": `account,name,country,timezone,currency,package,valid_from
acme,Acme Ltd,GB,Europe/London,GBP,basic,2018-01-01
`,
	"senders.csv": `sender,account,waba
+442079460001,acme,waba-1
`,
	"markets.csv": `market,prefix,valid_from
United Kingdom,44,2018-01-01
North America,1,2018-01-01
Rest of Middle East,974,2018-01-01
Qatar,974,2026-07-01
`,
	"prices.csv": `price_list,valid_from,currency,origin,market,category,from_volume,unit_price
list,2018-01-01,GBP,*,United Kingdom,notification,1,0.0500
list,2018-01-01,GBP,*,United Kingdom,notification,10001,0.0450
list,2018-01-01,GBP,*,*,marketing,1,0.0600
`,
	"packages.csv": `package,valid_from,currency,price_list,monthly_fee,sender_fee,included_units,included_category,markup_percent,markup_fixed,minimum_spend
basic,2018-01-01,GBP,list,0,0,0,,0,0,0
`,
}

// change is one edit of the small tariff: old becomes new in file. An empty old
// replaces the whole file, "-" as new removes it.
type change struct{ file, old, new string }

func changed(t *testing.T, changes ...change) Files {
	t.Helper()
	text := maps.Clone(small)
	for _, c := range changes {
		switch {
		case c.new == "-":
			delete(text, c.file)
		case c.old == "":
			text[c.file] = c.new
		case !strings.Contains(text[c.file], c.old):
			t.Fatalf("%s does not contain %q", c.file, c.old)
		default:
			text[c.file] = strings.Replace(text[c.file], c.old, c.new, 1)
		}
	}
	files := Files{}
	for name, content := range text {
		files[name] = []byte(content)
	}
	return files
}

// faultLines reads a tariff and returns its faults as printed.
func faultLines(t *testing.T, files Files) []string {
	t.Helper()
	_, err := Read(files)
	if err == nil {
		return nil
	}
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got error %v, want faults", err)
	}
	return strings.Split(faults.Error(), "\n")
}

type faultCase struct {
	name    string
	changes []change
	want    []string // every fault, as printed
}

func testFaults(t *testing.T, cases []faultCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(faultLines(t, changed(t, tt.changes...)), "\n")
			if want := strings.Join(tt.want, "\n"); got != want {
				t.Errorf("faults:\ngot\n%s\nwant\n%s", got, want)
			}
		})
	}
}
