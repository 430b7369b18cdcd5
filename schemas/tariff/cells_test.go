package tariff

import "testing"

// Each case writes one cell wrongly and wants the line that says how to right it.
func TestCells(t *testing.T) {
	price := func(v string) []change { return []change{{"prices.csv", "1,0.0600", "1," + v}} }
	fee := func(v string) []change {
		return []change{{"packages.csv", "list,0,0,0,,0,0,0", "list," + v + ",0,0,,0,0,0"}}
	}
	markup := func(v string) []change { return []change{{"packages.csv", "0,,0,0,0", "0,," + v + ",0,0"}} }
	volume := func(v string) []change { return []change{{"prices.csv", "marketing,1,", "marketing," + v + ","}} }
	from := func(v string) []change { return []change{{"accounts.csv", "2018-01-01", v}} }
	account := func(old, v string) []change { return []change{{"accounts.csv", old, v}} }
	sender := func(v string) []change { return []change{{"senders.csv", "+442079460001", v}} }
	prefix := func(v string) []change { return []change{{"markets.csv", "44", v}} }
	category := func(v string) []change { return []change{{"prices.csv", "marketing", v}} }
	testFaults(t, []faultCase{
		{"decimal comma", price(`"0,05"`), []string{`prices.csv:4: unit_price "0,05": not a decimal; write 0.05`}},
		{"decimal comma of thousandths", price(`"0,050"`), []string{`prices.csv:4: unit_price "0,050": not a decimal; write 0.050`}},
		{"continental thousands", fee(`"1.250,00"`), []string{`packages.csv:2: monthly_fee "1.250,00": not a decimal; write 1250.00`}},
		{"British thousands", fee(`"1,250.00"`), []string{`packages.csv:2: monthly_fee "1,250.00": not a decimal; write 1250.00`}},
		{"thousands or decimals", fee(`"1,250"`), []string{`packages.csv:2: monthly_fee "1,250": not a decimal; write it without thousands separators and with a decimal point`}},
		{"currency sign", fee(`£250`), []string{`packages.csv:2: monthly_fee "£250": not a decimal; write 250`}},
		{"percent sign", markup(`5%`), []string{`packages.csv:2: markup_percent "5%": not a decimal; write 5`}},
		{"bare point", price(`.05`), []string{`prices.csv:4: unit_price ".05": not a decimal; write 0.05`}},
		{"exponent", price(`5E-2`), []string{`prices.csv:4: unit_price "5E-2": not a decimal; write 0.05`}},
		{"huge exponent", price(`5e999999999`), []string{`prices.csv:4: unit_price "5e999999999": not a decimal; write a plain decimal such as 0.05`}},
		{"word for a number", price(`free`), []string{`prices.csv:4: unit_price "free": not a decimal; write a plain decimal such as 0.05`}},
		{"too fine", price(`0.0500000000000000001`), []string{`prices.csv:4: unit_price "0.0500000000000000001": finer than can be kept; write at most 18 decimals`}},
		{"too large", price(`1234567890123456`), []string{`prices.csv:4: unit_price "1234567890123456": larger than can be kept; write at most 15 digits before the point`}},
		{"negative price", price(`-0.0500`), []string{`prices.csv:4: unit_price "-0.0500": negative; write 0.0500, or 0 if there is none`}},
		{"empty price is not zero", price(``), []string{`prices.csv:4: unit_price: empty; write a decimal such as 0.05, or 0 if there is none`}},
		{"markup that takes all", markup(`-100`), []string{`packages.csv:2: markup_percent "-100": takes away the whole price; write a discount of less than 100, such as -5`}},

		{"volume with thousands", volume(`"10,001"`), []string{`prices.csv:4: from_volume "10,001": not a whole number; write 10001`}},
		{"volume with a fraction", volume(`1.0`), []string{`prices.csv:4: from_volume "1.0": not a whole number; write a whole number such as 1`}},
		{"volume from zero", volume(`0`), []string{`prices.csv:4: from_volume "0": too small; write 1 or more`}},

		{"empty date", from(``), []string{`accounts.csv:2: valid_from: empty; write a date such as 2026-10-01`}},
		{"British date", from(`31/12/2025`), []string{`accounts.csv:2: valid_from "31/12/2025": not a date; write 2025-12-31`}},
		{"American date", from(`12/31/2025`), []string{`accounts.csv:2: valid_from "12/31/2025": not a date; write 2025-12-31`}},
		{"either date", from(`01/10/2026`), []string{`accounts.csv:2: valid_from "01/10/2026": not a date; write 2026-10-01 or 2026-01-10`}},
		{"German date", from(`1.10.2026`), []string{`accounts.csv:2: valid_from "1.10.2026": not a date; write 2026-10-01`}},
		{"short date", from(`2026-7-1`), []string{`accounts.csv:2: valid_from "2026-7-1": not a date; write 2026-07-01`}},
		{"no such day", from(`2026-02-30`), []string{`accounts.csv:2: valid_from "2026-02-30": not a date; write a date such as 2026-10-01`}},
		{"no such century", from(`0206-01-01`), []string{`accounts.csv:2: valid_from "0206-01-01": not a year of business; write a date such as 2026-10-01`}},

		{"lower-case currency", account("GBP", "gbp"), []string{`accounts.csv:2: currency "gbp": not a currency; write GBP`}},
		{"currency sign for a code", account("GBP", "€"), []string{`accounts.csv:2: currency "€": not a currency; write EUR`}},
		{"unknown currency", account("GBP", "XXX"), []string{`accounts.csv:2: currency "XXX": not a currency; write an ISO 4217 code such as GBP`}},
		{"UK", account(",GB,", ",UK,"), []string{`accounts.csv:2: country "UK": not a country; write GB`}},
		{"lower-case country", account(",GB,", ",gb,"), []string{`accounts.csv:2: country "gb": not a country; write GB`}},
		{"country by name", account(",GB,", ",Britain,"), []string{`accounts.csv:2: country "Britain": not a country; write an ISO 3166 code such as GB`}},
		{"any country", account(",GB,", ",*,"), []string{`accounts.csv:2: country "*": not a country; write an ISO 3166 code such as GB`}},
		{"origin", []change{{"prices.csv", "GBP,*,*", "GBP,all,*"}}, []string{`prices.csv:4: origin "all": not a country; write an ISO 3166 code such as GB, or *`}},
		{"timezone", account("Europe/London", "London"), []string{`accounts.csv:2: timezone "London": not a timezone; write a name such as Europe/London`}},
		{"fixed offset", account("Europe/London", "EST"), []string{`accounts.csv:2: timezone "EST": not a timezone; write a name such as Europe/London`}},
		{"local time", account("Europe/London", "Local"), []string{`accounts.csv:2: timezone "Local": not a timezone; write a name such as Europe/London`}},
		{"empty name", account("Acme Ltd", ""), []string{`accounts.csv:2: name: empty; fill it in`}},
		{"account of all", account("acme,", "*,"), []string{`accounts.csv:2: account "*": has to name one; write its short name`}},
		{"control character", account("Acme Ltd", "Acme\x00"), []string{`accounts.csv:2: name "Acme\x00": has a control character in it; type it again`}},

		{"sender without plus", sender("442079460001"), []string{`senders.csv:2: sender "442079460001": not an international number; write +442079460001`}},
		{"sender with spaces", sender("+44 20 7946 0001"), []string{`senders.csv:2: sender "+44 20 7946 0001": not an international number; write +442079460001`}},
		{"sender with zeros", sender("0044 20 7946 0001"), []string{`senders.csv:2: sender "0044 20 7946 0001": not an international number; write +442079460001`}},
		{"national sender", sender("020 7946 0001"), []string{`senders.csv:2: sender "020 7946 0001": not an international number; write + and 7 to 15 digits, such as +442079460000`}},
		{"sender from a spreadsheet", sender("4.42079E+11"), []string{`senders.csv:2: sender "4.42079E+11": not an international number; write + and 7 to 15 digits, such as +442079460000`}},
		{"prefix of letters", prefix("GB"), []string{`markets.csv:2: prefix "GB": not a dialling prefix; write its digits, such as 44`}},
		{"prefix with zeros", prefix("0044"), []string{`markets.csv:2: prefix "0044": not a dialling prefix; write 44`}},

		{"hyphen in a category", category("authentication-international"), []string{`prices.csv:4: category "authentication-international": no category is called that; write authentication_international`}},
		{"slip of a category", category("utlity"), []string{`prices.csv:4: category "utlity": no category is called that; write utility`}},
		{"capital category", category("Marketing"), []string{`prices.csv:4: category "Marketing": no category is called that; write marketing`}},
		{"category of words", category("all kinds of news"), []string{`prices.csv:4: category "all kinds of news": not a category; write a category such as marketing, or *`}},
		{"a category still to come", category("rich_video"), nil},
	})
}

