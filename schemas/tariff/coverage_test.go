package tariff

import (
	"postage/rating"
	"strings"
	"testing"
	"time"
)

func TestCoverage(t *testing.T) {
	accounts := func(rows string) change {
		return change{"accounts.csv", "", "account,name,country,timezone,currency,package,valid_from,valid_to\n" + rows}
	}
	senders := func(rows string) change {
		return change{"senders.csv", "", "sender,account,valid_from,valid_to\n" + rows}
	}
	const acme = "acme,Acme Ltd,GB,Europe/London,GBP,basic,"
	const away = "accounts.csv:2: valid_to \"2026-06-01\": line 3 begins only on 2026-07-01, and a sender is registered to the account in between; write 2026-07-01 or nothing, or end the sender's registration"
	testFaults(t, []faultCase{
		{"package begins later", []change{{"packages.csv", "2018-01-01", "2018-01-02"}}, []string{
			`accounts.csv:2: package "basic": begins on 2018-01-02 (packages.csv:2), but the account has it from 2018-01-01; give the first row of the package valid_from 2018-01-01 or earlier`,
		}},
		{"package of an account's second row begins later", []change{
			accounts(acme + "2018-01-01,\n" + strings.Replace(acme, "basic", "gold", 1) + "2020-01-01,\n"),
			{"packages.csv", "0,0,0\n", "0,0,0\ngold,2021-01-01,GBP,list,0,0,0,,0,0,0\n"},
		}, []string{
			`accounts.csv:3: package "gold": begins on 2021-01-01 (packages.csv:3), but the account has it from 2020-01-01; give the first row of the package valid_from 2020-01-01 or earlier`,
		}},
		{"a later row of the package", []change{{"packages.csv", "0,0,0\n", "0,0,0\nbasic,2030-01-01,GBP,list,0,0,0,,0,0,0\n"}}, nil},
		{"away, sender kept", []change{accounts(acme + "2018-01-01,2026-06-01\n" + acme + "2026-07-01,\n")}, []string{away}},
		{"away, sender comes back early", []change{
			accounts(acme + "2018-01-01,2026-06-01\n" + acme + "2026-07-01,\n"),
			senders("+442079460001,acme,,2026-06-01\n+442079460001,acme,2026-06-30,\n"),
		}, []string{away}},
		{"away with the sender", []change{
			accounts(acme + "2018-01-01,2026-06-01\n" + acme + "2026-07-01,\n"),
			senders("+442079460001,acme,,2026-06-01\n+442079460001,acme,2026-07-01,\n"),
		}, nil},
		{"gone", []change{accounts(acme + "2018-01-01,2026-06-01\n")}, nil},
		{"opening counter twice", []change{{"opening.csv", "", "account,month,counter,market,category,count\nacme,2026-10,volume,United Kingdom,utility,5\nacme,2026-10,volume,United Kingdom,marketing,5\nacme,2026-10,volume,United Kingdom,utility,6\n"}}, []string{
			`opening.csv:4: counter "volume": the same as line 2; delete one, or write their sum`,
		}},
	})
}

func TestPrecision(t *testing.T) {
	price := func(markup, fixed, unit string) []change {
		return []change{{"packages.csv", "0,,0,0,0", "0,," + markup + "," + fixed + ",0"}, {"prices.csv", "1,0.0600", "1," + unit}}
	}
	testFaults(t, []faultCase{
		{"as fine as can be", price("5.25", "0.000000000000000001", "0.06000000000001"), nil},
		{"digits that come to nothing", price("50", "0", "0.000000000000000002"), nil},
		{"finer by the markup", price("5.25", "0", "0.060000000000001"), []string{
			`packages.csv:2: markup_percent "5.25": gives prices.csv:4 a price of 19 decimals, finer than can be kept; write both with fewer decimals, so that the price has 18 at most`,
		}},
		{"larger by the markup", price("10000000", "0", "999999999999999"), []string{
			`packages.csv:2: markup_percent "10000000": gives prices.csv:4 a price larger than can be kept; write less, so that the price has 20 digits before the point at most`,
		}},
	})
}

func TestWarnings(t *testing.T) {
	on := rating.Date{Year: 2026, Month: 8, Day: 1}
	for _, tt := range []struct {
		name    string
		changes []change
		want    string
	}{
		{"a price for all", nil, ""},
		{
			"hole",
			[]change{{"prices.csv", "list,2018-01-01,GBP,*,*,", "list,2018-01-01,GBP,*,US,"}},
			`packages.csv:2: price_list "list": no price on 2026-08-01 for accounts of GB in 1 of 3 markets: Qatar; add rows to prices.csv, or leave messages to them unrated`,
		},
		{
			"a price still to come",
			[]change{{"prices.csv", "list,2018-01-01,GBP,*,*,", "list,2026-08-02,GBP,*,*,"}},
			`packages.csv:2: price_list "list": no price on 2026-08-01 for accounts of GB in 2 of 3 markets: North America, Qatar; add rows to prices.csv, or leave messages to them unrated`,
		},
		{
			"a price for others",
			[]change{{"prices.csv", "GBP,*,*,", "GBP,DE,*,"}},
			`packages.csv:2: price_list "list": no price on 2026-08-01 for accounts of GB in 2 of 3 markets: North America, Qatar; add rows to prices.csv, or leave messages to them unrated`,
		},
		{"nobody uses it", []change{{"prices.csv", "", "price_list,valid_from,currency,origin,market,category,from_volume,unit_price\nother,2018-01-01,GBP,*,GB,*,1,1\nlist,2018-01-01,GBP,*,*,*,1,1\n"}}, ""},
		{"costs", []change{
			{"prices.csv", "marketing,1,0.0600\n", "marketing,1,0.0600\ncosts,2018-01-01,GBP,*,US,*,1,0.01\n"},
			{"packages.csv", "minimum_spend\n", "minimum_spend,cost_list\n"},
			{"packages.csv", "0,0,0\n", "0,0,0,costs\n"},
		}, `packages.csv:2: cost_list "costs": no price on 2026-08-01 for accounts of GB in 2 of 3 markets: Qatar, United Kingdom; add rows to prices.csv, or leave messages to them unrated`},
	} {
		rows, err := Read(changed(t, tt.changes...))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var got []string
		for _, w := range Warnings(rows, on) {
			got = append(got, Describe(w))
		}
		if g := strings.Join(got, "\n"); g != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, g, tt.want)
		}
	}
}

