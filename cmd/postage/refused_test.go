package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"postage/ingest/kafka"
	"postage/schemas/events"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// TestBadInput: what no tariff could cure is refused, in the table and in the topic,
// with origin, reason and the bytes as they came; the rest of the batch goes on. An
// unknown sender or market is no reason to refuse anything.
func TestBadInput(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	noon := at("2026-10-15T12:00:00Z")
	event := func(id, when, rest string) string {
		return `{"type":"message.delivered","time":"` + when + `","message_id":"` + id + `",` + rest + `}`
	}
	const sender, user = `"sender":"+12125550101"`, `"user":"+12125550199","kind":"template","category":"marketing"`
	when := noon.Format(time.RFC3339)
	huge := event("huge", when, sender+","+user+`,"padding":"`+strings.Repeat("x", 10<<20)+`"`)
	bad := []struct {
		name, value, reason string
	}{
		{"not JSON", "this is not JSON\x00\xff\r\n", events.NotJSON},
		{"cut short", event("cut", when, sender)[:40], events.NotJSON},
		{"an empty record", "", events.NotJSON},
		{"JSON that is no event", `[1, 2, 3]`, events.NoEvent},
		{"a webhook of another product", `{"object":"page","entry":[]}`, events.NoEvent},
		{"a missing field", event("no-user", when, sender), events.MissingField},
		{"an unreadable time", event("time", "yesterday", sender+","+user), events.BadValue},
		{"no number", event("number", when, `"sender":"0800",`+user), events.BadValue},
		{"before 2018", event("old", "2017-12-31T23:59:59.999Z", sender+","+user), events.ImpossibleTime},
		{"two days ahead", event("ahead", noon.Add(48*time.Hour).Format(time.RFC3339), sender+","+user), events.ImpossibleTime},
		{"10 MB", huge, events.TooLarge},
	}
	stored := []string{
		event("good", when, sender+","+user),
		event("tomorrow", noon.Add(24*time.Hour).Format(time.RFC3339), sender+","+user), // the limit itself
		event("first", "2018-01-01T00:00:00Z", sender+","+user),
		event("unknown-sender", when, `"sender":"+12125559999",`+user),
		event("unknown-market", when, sender+`,"user":"+2100000001","kind":"template","category":"marketing"`),
		event("unknown-country", when, sender+`,"user":"+2100000002","user_country":"ZZ","kind":"template","category":"marketing"`),
		`{"type":"message.delivered","time":"` + when + `","message_id":"later-version","surprise":{"a":[1]},` + sender + `,` + user + `}`,
	}
	// A body with a good and a bad item: the good one is stored, the bad one refused.
	body := `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"12125550101","phone_number_id":"200000000000005"},` +
		`"statuses":[{"id":"body-good","status":"sent","timestamp":"1792065600","recipient_id":"12125550199"},{"id":"body-bad","status":"sent","timestamp":"soon","recipient_id":"12125550199"}]}}]}]}`

	// Good traffic around, so that the bad ones lie within a batch.
	around := monthOf(t, p.tariff.Tariff, month("2026-10"), 100, traffic.V1)
	records := around[: len(around)/2 : len(around)/2]
	add := func(value string) {
		records = append(records, kafka.Produced{Key: []byte("key of " + fmt.Sprint(len(records))), Value: []byte(value), Time: noon})
	}
	for _, b := range bad {
		add(b.value)
	}
	for _, value := range stored {
		add(value)
	}
	add(body)
	records = append(records, around[len(around)/2:]...)
	p.produce(records...)
	service := p.ingest()
	p.checkLedger(len(records))

	if got, want := service.Stats.Refused.Load(), int64(len(bad)+1); got != want {
		t.Errorf("refused: got %d, want %d", got, want)
	}
	for _, id := range []string{"good", "tomorrow", "first", "unknown-sender", "unknown-market", "unknown-country", "later-version", "body-good"} {
		if got := p.one("SELECT count() FROM events WHERE message_id = '" + id + "'"); got != "1" {
			t.Errorf("event %s: stored %s times, want once", id, got)
		}
	}
	if got, want := p.one("SELECT uniqExact(partition, offset) FROM events"), fmt.Sprint(len(records)-len(bad)); got != want {
		t.Errorf("records stored: got %s, want %s", got, want)
	}

	topic := map[string]kafkago.Message{} // by hash of the value
	for _, m := range readTopic(t, p.engines.brokers[0], refusedTopic) {
		topic[hashOf(m.Value)] = m
	}
	if len(topic) != len(bad)+1 {
		t.Errorf("topic %s: %d different records, want %d", refusedTopic, len(topic), len(bad)+1)
	}
	check := func(name, value, reason string, item int) {
		rows := p.sql("SELECT topic, partition, offset, item, reason, length(value), hex(key), detail FROM refused WHERE hex(SHA256(value)) = upper('" + hashOf([]byte(value)) + "')")
		if len(rows) != 1 {
			t.Errorf("%s: %d rows in the table, want one with the bytes as they came", name, len(rows))
			return
		}
		row := rows[0]
		if row[0] != eventsTopic || row[3] != fmt.Sprint(item) || row[4] != reason || row[5] != fmt.Sprint(len(value)) || row[7] == "" {
			t.Errorf("%s: got %v, want topic %s, item %d, reason %s and a detail", name, row, eventsTopic, item, reason)
		}
		m, ok := topic[hashOf([]byte(value))]
		if !ok || !bytes.Equal(m.Value, []byte(value)) {
			t.Errorf("%s: not in topic %s with the bytes as they came", name, refusedTopic)
			return
		}
		headers := map[string]string{}
		for _, h := range m.Headers {
			headers[h.Key] = string(h.Value)
		}
		want := map[string]string{"postage-topic": eventsTopic, "postage-partition": row[1], "postage-offset": row[2], "postage-index": row[3], "postage-reason": reason, "postage-detail": row[7]}
		if fmt.Sprint(headers) != fmt.Sprint(want) {
			t.Errorf("%s: headers %v\nwant %v", name, headers, want)
		}
		if got := strings.ToUpper(hex.EncodeToString(m.Key)); got != row[6] {
			t.Errorf("%s: key %s in the topic, %s in the table", name, got, row[6])
		}
	}
	for _, b := range bad {
		check(b.name, b.value, b.reason, 0)
	}
	check("an item of a body", body, events.BadValue, 1)

	// Unknown senders and markets: on no invoice, at no price, and counted.
	r, err := p.closer().Draft(t.Context(), month("2026-10"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"unknown-sender": "unrated unknown_sender", "unknown-market": "unrated unknown_market", "unknown-country": "unrated unknown_market", "good": "charged template_regular"}
	got := map[string]string{}
	for _, row := range p.sql("SELECT message_id, outcome, reason FROM v_messages WHERE run = '" + r.Run.ID + "' AND message_id IN ('good', 'unknown-sender', 'unknown-market', 'unknown-country')") {
		got[row[0]] = row[1] + " " + row[2]
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("outcomes: got %v\nwant %v", got, want)
	}
	if r.Suspense != 1 {
		t.Errorf("held in suspense: got %d, want 1", r.Suspense)
	}
	unrated := int64(0)
	for i := range r.Statements {
		for _, u := range r.Statements[i].Unrated {
			unrated += u.Count
			if u.Missing == "" {
				t.Errorf("%s: unrated %+v does not say what is missing", r.Statements[i].Account, u)
			}
		}
	}
	if unrated != 2 {
		t.Errorf("unrated on statements: got %d, want 2", unrated)
	}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
