package tariff

import (
	"bytes"
	"errors"
	"fmt"
	"postage/rating"
	"strings"
	"testing"
)

// The figures are made up; the layouts are those of the carrier's files.
const (
	preamble = "Rates of messages,,,,,,\n\"Effective October 1, 2026\",,,,,,\n,,,,,,\n\"Rates in US dollars, before tax\",,,,,,\n,,,,,,\n"
	listHead = "Market,Currency,Marketing,Utility,Authentication,\"Authentication-\nInternational\",Service\n"
	tierHead = "Volume tiers,,,,,,,,,,,,,,,,\n\"Effective October 1, 2026\",,,,,,,,,,,,,,,,\n,,,,,,,,,,,,,,,,\n" +
		",,Utility,,,,,Authentication,,,,,Authentication-International,,,,\n" +
		"Market,Currency,From,To,Rate type,Rate,vs List,From,To,Rate type,Rate,vs List,From,To,Rate type,Rate,vs List\n"
)

var cardOptions = CardOptions{
	PriceList: "carrier", Effective: rating.Date{Year: 2026, Month: 10, Day: 1},
	Markets: []string{"Egypt", "Turkey", "United Arab Emirates", "North America", "Rest of Central & Eastern Europe", "Rest of Latin America", "Other"},
}