func TestWords(t *testing.T) {
	testFaults(t, []faultCase{
		{
			"regime",
			[]change{{"regimes.csv", "", "account,valid_from,regime\nacme,2018-01-01,NPB\n"}},
			[]string{`regimes.csv:2: regime "NPB": unknown; write one of NBP, CBP1, CBP2, CBP3, PMP1, PMP2`},
		},
		{
			"regime in small letters",
			[]change{{"regimes.csv", "", "account,valid_from,regime\n*,2018-01-01,nbp\n"}},
			[]string{`regimes.csv:2: regime "nbp": unknown; write NBP`},
		},
		{
			"tier mode",
			[]change{{"packages.csv", "minimum_spend\n", "minimum_spend,tier_mode\n"}, {"packages.csv", "0,0,0\n", "0,0,0,volume\n"}},
			[]string{`packages.csv:2: tier_mode "volume": unknown; write one of graduated, all_units`},
		},
		{
			"customer type",
			[]change{{"accounts.csv", "valid_from\n", "valid_from,customer_type\n"}, {"accounts.csv", "2018-01-01\n", "2018-01-01,busines\n"}},
			[]string{`accounts.csv:2: customer_type "busines": unknown; write business`},
		},
		{
			"treatment",
			[]change{{"taxes.csv", "", "seller_country,customer_country,customer_type,treatment,rate_percent,valid_from\nGB,GB,business,VAT,20,2018-01-01\n"}},
			[]string{`taxes.csv:2: treatment "VAT": unknown; write one of S, AE, O, Z, E`},
		},
		{
			"setting",
			[]change{{"settings.csv", "", "account,setting,value,valid_from\n*,autority,rules,2018-01-01\n*,authority,meta,2018-01-01\nacme,auth_international_from,soon,2018-01-01\nacme,something_else,1,2018-01-01\n"}},
			[]string{
				`settings.csv:2: setting "autority": no setting is called that; write authority`,
				`settings.csv:3: value "meta": unknown; write one of rules, carrier`,
				`settings.csv:4: value "soon": not a date; write a date such as 2026-10-01`,
			},
		},
		{"setting with an instant", []change{{"settings.csv", "", "account,setting,value,valid_from\nacme,auth_international_from,2026-10-01T09:00:00Z,2018-01-01\n"}}, nil},
		{
			"month and counter",
			[]change{{"opening.csv", "", "account,sender,month,counter,market,category,count\nacme,,10/2026,tier,,,5\n"}},
			[]string{
				`opening.csv:2: month "10/2026": not a month; write a month such as 2026-10`,
				`opening.csv:2: counter "tier": unknown; write one of volume, allowance, free_tier`,
			},
		},
		{
			"exchange rate of zero",
			[]change{{"fx.csv", "", "on,from,to,rate\n2026-10-31,USD,GBP,0\n"}},
			[]string{`fx.csv:2: rate "0": zero; write the number`},
		},
		{
			"adjustment nobody approved",
			[]change{{"adjustments.csv", "", "account,month,description,quantity,unit_price,reason,approved_by\nacme,2026-10,Goodwill,1,-25.00,delay,\n"}},
			[]string{`adjustments.csv:2: approved_by: empty; fill it in`},
		},
	})
}
