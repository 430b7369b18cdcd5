package tariff

import "testing"

func TestReferences(t *testing.T) {
	testFaults(t, []faultCase{
		{"sender of nobody", []change{{"senders.csv", ",acme,", ",zenith,"}}, []string{`senders.csv:2: account "zenith": not in accounts.csv; add it there, or write one of acme`}},
		{"package", []change{{"accounts.csv", ",basic,", ",basics,"}}, []string{`accounts.csv:2: package "basics": not in packages.csv; write basic`}},
		{"no package", []change{{"accounts.csv", ",basic,", ",,"}}, []string{`accounts.csv:2: package: empty, so nothing the account sends can be priced; write a package of packages.csv`}},
		{"price list", []change{{"packages.csv", "GBP,list,", "GBP,standard,"}}, []string{`packages.csv:2: price_list "standard": not in prices.csv; add it there, or write one of list`}},
		{"cost list", []change{{"packages.csv", "minimum_spend\n", "minimum_spend,cost_list\n"}, {"packages.csv", "0,0,0\n", "0,0,0,lists\n"}}, []string{`packages.csv:2: cost_list "lists": not in prices.csv; write list`}},
		{"market", []change{{"prices.csv", "*,United Kingdom,notification,1,", "*,Untied Kingdom,notification,1,"}, {"prices.csv", "*,United Kingdom,notification,10001,", "*,Untied Kingdom,notification,10001,"}}, []string{
			`prices.csv:2: market "Untied Kingdom": neither in markets.csv nor a country; write United Kingdom`,
			`prices.csv:3: market "Untied Kingdom": neither in markets.csv nor a country; write United Kingdom`,
		}},
		{"market not known at all", []change{{"prices.csv", "*,*,marketing", "*,Atlantis,marketing"}}, []string{`prices.csv:4: market "Atlantis": neither in markets.csv nor a country; add it to markets.csv, or write a country such as GB, or *`}},
		{"country as a market", []change{{"prices.csv", "*,*,marketing", "*,IE,marketing"}}, nil},
		{"regime of nobody", []change{{"regimes.csv", "", "account,valid_from,regime\nacne,2018-01-01,NBP\n"}}, []string{`regimes.csv:2: account "acne": not in accounts.csv; write acme`}},
		{"setting of nobody", []change{{"settings.csv", "", "account,setting,value,valid_from\nacne,authority,rules,2018-01-01\n"}}, []string{`settings.csv:2: account "acne": not in accounts.csv; write acme`}},
		{"seller", []change{
			{"sellers.csv", "", "seller,name,country\nus,Us Ltd,GB\n"},
			{"accounts.csv", "valid_from\n", "valid_from,seller\n"},
			{"accounts.csv", "2018-01-01\n", "2018-01-01,them\n"},
		}, []string{`accounts.csv:2: seller "them": not in sellers.csv; add it there, or write one of us`}},
		{"seller without the file", []change{{"accounts.csv", "valid_from\n", "valid_from,seller\n"}, {"accounts.csv", "2018-01-01\n", "2018-01-01,them\n"}}, nil},
		{"adjustment and opening", []change{
			{"adjustments.csv", "", "account,month,description,quantity,unit_price,reason,approved_by\nnobody,2026-10,Goodwill,1,-25.00,delay,Finance\n"},
			{"opening.csv", "", "account,sender,month,counter,market,category,count\nnobody,,2026-10,allowance,,,1\nacme,+442079460009,2026-10,free_tier,,,1\n"},
		}, []string{
			`adjustments.csv:2: account "nobody": not in accounts.csv; add it there, or write one of acme`,
			`opening.csv:2: account "nobody": not in accounts.csv; add it there, or write one of acme`,
			`opening.csv:3: sender "+442079460009": not in senders.csv; write +442079460001`,
		}},
		{"opening that counts nothing", []change{{"opening.csv", "", "account,month,counter,count\nacme,2026-10,free_tier,1\nacme,2026-10,volume,1\n"}}, []string{
			`opening.csv:2: sender: empty, but free tiers are counted by sender; write the sender`,
			`opening.csv:3: market: empty, but volume is counted by market; write the market`,
		}},
		{"opening without a category", []change{{"opening.csv", "", "account,month,counter,count,market\nacme,2026-10,volume,1,GB\n"}}, []string{`opening.csv:2: category: empty, but volume is counted by category; write the category`}},
	})
}

