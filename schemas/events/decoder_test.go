package events

import (
	"fmt"
	"postage/rating"
	"strings"
	"testing"
)

func TestDecodeLimits(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
	}
	minimal := benchV1Extra[:len(benchV1Extra)-1]
	for _, c := range []struct {
		name   string
		max    int
		record string
		want   string // reason, "" for an event
	}{
		{"at the limit", len(benchV1), benchV1, ""},
		{"over the limit", len(benchV1) - 1, benchV1, TooLarge},
		{"over the default limit", 0, strings.Repeat(" ", MaxBytes) + "{", TooLarge},
		{"empty", 0, "", NotJSON},
		{"blank", 0, " \n\t\r ", NotJSON},
		{"not UTF-8", 0, benchV1[:len(benchV1)-1] + ",\"x\":\"\xff\"}", NotJSON},
		{"byte order mark", 0, "\ufeff" + benchV1, NotJSON},
		{"white space around", 0, " \n" + benchV1 + "\r\n", ""},
		{"nested within the limit", 0, minimal + `,"x":` + deep(9_000) + "}", ""},
		{"nested too deep", 0, minimal + `,"x":` + deep(100_000) + "}", NotJSON},
		{"items that cannot all be events", 0, `{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"messages":[` + strings.Repeat("{},", 40_000) + `{}]}}]}]}`, TooLarge},
		{"changes that cannot all be events", 0, `{"object":"whatsapp_business_account","entry":[{"changes":[` + strings.Repeat("0,", 40_000) + `0]}]}`, TooLarge},
		{"a v1 event with a long member of that name", 0, minimal + `,"entry":[{"changes":[` + strings.Repeat("0,", 40_000) + `0]}]}`, TooLarge},
		{"brackets", 0, strings.Repeat("[", MaxBytes), NotJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{MaxBytes: c.max}
			items, refused := d.Decode(nil, []byte(c.record), 0)
			got := ""
			if len(refused) > 0 {
				got = refused[0].Reason
			}
			if got != c.want || len(items)+len(refused) != 1 {
				t.Errorf("got %d events, refused %.200v; want reason %q", len(items), refused, c.want)
			}
		})
	}
}

// Two items whose index or content depends on what was decoded before would
// make a replay differ from the first run.
func TestDecodeKeepsNothing(t *testing.T) {
	var reused Decoder
	for range 2 {
		for _, record := range corpusRecords(t) {
			var fresh Decoder
			wantItems, wantRefused := fresh.Decode(nil, record, 0)
			gotItems, gotRefused := reused.Decode(nil, record, 0)
			if got, want := fmt.Sprint(gotItems, gotRefused), fmt.Sprint(wantItems, wantRefused); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", record, got, want)
			}
		}
	}
}

func TestDecodeAppends(t *testing.T) {
	var d Decoder
	items, _ := d.Decode(nil, []byte(benchV1), 0)
	items, refused := d.Decode(items, []byte(benchBody()+"x"), 0)
	if len(items) != 1 || len(refused) != 1 {
		t.Errorf("after a good and a bad record: got %d events, %d refusals, want 1 and 1", len(items), len(refused))
	}
	items, _ = d.Decode(items, []byte(benchBody()), 0)
	if len(items) != 4 || items[0].Event.Sender != "+442079460000" || items[3].Index != 2 {
		t.Errorf("after another good one: got %+v", items)
	}
}

func TestDecodeAllocations(t *testing.T) {
	for _, c := range []struct {
		name, record string
		want         float64
	}{
		{"v1", benchV1, 1},
		{"three statuses", benchBody(), 3},
	} {
		var d Decoder
		var items []Item
		record := []byte(c.record)
		got := testing.AllocsPerRun(100, func() { items, _ = d.Decode(items[:0], record, rating.Instant(1_790_845_300_000)) })
		if got > c.want {
			t.Errorf("%s: got %v allocations, want at most %v", c.name, got, c.want)
		}
	}
}

func TestWebhookTable(t *testing.T) {
	var d Decoder
	for _, row := range webhookTable {
		kind, category := d.sort(&row.claim)
		if kind != row.kind || category != row.category {
			t.Errorf("%+v: got %v %q, want %v %q", row.claim, kind, category, row.kind, row.category)
		}
	}
}

func TestAppendWebhookRefusesConsents(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for a consent")
		}
	}()
	AppendWebhook(nil, &rating.Event{Type: rating.ConsentGranted})
}
