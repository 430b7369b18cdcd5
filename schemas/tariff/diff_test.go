package tariff

import (
	"encoding/json"
	"errors"
	"testing"
)

func diffOf(t *testing.T, a, b Files) []Difference {
	t.Helper()
	before, err := ReadTables(a)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ReadTables(b)
	if err != nil {
		t.Fatal(err)
	}
	return Diff(before, after)
}

func TestDiff(t *testing.T) {
	const adjustments = "account,month,description,quantity,unit_price,reason,approved_by\n"
	for _, tt := range []struct {
		name   string
		before []change
		after  []change
		want   string // JSON, one line each
	}{
		{"nothing", nil, nil, ""},
		{
			"places and empty columns", nil,
			[]change{{"senders.csv", "", "\nnote,waba,account,sender\n\n,waba-1,acme,+442079460001\n"}, {"regimes.csv", "", "account,valid_from,regime\n"}},
			"",
		},
		{
			"a price", nil,
			[]change{{"prices.csv", "0.0450", "0.045"}},
			`{"change":"changed","file":"prices.csv","old_line":3,"new_line":3,"key":[{"column":"price_list","value":"list"},{"column":"origin","value":"*"},{"column":"market","value":"United Kingdom"},{"column":"category","value":"notification"},{"column":"valid_from","value":"2018-01-01"},{"column":"from_volume","value":"10001"}],"cells":[{"column":"unit_price","old":"0.0450","new":"0.045"}]}`,
		},
		{
			"tiers by size", nil,
			[]change{{"prices.csv", "list,2018-01-01,GBP,*,United Kingdom,notification,10001,0.0450\n", "list,2018-01-01,GBP,*,United Kingdom,notification,9,1\nlist,2018-01-01,GBP,*,United Kingdom,notification,100,1\n"}},
			`{"change":"added","file":"prices.csv","new_line":3,"key":[{"column":"price_list","value":"list"},{"column":"origin","value":"*"},{"column":"market","value":"United Kingdom"},{"column":"category","value":"notification"},{"column":"valid_from","value":"2018-01-01"},{"column":"from_volume","value":"9"}],"cells":[{"column":"currency","new":"GBP"},{"column":"unit_price","new":"1"}]}
{"change":"added","file":"prices.csv","new_line":4,"key":[{"column":"price_list","value":"list"},{"column":"origin","value":"*"},{"column":"market","value":"United Kingdom"},{"column":"category","value":"notification"},{"column":"valid_from","value":"2018-01-01"},{"column":"from_volume","value":"100"}],"cells":[{"column":"currency","new":"GBP"},{"column":"unit_price","new":"1"}]}
{"change":"removed","file":"prices.csv","old_line":3,"key":[{"column":"price_list","value":"list"},{"column":"origin","value":"*"},{"column":"market","value":"United Kingdom"},{"column":"category","value":"notification"},{"column":"valid_from","value":"2018-01-01"},{"column":"from_volume","value":"10001"}],"cells":[{"column":"currency","old":"GBP"},{"column":"unit_price","old":"0.0450"}]}`,
		},
		{
			"a file", nil,
			[]change{{"regimes.csv", "", "account,valid_from,regime\nacme,2018-01-01,NBP\n"}},
			`{"change":"added","file":"regimes.csv","new_line":2,"key":[{"column":"account","value":"acme"},{"column":"valid_from","value":"2018-01-01"}],"cells":[{"column":"regime","new":"NBP"}]}`,
		},
		{
			"rows of one key",
			[]change{{"adjustments.csv", "", adjustments + "acme,2026-10,Visit,1,5,a,F\nacme,2026-10,Visit,2,5,a,F\nacme,2026-10,Visit,3,5,a,F\n"}},
			[]change{{"adjustments.csv", "", adjustments + "acme,2026-10,Visit,3,5,a,F\nacme,2026-10,Visit,4,5,a,F\n"}},
			`{"change":"changed","file":"adjustments.csv","old_line":2,"new_line":3,"key":[{"column":"account","value":"acme"},{"column":"month","value":"2026-10"},{"column":"description","value":"Visit"}],"cells":[{"column":"quantity","old":"1","new":"4"}]}
{"change":"removed","file":"adjustments.csv","old_line":3,"key":[{"column":"account","value":"acme"},{"column":"month","value":"2026-10"},{"column":"description","value":"Visit"}],"cells":[{"column":"quantity","old":"2"},{"column":"unit_price","old":"5"},{"column":"reason","old":"a"},{"column":"approved_by","old":"F"}]}`,
		},
		{
			"a note", nil,
			[]change{{"prices.csv", "unit_price\n", "unit_price,note\n"}, {"prices.csv", "0.0500\n", "0.0500,new\n"}, {"prices.csv", "0.0450\n", "0.0450,\n"}, {"prices.csv", "0.0600\n", "0.0600,\n"}},
			`{"change":"changed","file":"prices.csv","old_line":2,"new_line":2,"key":[{"column":"price_list","value":"list"},{"column":"origin","value":"*"},{"column":"market","value":"United Kingdom"},{"column":"category","value":"notification"},{"column":"valid_from","value":"2018-01-01"},{"column":"from_volume","value":"1"}],"cells":[{"column":"note","new":"new"}]}`,
		},
	} {
		got := ""
		for _, d := range diffOf(t, changed(t, tt.before...), changed(t, tt.after...)) {
			b, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if got != "" {
				got += "\n"
			}
			got += string(b)
		}
		if got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestDiffOfUnreadable(t *testing.T) {
	_, err := ReadTables(changed(t, change{"prices.csv", "unit_price", "price"}))
	faults, ok := errors.AsType[*Faults](err)
	if !ok || len(faults.List) == 0 {
		t.Errorf("got %v, want faults", err)
	}
	if _, err := ReadTables(changed(t, change{"prices.csv", "0.0500", "free"}, change{"markets.csv", "", "-"})); err != nil {
		t.Errorf("an unsound tariff: got %v, want its tables", err)
	}
}
