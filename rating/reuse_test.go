package rating_test

import (
	"postage/rating"
	"testing"
	"time"
	"unsafe"
)

// TestClassifyKeepsNoUser: users and message ids may be part of a buffer that the
// caller fills anew, so that the next user stands where the last one stood.
func TestClassifyKeepsNoUser(t *testing.T) {
	since := rating.Date{Year: 2018, Month: time.January, Day: 1}
	tariff, err := rating.NewTariff(&rating.TariffRows{
		Accounts: []rating.AccountRow{{Account: "a", Country: "GB", Timezone: "UTC", Currency: "USD", Package: "p", ValidFrom: since}},
		Senders:  []rating.SenderRow{{Sender: "+442079460000", Account: "a"}},
		Markets:  []rating.MarketRow{{Market: "Germany", Prefix: "49", ValidFrom: since}, {Market: "France", Prefix: "33", ValidFrom: since}},
	})
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, len("+491701234567"))
	c := rating.NewClassifier(tariff)
	for _, tt := range []struct{ user, market string }{{"+491701234567", "Germany"}, {"+331701234567", "France"}} {
		copy(buffer, tt.user)
		messages := c.Classify(nil, []rating.Event{{
			Type: rating.Sent, At: rating.At(time.Date(2026, time.October, 1, 9, 0, 0, 0, time.UTC)), MessageID: "m", Sender: "+442079460000",
			User: unsafe.String(unsafe.SliceData(buffer), len(buffer)), Kind: rating.Template, Category: "utility",
		}})
		if got := messages[0].Market; got != tt.market {
			t.Errorf("market of %s: got %q, want %q", tt.user, got, tt.market)
		}
	}
}