// TestTaxWarnings: accounts that a close would refuse.
func TestTaxWarnings(t *testing.T) {
	const (
		sellers = "seller,name,country\nus,Us Ltd,GB\n"
		taxes   = "seller_country,customer_country,customer_type,treatment,rate_percent,valid_from\nGB,GB,business,S,20,2026-08-01\nGB,GB,reseller,AE,0,2018-01-01\nGB,*,*,AE,0,2018-01-01\n"
	)
	account := func(country, kind, currency, vat string) change {
		return change{"accounts.csv", "", "account,name,country,timezone,currency,package,valid_from,customer_type,vat_number\nacme,Acme Ltd," + country + ",Europe/London," + currency + ",basic,2018-01-01," + kind + "," + vat + "\n"}
	}
	rate := change{"fx.csv", "", "on,from,to,rate\n2026-07-31,GBP,EUR,1.1\n"}
	both := change{"fx.csv", "", "on,from,to,rate\n2026-07-31,GBP,EUR,1.1\n2026-07-31,EUR,GBP,0.9\n"}
	for _, tt := range []struct {
		name    string
		on      rating.Date
		changes []change
		want    string
	}{
		{"no taxes", date(2026, 8, 1), []change{account("GB", "reseller", "GBP", "")}, ""},
		{"sound", date(2026, 8, 1), []change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}}, ""},
		{
			"no row yet", date(2026, 7, 31),
			[]change{{"sellers.csv", "", sellers}, {"taxes.csv", "", strings.Replace(taxes, "GB,*,*", "GB,FR,*", 1)}},
			`accounts.csv:2: country "GB": no row of taxes.csv fits seller country GB, customer country GB, customer type business on 2026-07-31, so there can be no invoice; add one`,
		},
		{
			"reverse charge without a number", date(2026, 8, 1),
			[]change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("GB", "reseller", "GBP", "")},
			`accounts.csv:2: vat_number: empty, and taxes.csv:3 makes a reverse charge of it, so there can be no invoice; write the customer's VAT number, or change customer_type`,
		},
		{"with one", date(2026, 8, 1), []change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("GB", "reseller", "GBP", "GB1")}, ""},
		{
			"consumer", date(2026, 8, 1),
			[]change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("FR", "consumer", "GBP", "")},
			`accounts.csv:2: customer_type "consumer": taxes.csv:4 makes a reverse charge of it, and a consumer cannot account for one; add a row for consumers to taxes.csv`,
		},
		{
			"no sterling", date(2026, 8, 1),
			[]change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("GB", "business", "EUR", ""), rate},
			`accounts.csv:2: currency "EUR": VAT must be stated in GBP too, and fx.csv has no rate from EUR to GBP, so there can be no invoice; add the rate of the last day of each month to fx.csv`,
		},
		{"sterling", date(2026, 8, 1), []change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("GB", "business", "EUR", ""), both}, ""},
		{"no sterling needed", date(2026, 8, 1), []change{{"sellers.csv", "", sellers}, {"taxes.csv", "", taxes}, account("FR", "business", "EUR", "FR1"), rate}, ""},
		{
			"nobody sells", date(2026, 8, 1),
			[]change{{"taxes.csv", "", strings.Replace(taxes, "GB,*,*", "IE,*,*", 1)}, {"sellers.csv", "", sellers}},
			`taxes.csv:4: seller_country "IE": no seller of sellers.csv is there, so the row is never used; write the country of a seller, or delete the line`,
		},
		{
			"which seller", date(2026, 8, 1),
			[]change{{"taxes.csv", "", taxes}, {"sellers.csv", "", sellers + "them,Them Ltd,GB\n"}},
			`accounts.csv:2: seller: taxes depend on the seller's country, and it is not known who sells; write a seller of sellers.csv`,
		},
	} {
		rows, err := Read(changed(t, tt.changes...))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var got []string
		for _, w := range Warnings(rows, tt.on) {
			got = append(got, Describe(w))
		}
		if g := strings.Join(got, "\n"); g != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, g, tt.want)
		}
	}
}

func date(year int, month time.Month, day int) rating.Date {
	return rating.Date{Year: year, Month: month, Day: day}
}

// TestExampleIsComplete holds that the tariff people start from can price every
// market.
func TestExampleIsComplete(t *testing.T) {
	rows, err := Read(Example)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Warnings(rows, rating.Date{Year: 2026, Month: 10, Day: 1}) {
		t.Error(Describe(w))
	}
}