func TestPeriods(t *testing.T) {
	accounts := func(rows string) []change {
		return []change{{"accounts.csv", "", "account,name,country,timezone,currency,package,valid_from,valid_to\n" + rows}}
	}
	senders := func(rows string) []change {
		return []change{{"senders.csv", "", "sender,account,valid_from,valid_to\n" + rows}}
	}
	const acme = "acme,Acme Ltd,GB,Europe/London,GBP,basic,"
	testFaults(t, []faultCase{
		{"change of package", accounts(acme + "2018-01-01,\n" + acme + "2026-10-16,\n"), nil},
		{"one ends where the next begins", accounts(acme + "2026-10-16,\n" + acme + "2018-01-01,2026-10-16\n"), nil},
		{"account twice", accounts(acme + "2018-01-01,\n" + acme + "2018-01-01,\n"), []string{`accounts.csv:3: account "acme": line 2 is about it from 2018-01-01 too; delete one, or give it a later valid_from`}},
		{"account overlaps", accounts(acme + "2018-01-01,2026-11-01\n" + acme + "2026-10-01,\n"), []string{`accounts.csv:2: valid_to "2026-11-01": reaches into line 3, valid from 2026-10-01; write 2026-10-01`}},
		{"never valid", accounts(acme + "2018-01-01,2018-01-01\n"), []string{`accounts.csv:2: valid_to "2018-01-01": not after valid_from, so the line is never valid; write a later date, or leave it empty`}},
		{"sender twice", senders("+442079460001,acme,,\n+442079460001,acme,,\n"), []string{`senders.csv:3: sender "+442079460001": line 2 is about it from the beginning too; delete one, or give it a later valid_from`}},
		{"sender moves", senders("+442079460001,acme,,\n+442079460001,acme,2026-10-01,\n"), nil},
		{"sender overlaps", senders("+442079460001,acme,,2026-10-02\n+442079460001,acme,2026-10-01,\n"), []string{`senders.csv:2: valid_to "2026-10-02": reaches into line 3, valid from 2026-10-01; write 2026-10-01`}},
	})
}

func TestRepetitions(t *testing.T) {
	testFaults(t, []faultCase{
		{"prefix leads to two markets", []change{{"markets.csv", "Qatar,974,2026-07-01", "Qatar,974,2018-01-01"}}, []string{`markets.csv:5: prefix "974": line 4 leads to Rest of Middle East from the same day; delete one, or give it another valid_from`}},
		{"prefix twice", []change{{"markets.csv", "North America,1,", "United Kingdom,44,"}}, []string{`markets.csv:3: prefix "44": the same as line 2; delete one`}},
		{"prefix of two countries", []change{{"markets.csv", "", "market,prefix,country,valid_from\nUnited Kingdom,44,GB,2018-01-01\nNorth America,1,US,2018-01-01\nNorth America,1,CA,2018-01-01\n"}}, nil},
		{"prefix and country twice", []change{{"markets.csv", "", "market,prefix,country,valid_from\nUnited Kingdom,44,GB,2018-01-01\nNorth America,1,US,2018-01-01\nNorth America,1,US,2018-01-01\n"}}, []string{`markets.csv:4: prefix "1": the same as line 3; delete one`}},
		{"phone number id", []change{{"senders.csv", "", "sender,account,phone_number_id\n+442079460001,acme,100\n+442079460002,acme,100\n"}}, []string{`senders.csv:3: phone_number_id "100": line 2 gives it to +442079460001; write the sender's own`}},
		{"package", []change{{"packages.csv", "0,0,0\n", "0,0,0\nbasic,2018-01-01,GBP,list,1,0,0,,0,0,0\n"}}, []string{`packages.csv:3: package "basic": the same as line 2; delete one, or give it a later valid_from`}},
		{"regime", []change{{"regimes.csv", "", "account,valid_from,regime\nacme,2018-01-01,NBP\nacme,2018-01-01,CBP1\n"}}, []string{`regimes.csv:3: account "acme": the same as line 2; delete one`}},
		{"setting", []change{{"settings.csv", "", "account,setting,value,valid_from\n*,authority,rules,2018-01-01\nacme,authority,rules,2018-01-01\n*,authority,carrier,2018-01-01\n"}}, []string{`settings.csv:4: setting "authority": the same as line 2; delete one`}},
		{"seller", []change{{"sellers.csv", "", "seller,name,country\nus,Us Ltd,GB\nus,Us Inc.,US\n"}}, []string{`sellers.csv:3: seller "us": the same as line 2; delete one`}},
		{"exchange rates", []change{{"fx.csv", "", "on,from,to,rate\n2026-10-31,USD,GBP,0.74\n2026-10-31,USD,GBP,0.75\n2026-10-31,GBP,GBP,1\n"}}, []string{
			`fx.csv:3: on "2026-10-31": the same as line 2; delete one`,
			`fx.csv:4: to "GBP": the same currency as from; delete the line`,
		}},
		{"taxes", []change{{"taxes.csv", "", "seller_country,customer_country,customer_type,treatment,rate_percent,valid_from\nGB,GB,business,S,20,2018-01-01\nGB,GB,business,S,0,2018-01-01\nGB,DE,business,AE,19,2018-01-01\n"}}, []string{
			`taxes.csv:3: customer_country "GB": the same as line 2; delete one`,
			`taxes.csv:3: rate_percent "0": treatment S has a rate; write the rate, or treatment Z for a rate of zero`,
			`taxes.csv:4: rate_percent "19": treatment AE has no rate; write 0, or treatment S`,
		}},
		{"reverse charge to a consumer", []change{{"taxes.csv", "", "seller_country,customer_country,customer_type,treatment,rate_percent,valid_from\nGB,DE,consumer,AE,0,2018-01-01\n"}}, []string{
			`taxes.csv:2: treatment "AE": a consumer cannot account for a reverse charge; write the treatment of consumers, or customer_type business`,
		}},
		{"general ledger", []change{{"gl.csv", "", "posting,category,code,name\nusage,marketing,4010,Marketing\nusage,*,4000,Usage\nusage,,4001,Usage\nvat,utility,2200,VAT\nrevenue,,4000,Revenue\nvat,,,VAT\n"}}, []string{
			`gl.csv:4: posting "usage": the same as line 3; delete one`,
			`gl.csv:5: category "utility": only usage has categories; leave it empty`,
			`gl.csv:6: posting "revenue": unknown; write one of receivables, accrued_income, accrued_carrier_cost, vat, carrier_cost, usage, monthly_fee, sender_fee, care_fee, received_fee, failed_fee, minimum_spend, adjustment`,
			`gl.csv:7: code: empty; fill it in`,
		}},
	})
}

