package events

import (
	"fmt"
	"postage/rating"
	"strings"
	"testing"
)

const benchV1 = `{"type":"message.delivered","time":"2026-10-01T09:00:00.123Z","message_id":"wamid.HBgLNDQ3NzAwOTAwMTIzFQIAERgSMDhFNzkzQ0QzQUMzQTVGQjA2AA==","sender":"+442079460000","user":"+447700900123","account":"acme","kind":"template","category":"utility","template":"order_shipped","pricing":{"billable":true,"model":"PMP","type":"regular","category":"utility"}}`

const benchV1Extra = `{"trace":{"id":"4bf92f3577b34da6","span":7},"type":"message.delivered","time":"2026-10-01T09:00:00.123Z","message_id":"wamid.HBgLNDQ3NzAwOTAwMTIzFQIAERgSMDhFNzkzQ0QzQUMzQTVGQjA2AA==","sender":"+442079460000","user":"+447700900123","kind":"template","category":"utility"}`

// benchBody is a webhook with three statuses of one message.
func benchBody() string {
	var items []string
	for _, s := range []string{"sent", "delivered", "read"} {
		items = append(items, fmt.Sprintf(`{"id":"wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA","status":%q,"timestamp":"1750030073","recipient_id":"16505551234","conversation":{"id":"72b14d6bd5407799e66f64d1b338e567","expiration_timestamp":"1750116480","origin":{"type":"marketing"}},"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"marketing"}}`, s))
	}
	return `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"statuses":[` + strings.Join(items, ",") + `]},"field":"messages"}]}]}`
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct{ name, record string }{
		{"v1", benchV1},
		{"v1_extra", benchV1Extra},
		{"webhook_3_statuses", benchBody()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			record := []byte(bench.record)
			var d Decoder
			var items []Item
			events := 0
			b.SetBytes(int64(len(record)))
			b.ReportAllocs()
			for b.Loop() {
				var refused []Refusal
				items, refused = d.Decode(items[:0], record, rating.Instant(1_790_845_300_000))
				if len(refused) > 0 {
					b.Fatalf("refused: %v", refused)
				}
				events += len(items)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkAppendV1(b *testing.B) {
	var d Decoder
	items, _ := d.Decode(nil, []byte(benchV1), 0)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendV1(buf[:0], &items[0].Event)
	}
}
