package traffic

import (
	"strings"
	"testing"
)

// marketOf is the longest dialling prefix, of the destinations themselves.
func marketOf(number string) (market string) {
	longest := 0
	for _, d := range destinations {
		prefix := d.code
		if d.country == "KZ" {
			prefix = "77" // +7 is shared: national numbers of Kazakhstan start with 6 or 7
		}
		if strings.HasPrefix(number, prefix) && len(prefix) > longest {
			market, longest = d.market, len(prefix)
		}
	}
	return market
}

func TestDestinationsCoverTheMarkets(t *testing.T) {
	markets := map[string]bool{}
	for i := range destinations {
		d := &destinations[i]
		markets[d.market] = true
		for _, n := range []uint64{0, 1, 999, 123_456_789} {
			number := d.number(n)
			if len(number) != len(d.code)+len(d.lead)+d.width || len(number) < 7 || len(number) > 15 {
				t.Errorf("%s: number %s has %d digits", d.country, number, len(number))
			}
			if got := marketOf(number); got != d.market {
				t.Errorf("%s: number %s falls into %q, want %q", d.country, number, got, d.market)
			}
		}
	}
	if len(markets) != 47 {
		t.Errorf("markets: got %d, want 47", len(markets))
	}
}

func TestNumbersOfACountryDoNotClash(t *testing.T) {
	seen := map[string]bool{}
	d := &destinations[0]
	for n := range uint64(100_000) {
		seen[d.number(n)] = true
	}
	if len(seen) != 100_000 {
		t.Errorf("numbers: got %d different ones, want 100000", len(seen))
	}
}

func TestUsersAreMostlyAtHomeAndFromEverywhere(t *testing.T) {
	all := read(t, Config{Month: october, Messages: 60000, Seed: 4, Accounts: firms(t)[:1]})
	markets := map[string]int{}
	users := map[string]int{}
	for _, a := range all {
		markets[marketOf(a.user[1:])]++
		users[a.user]++
	}
	between(t, "domestic share", float64(markets["United Kingdom"])/float64(len(all)), .80, .92)
	if len(markets) < 44 || markets[""] != 0 {
		t.Errorf("markets: got %d (%d without), want nearly all 47", len(markets), markets[""])
	}
	most := 0
	for _, n := range users {
		most = max(most, n)
	}
	if mean := len(all) / len(users); most < 5*mean {
		t.Errorf("busiest user: %d events, mean %d; want a long tail", most, mean)
	}
}