// readCard prints what a card comes to: rows, notes, faults.
func readCard(contents ...string) string {
	var files []CardFile
	for i, content := range contents {
		files = append(files, CardFile{fmt.Sprintf("card%d.csv", i+1), []byte(content)})
	}
	card, err := ReadCards(files, cardOptions)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, r := range card.Rows {
		fmt.Fprintf(&b, "%s %s %s %s %d %s\n", r.Row, r.Currency, r.Market, r.Category, r.FromVolume, PlainPrice(r))
	}
	for _, n := range card.Notes {
		fmt.Fprintln(&b, Describe(n))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestCards(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"list", []string{preamble + listHead + "UAE,$US,0.0499,0.0157,0.0157,n/a,0.0150\nRest of Central and Eastern Europe,$US,0.0860,0.0212,0.0212,N/A,0.0212\nTürkiye,$US,\"1,090.5\",$0.0007,0.0100,n/a,n/a\n"}, `card1.csv:9 USD Rest of Central & Eastern Europe marketing 1 0.0860
card1.csv:9 USD Rest of Central & Eastern Europe utility 1 0.0212
card1.csv:9 USD Rest of Central & Eastern Europe authentication 1 0.0212
card1.csv:9 USD Rest of Central & Eastern Europe service 1 0.0212
card1.csv:10 USD Turkey marketing 1 1090.5
card1.csv:10 USD Turkey utility 1 0.0007
card1.csv:10 USD Turkey authentication 1 0.0100
card1.csv:8 USD United Arab Emirates marketing 1 0.0499
card1.csv:8 USD United Arab Emirates utility 1 0.0157
card1.csv:8 USD United Arab Emirates authentication 1 0.0157
card1.csv:8 USD United Arab Emirates service 1 0.0150`},
		{"list with the business agent", []string{preamble + strings.TrimSuffix(listHead, "\n") + ",Meta Business Agent\nOther,GBD,0.05,n/a,n/a,n/a,n/a,2.00\n"}, `card1.csv:8 GBP Other marketing 1 0.05
card1.csv:6: Meta Business Agent: left out: billed by tokens, not by messages`},
		{"tiers", []string{tierHead +
			"Egypt,$US,0,\"100,000\",LIST,0.0036,--,0,\"300,000\",LIST,0.0036,--,0,--,LIST,0.0650,--\n" +
			",,\"100,001\",\"1,000,000\",TIER,0.0034,-5%,\"300,001\",--,TIER,0.0034,-5%,,,,,\n" +
			",,\"1,000,001\",--,TIER,0.0032,-10%,,,,,,,,,,\n" +
			"Other,,0,--,List,0.0077,--,n/a,n/a,n/a,n/a,n/a,,,,,\n"}, `card1.csv:6 USD Egypt utility 1 0.0036
card1.csv:7 USD Egypt utility 100001 0.0034
card1.csv:8 USD Egypt utility 1000001 0.0032
card1.csv:6 USD Egypt authentication 1 0.0036
card1.csv:7 USD Egypt authentication 300001 0.0034
card1.csv:6 USD Egypt authentication_international 1 0.0650
card1.csv:9 USD Other utility 1 0.0077`},
		{"tiers without titles", []string{"a\nb\nc\nd\ne\nEgypt,RP,0,--,LIST,356.65,--,,,,,,,,,,\n"}, `card1.csv:6 IDR Egypt utility 1 356.65`},
		{"the same price twice", []string{
			listHead + "Egypt,USD,0.0644,0.0036,0.0036,0.0650,n/a\n",
			tierHead + "Egypt,USD,0,--,LIST,0.00360,--,0,--,LIST,0.0036,--,,,,,\n",
		}, `card1.csv:3 USD Egypt marketing 1 0.0644
card1.csv:3 USD Egypt utility 1 0.0036
card1.csv:3 USD Egypt authentication 1 0.0036
card1.csv:3 USD Egypt authentication_international 1 0.0650`},
	} {
		if got := readCard(tt.files...); got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestCardCurrencies(t *testing.T) {
	for token, want := range map[string]string{
		"$US": "USD", "US$": "USD", "USD": "USD", "usd": "USD", "A$": "AUD", "GBD": "GBP", "£": "GBP", "€": "EUR", "₹": "INR", "RP": "IDR", "Rp": "IDR",
		"R$": "BRL", "AED": "AED", "$": "", "¥": "", "XYZ": "", "": "",
	} {
		if got, ok := currencyToken(token); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", token, got, want)
		}
	}
}

func TestCardFaults(t *testing.T) {
	list := func(line string) string { return preamble + listHead + line + "\n" }
	tiers := func(lines string) string { return tierHead + lines + "\n" }
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"market", []string{list("Egyptt,USD,1,1,1,1,1")}, `card1.csv:8: Market "Egyptt": not in markets.csv; write Egypt`},
		{"market not known at all", []string{list("Atlantis,USD,1,1,1,1,1")}, `card1.csv:8: Market "Atlantis": not in markets.csv; add it to markets.csv with its prefixes, or delete the line if it is no market`},
		{"currency", []string{list("Egypt,$,1,1,1,1,1")}, `card1.csv:8: Currency "$": not a currency known to rate cards; write an ISO 4217 code such as USD`},
		{"prices, all at once", []string{list("Egypt,USD,,free,-1,\"0,05\",0.0000000000000000001")}, `card1.csv:8: Marketing: empty; write the price, or n/a if there is none
card1.csv:8: Utility "free": not a price; write a decimal such as 0.0526, or n/a if there is none
card1.csv:8: Authentication "-1": negative; write the price, or n/a if there is none
card1.csv:8: Authentication- International "0,05": not a price; write a decimal such as 0.0526, or n/a if there is none
card1.csv:8: Service "0.0000000000000000001": finer than can be kept; write at most 18 decimals`},
		{"column", []string{strings.Replace(list("Egypt,USD,1,1,1,1,1"), "Service", "Voice", 1)}, `card1.csv:6: Voice: a column that is not known; delete the column, or have it built in`},
		{"column twice", []string{strings.Replace(list("Egypt,USD,1,1,1,1,1"), "Service", "Utility", 1)}, `card1.csv:6: Utility: the column is there twice; delete one`},
		{"nothing", []string{preamble}, `card1.csv: neither a list (Market, Currency, Marketing, ...) nor tiers (From, To, Rate type, Rate, vs List); give the carrier's own file, as it was downloaded`},
		{"no lines", []string{preamble + listHead}, `card1.csv:6: nothing under the header; give the carrier's own file, as it was downloaded`},
		{"a hole", []string{tiers("Egypt,USD,0,100,LIST,1,--,,,,,,,,,,\n,,102,--,TIER,1,-5%,,,,,,,,,,")}, `card1.csv:7: utility From "102": the tier before it (line 6) ends at 100; write 101`},
		{"an overlap", []string{tiers("Egypt,USD,0,100,LIST,1,--,,,,,,,,,,\n,,100,--,TIER,1,-5%,,,,,,,,,,")}, `card1.csv:7: utility From "100": the tier before it (line 6) ends at 100; write 101`},
		{"no end", []string{tiers("Egypt,USD,0,100,LIST,1,--,,,,,,,,,,\n,,101,1000,TIER,1,-5%,,,,,,,,,,")}, `card1.csv:7: utility To "1000": the last tier of Egypt ends here, so what lies beyond has no price; write -- if there is no end`},
		{"a tier after the last", []string{tiers("Egypt,USD,0,--,LIST,1,--,,,,,,,,,,\n,,100,--,TIER,1,-5%,,,,,,,,,,")}, `card1.csv:7: utility From "100": the tier before it (line 6) has no end; write the end of that one, or delete this one`},
		{"no first tier", []string{tiers("Egypt,USD,500,--,LIST,1,--,,,,,,,,,,")}, `card1.csv:6: utility From "500": the first tier does not begin at 0; write 0, or add the tier from 0`},
		{"a tier of nothing", []string{tiers("Egypt,USD,0,x,LISTE,n/a,--,,,,,,,,,,")}, `card1.csv:6: utility To "x": not a whole number; write a number such as 100,000
card1.csv:6: utility Rate type "LISTE": unknown; write LIST or TIER`},
		{"groups in another order", []string{strings.Replace(tierHead, "Utility,,,,,Authentication,", "Authentication,,,,,Utility,", 1) + "Egypt,USD,0,--,LIST,1,--,,,,,,,,,,\n"}, `card1.csv:4: Authentication: column 3: utility is expected here; give the carrier's own file, as it was downloaded
card1.csv:4: Utility: column 8: authentication is expected here; give the carrier's own file, as it was downloaded`},
		{"two prices", []string{list("Egypt,USD,1,2,n/a,n/a,n/a"), tiers("Egypt,USD,0,--,LIST,3,--,,,,,,,,,,")}, `card2.csv:6: utility Rate "3": card1.csv:8 says 2; find out which of the two is right and leave the other file out`},
		{"two currencies", []string{list("Egypt,USD,1,n/a,n/a,n/a,n/a"), list("Egypt,EUR,1,n/a,n/a,n/a,n/a")}, `card2.csv:8: Marketing "1": in EUR, but card1.csv:8 has the price in USD; import each currency into a price list of its own`},
		{"no market", []string{tiers(",USD,0,--,LIST,1,--,,,,,,,,,,")}, `card1.csv:6: Market: empty; write the market, or delete the line`},
		{"not text", []string{listHead + "Egypt,\xa3,1,1,1,1,1\n"}, `card1.csv:3: not UTF-8 text; give the carrier's own file, as it was downloaded`},
	} {
		if got := readCard(tt.files...); got != tt.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestAppendPrices(t *testing.T) {
	card, err := ReadCards([]CardFile{{"card.csv", []byte(listHead + "Egypt,USD,0.0640,n/a,n/a,n/a,n/a\n")}}, cardOptions)
	if err != nil {
		t.Fatal(err)
	}
	const head = "price_list,valid_from,currency,origin,market,category,from_volume,unit_price\n"
	const row = "carrier,2026-10-01,USD,*,Egypt,marketing,1,0.0640\n"
	for _, tt := range []struct{ name, content, want string }{
		{"no file", "", head + row},
		{"a header only", head, head + row},
		{"an older price", head + strings.Replace(row, "2026-10", "2026-07", 1), head + strings.Replace(row, "2026-10", "2026-07", 1) + row},
		{
			"another order, a note, no line at the end", "\xef\xbb\xbfunit_price,Note,market,price_list,valid_from,currency,origin,category,from_volume\r\n1,,*,a,2020-01-01,USD,*,*,1",
			"\xef\xbb\xbfunit_price,Note,market,price_list,valid_from,currency,origin,category,from_volume\r\n1,,*,a,2020-01-01,USD,*,*,1\n0.0640,from card.csv:3,Egypt,carrier,2026-10-01,USD,*,marketing,1\r\n",
		},
		{"there already", head + "\n" + strings.Replace(row, "0.0640", "0.07", 1), `card.csv:3: marketing "0.0640": prices.csv:3 has Egypt from 1 already, at 0.07; delete the row there, or choose another price list or day; import lists and tiers in one run`},
		{"no table", "price_list;valid_from\n", `prices.csv:1: "price_list;valid_from": one column only; save the file with commas between the cells`},
	} {
		got, err := AppendPrices([]byte(tt.content), card.Rows)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != tt.want {
			t.Errorf("%s:\ngot\n%q\nwant\n%q", tt.name, got, tt.want)
		}
	}
}

func FuzzReadCards(f *testing.F) {
	f.Add([]byte(preamble + listHead + "Egypt,USD,0.05,n/a,$1,2,\n"))
	f.Add([]byte(tierHead + "Egypt,$US,0,\"1,000\",LIST,1,--,,,,,,,,,,\n,,\"1,001\",--,TIER,0.95,-5%\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		card, err := ReadCards([]CardFile{{"card.csv", content}}, cardOptions)
		if err != nil {
			if faults, ok := errors.AsType[*Faults](err); !ok || len(faults.List) == 0 {
				t.Fatalf("got %v, want faults", err)
			}
			return
		}
		b, err := AppendPrices(nil, card.Rows)
		if err != nil {
			t.Fatal(err)
		}
		files := Files{"prices.csv": b, "markets.csv": []byte("market,prefix,valid_from\nEgypt,20,2018-01-01\n")}
		_, err = Read(files)
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if strings.HasPrefix(line, "prices.csv") && !strings.Contains(line, "neither in markets.csv") {
				t.Errorf("imported rows are faulty: %s\n%s", line, bytes.TrimSpace(b))
			}
		}
	})
}
