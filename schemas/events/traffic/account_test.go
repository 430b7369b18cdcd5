package traffic

import (
	"postage/rating"
	"slices"
	"strings"
	"testing"
	"time"
)

func tariffRows() *rating.TariffRows {
	day := func(y int, m time.Month, d int) rating.Date { return rating.Date{Year: y, Month: m, Day: d} }
	return &rating.TariffRows{
		Accounts: []rating.AccountRow{
			{Account: "acme", Name: "Acme Stores", Country: "GB", Timezone: "Europe/London", ValidFrom: day(2018, 1, 1), ValidTo: day(2026, 1, 1)},
			{Account: "acme", Name: "Acme Stores", Country: "IE", Timezone: "Europe/Dublin", ValidFrom: day(2026, 1, 1)},
			{Account: "silent", Name: "No Sender", Country: "GB", Timezone: "Europe/London", ValidFrom: day(2018, 1, 1)},
			{Account: "sparkasse", Name: "Stadtbank", Country: "DE", Timezone: "Europe/Berlin", ValidFrom: day(2018, 1, 1)},
		},
		Senders: []rating.SenderRow{
			{Sender: "+353800000001", Account: "acme", PhoneNumberID: "1204727649384372", ValidFrom: day(2018, 1, 1)},
			{Sender: "+353800000002", Account: "acme", ValidFrom: day(2027, 1, 1)},
			{Sender: "+4919980000001", Account: "sparkasse"},
		},
	}
}

func TestAccountsOfATariff(t *testing.T) {
	got, err := AccountsOf(tariffRows(), october, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("accounts: got %d, want 2", len(got))
	}
	acme, bank := got[0], got[1]
	if acme.Name != "acme" || acme.Country != "IE" || acme.Timezone.String() != "Europe/Dublin" || acme.Profile != Retailer {
		t.Errorf("acme: got %s %s %s %s, want the row of October 2026", acme.Name, acme.Country, acme.Timezone, acme.Profile)
	}
	if want := []string{"+353800000001"}; !slices.Equal(acme.Senders, want) {
		t.Errorf("senders: got %v, want %v", acme.Senders, want)
	}
	if got := acme.PhoneNumberIDs["+353800000001"]; got != "1204727649384372" {
		t.Errorf("phone number id: got %q", got)
	}
	if bank.Profile != Bank {
		t.Errorf("sparkasse: got profile %s, want bank", bank.Profile)
	}
}

func TestAccountsOfTooFew(t *testing.T) {
	_, err := AccountsOf(tariffRows(), october, 3)
	if err == nil || !strings.Contains(err.Error(), "3 accounts wanted, 2 have a sender") {
		t.Errorf("got error %v, want how many there are", err)
	}
	one, err := AccountsOf(tariffRows(), october, 1)
	if err != nil || len(one) != 1 {
		t.Errorf("got %d accounts, error %v; want 1", len(one), err)
	}
}

func TestDivideIsExact(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1_000_003} {
		sum := 0
		for _, part := range divide(n, []float64{1, 1.4, .7, 0, .01}) {
			if part < 0 {
				t.Errorf("divide %d: part %d", n, part)
			}
			sum += part
		}
		if sum != n {
			t.Errorf("divide %d: parts sum to %d", n, sum)
		}
	}
}
