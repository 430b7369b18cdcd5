package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"postage/ingest/kafka"
	"strings"
	"testing"
	"time"
)

// refusedViews are what `postage refused list` or show prints as JSON.
func (p *plant) refusedViews(args ...string) (views []refusalView) {
	p.t.Helper()
	out, _ := p.must(0, append([]string{"refused"}, args...)...)
	for line := range strings.Lines(out) {
		var v refusalView
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		views = append(views, v)
	}
	return views
}

// TestReplay: what was refused goes through the front door again once its cause is
// mended, and once only. What is good becomes events, what is not is refused again.
func TestReplay(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	noon := at("2026-10-15T12:00:00Z")
	registered := ""
	for _, row := range p.tariff.Rows.Senders {
		if row.PhoneNumberID != "" {
			registered = row.PhoneNumberID
			break
		}
	}
	status := func(id, timestamp string) string {
		return `{"id":"` + id + `","status":"sent","timestamp":"` + timestamp + `","recipient_id":"447700900123"}`
	}
	body := func(display, phoneID string, statuses ...string) string {
		return `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"` + display + `","phone_number_id":"` + phoneID + `"},"statuses":[` + strings.Join(statuses, ",") + `]}}]}]}`
	}
	values := map[string]string{
		"sender":  body("hidden", registered, status("s1", "1792065600"), status("s2", "1792065600")), // needs senders.csv: two items refused
		"halves":  body("12125550101", "9", status("good", "1792065600"), status("bad", "soon")),      // one item refused
		"garbage": "\x1b]0;owned\x07 user +447700900123 \u202e",                                       // needs an edit
		"binary":  "\xff\xfe\x00\x1b[2J",                                                              // stays what it is
		"user":    `{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"u","sender":"+1","user":"+447700900123"}`,
	}
	for _, name := range []string{"sender", "halves", "garbage", "binary", "user"} {
		p.produce(kafka.Produced{Key: []byte("k|+447700900123"), Value: []byte(values[name]), Time: noon})
	}
	tariff := p.tariff
	p.tariff = &loadedTariff{} // nobody is registered
	p.ingest()
	p.tariff = tariff

	open := p.refusedViews("list", "--json")
	if len(open) != 6 {
		t.Fatalf("refused: %d, want 6: %+v", len(open), open)
	}
	origin := map[string]string{}
	for _, v := range open {
		shown := p.refusedViews("show", "--json", v.Origin)
		if len(shown) != 1 {
			t.Fatalf("show %s: %d records", v.Origin, len(shown))
		}
		for name, value := range values {
			if shown[0].Value == value {
				origin[name] = v.Origin
			}
		}
		if shown[0].ValueBase64 == "//4AG1sySg==" {
			origin["binary"] = v.Origin
		}
		if v.Value != "" || v.Key != "" {
			t.Errorf("list shows content: %+v", v)
		}
	}
	if len(origin) != len(values) {
		t.Fatalf("origins %v, want one for each of %d records with the bytes as they came", origin, len(values))
	}

	// On a screen: users masked in the list, nothing that a terminal obeys in either.
	list, _ := p.must(0, "refused", "list")
	show, _ := p.must(0, "refused", "show", origin["garbage"], origin["binary"], origin["user"])
	if strings.Contains(list, "7700900123") {
		t.Errorf("list shows the number of a user:\n%s", list)
	}
	if strings.ContainsAny(list+show, "\x1b\x07\x00\u202e") {
		t.Errorf("control characters: %q", list+show)
	}
	wantText(t, show, `\x1b]0;owned\a user +447700900123 \u202e`, "ff fe 00 1b 5b 32 4a", `k|+447700900123`)
	p.must(1, "refused", "show", eventsTopic+"/0/12345/0")
	p.must(2, "refused", "show", "nonsense")
	p.must(2, "refused", "replay")
	p.must(2, "refused", "list", "--since", "nonsense")
	if got := p.refusedViews("list", "--json", "--since", "1h"); len(got) != 6 {
		t.Errorf("refused in the last hour: %d, want 6", len(got))
	}
	if got := p.refusedViews("list", "--json", "--since", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)); len(got) != 0 {
		t.Errorf("refused in the hour to come: %d", len(got))
	}
	if got := p.refusedViews("list", "--json", "--limit", "2", "--reason", "not_json"); len(got) != 2 {
		t.Errorf("not JSON: %d, want 2", len(got))
	}
	raw, _ := p.must(0, "refused", "show", "--raw", origin["binary"])
	if raw != values["binary"] {
		t.Errorf("raw: %q, want %q", raw, values["binary"])
	}

	// The sender is registered now; the garbage was mended by hand.
	edited := filepath.Join(t.TempDir(), "edited")
	if err := os.WriteFile(edited, []byte(`{"type":"message.sent","time":"2026-10-01T09:00:00Z","message_id":"mended","sender":"+12125550101","user":"+447700900123"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must(2, "refused", "replay", "--edit", edited, "--all")
	p.must(0, "refused", "replay", "--edit", edited, origin["garbage"])
	out, _ := p.must(0, "refused", "replay", origin["sender"], origin["halves"], origin["binary"])
	wantText(t, out, "3 records sent")
	if got := p.refusedViews("list", "--json"); len(got) != 1 || got[0].Origin != origin["user"] {
		t.Errorf("open before ingest: %+v, want the one record not replayed", got)
	}
	p.ingest()
	for id, want := range map[string]string{"s1": "1", "s2": "1", "mended": "1", "good": "2"} {
		if got := p.one("SELECT count() FROM events WHERE message_id = '" + id + "'"); got != want {
			t.Errorf("event %s: stored %s times, want %s", id, got, want)
		}
	}
	if got := p.one("SELECT count() FROM (SELECT DISTINCT sender, user, message_id, type FROM events)"); got != "4" {
		t.Errorf("different events: %s, want 4", got)
	}
	// What is still bad is open again under its new origin, which the old one names.
	open = p.refusedViews("list", "--json")
	if len(open) != 3 {
		t.Errorf("open: %+v, want 3", open)
	}
	all := p.refusedViews("list", "--json", "--all")
	if len(all) != 8 {
		t.Errorf("all: %d, want 8", len(all))
	}
	byOrigin := map[string]refusalView{}
	for _, v := range all {
		byOrigin[v.Origin] = v
	}
	for _, name := range []string{"halves", "binary"} {
		found := false
		for _, v := range open {
			found = found || strings.HasPrefix(v.Origin, byOrigin[origin[name]].ReplayedAs+"/")
		}
		if !found {
			t.Errorf("%s was replayed as %q, which is not open in %+v", name, byOrigin[origin[name]].ReplayedAs, open)
		}
	}
	if v := byOrigin[origin["garbage"]]; !v.Edited || v.Replays != 1 {
		t.Errorf("garbage: %+v, want it edited and replayed once", v)
	}
	for _, m := range topicRecords(t, p.Kafka) {
		if m == "" {
			t.Error("a record without the header that names what it replays")
		}
	}

	// A second replay does nothing, unless asked.
	ends := fmt.Sprint(topicEnds(t, p.Kafka, eventsTopic))
	out, _ = p.must(0, "refused", "replay", origin["sender"])
	wantText(t, out, "replayed before, as "+eventsTopic+"/")
	if got := fmt.Sprint(topicEnds(t, p.Kafka, eventsTopic)); got != ends {
		t.Errorf("the topic after a second replay: %s, want %s", got, ends)
	}
	p.must(0, "refused", "replay", "--again", origin["sender"])
	p.must(0, "refused", "replay", "--reason", "not_json")
	out, _ = p.must(0, "refused", "replay", "--all")
	wantText(t, out, "2 records sent")
	p.ingest()
	if got := p.one("SELECT uniqExact(message_id) FROM events"); got != "4" {
		t.Errorf("different messages: %s, want 4", got)
	}
	p.complete()
}

// topicRecords gives the header postage-replays of the records that have lain in
// the topic of events since the first five.
func topicRecords(t *testing.T, broker string) (headers []string) {
	t.Helper()
	records := 0
	for partition, end := range topicEnds(t, broker, eventsTopic) {
		for _, m := range readPartition(t, broker, eventsTopic, partition, end) {
			records++
			for _, h := range m.Headers {
				if h.Key == "postage-replays" {
					headers = append(headers, string(h.Value))
				}
			}
		}
	}
	if records != 9 || len(headers) != 4 {
		t.Errorf("%d records in the topic, %d of them replays; want 9 and 4", records, len(headers))
	}
	return headers
}