func TestRates(t *testing.T) {
	const fx = "on,from,to,rate\n2026-10-31,USD,GBP,0.7435\n"
	testFaults(t, []faultCase{
		{"the same tier twice", []change{{"prices.csv", "10001,0.0450", "1,0.0450"}}, []string{`prices.csv:3: from_volume "1": the same as line 2; delete one, or give it another from_volume or valid_from`}},
		{"tiers that do not begin at 1", []change{{"prices.csv", "notification,1,", "notification,2,"}}, []string{`prices.csv:2: from_volume "2": the rate has no tier from 1; write 1, or add the tier from 1`}},
		{"tiers in any order", []change{{"prices.csv", "notification,1,0.0500", "notification,100001,0.0400"}, {"prices.csv", "10001,0.0450", "1,0.0500"}}, nil},
		{"a rate in two currencies", []change{{"fx.csv", "", fx}, {"prices.csv", "list,2018-01-01,GBP,*,United Kingdom,notification,10001", "list,2018-01-01,USD,*,United Kingdom,notification,10001"}}, []string{`prices.csv:3: currency "USD": line 2, a tier of the same rate, is in GBP; write GBP`}},
		{"a list in two currencies", []change{{"fx.csv", "", fx}, {"prices.csv", "list,2018-01-01,GBP,*,*", "list,2018-01-01,USD,*,*"}}, nil},
		{"list without exchange rate", []change{{"prices.csv", "list,2018-01-01,GBP,*,*", "list,2018-01-01,USD,*,*"}}, []string{`accounts.csv:2: currency "GBP": price list list is in USD, and fx.csv has no rate from USD to GBP; add the rate of the last day of each month to fx.csv`}},
		{"list of another origin", []change{{"prices.csv", "list,2018-01-01,GBP,*,*", "list,2018-01-01,INR,IN,*"}}, nil},
		{"the other direction", []change{{"fx.csv", "", "on,from,to,rate\n2026-10-31,GBP,USD,1.34\n"}, {"packages.csv", "GBP,list,0,", "USD,list,250,"}}, []string{`accounts.csv:2: currency "GBP": package basic is in USD, and fx.csv has no rate from USD to GBP; add the rate of the last day of each month to fx.csv`}},
		{"package without fees", []change{{"packages.csv", "GBP,list", "USD,list"}}, nil},
	})
}

// TestCheckByItself holds that rows from elsewhere get the same judgement.
func TestCheckByItself(t *testing.T) {
	rows, err := Read(changed(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := Check(rows); len(got) != 0 {
		t.Errorf("sound rows: got %v, want no faults", got)
	}
	rows.Senders[0].Account = "zenith"
	rows.Accounts[0].Package = "gold"
	got := Check(rows)
	if len(got) != 2 || got[0].File != "accounts.csv" || got[1].File != "senders.csv" {
		t.Errorf("got %v, want the faults of accounts.csv and senders.csv", got)
	}
}
