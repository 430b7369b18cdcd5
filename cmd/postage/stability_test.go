package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
)

// TestShuffledAndDoubled: a statement depends on the set of events alone. The same
// ones, each sent twice, under keys of no meaning, in any order over all
// partitions, give the same bytes and so the same seals.
func TestShuffledAndDoubled(t *testing.T) {
	t.Parallel()
	october := month("2026-10")
	broker := embeddedBroker(t)
	tidy := newPlant(t, broker, "example")
	records := monthOf(t, tidy.tariff.Tariff, october, 2000, traffic.V1)
	tidy.produce(records...)
	tidy.ingest()
	want := tidy.close(tidy.closer(), october)

	untidy := newPlant(t, embeddedBroker(t), "example")
	chance := randomly(t)
	twice := make([]kafka.Produced, 0, 2*len(records))
	for range 2 {
		for _, r := range records {
			r.Key = []byte{byte(chance.IntN(256)), byte(chance.IntN(256))}
			twice = append(twice, r)
		}
	}
	chance.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	untidy.produce(twice...)
	untidy.ingest()
	untidy.checkLedger(len(twice))
	got := untidy.close(untidy.closer(), october)

	equalJSON(t, "statements", got.Statements, want.Statements)
	for i := range want.Statements {
		sealGot, errGot := reports.Seal(&got.Statements[i])
		sealWant, errWant := reports.Seal(&want.Statements[i])
		if errGot != nil || errWant != nil || sealGot != sealWant {
			t.Errorf("seal of %s: got %s (%v), want %s (%v)", want.Statements[i].Account, sealGot, errGot, sealWant, errWant)
		}
		if d := want.Documents[i]; d.Seal != sealWant {
			t.Errorf("invoice %s carries seal %s, want %s", d.Number, d.Seal, sealWant)
		}
	}
	sum, err := untidy.engines.store.Ingested(t.Context(), got.Run.Cutoff)
	if err != nil {
		t.Fatal(err)
	}
	once, err := tidy.engines.store.Ingested(t.Context(), want.Run.Cutoff)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Identities != once.Identities || sum.Events != 2*once.Events || sum.Copies != once.Copies+once.Events {
		t.Errorf("doubled log: %d events of %d identities, %d copies; once: %d, %d, %d", sum.Events, sum.Identities, sum.Copies, once.Events, once.Identities, once.Copies)
	}
}

// TestWebhookBodiesGiveTheSameCharges: under PMP2 the carrier's own bodies say all
// that decides a price, so they and v1 events of one traffic are charged alike. An
// account that stays on an older regime needs what only v1 says (the kind).
func TestWebhookBodiesGiveTheSameCharges(t *testing.T) {
	t.Parallel()
	tf, err := (tariffFlag{"example"}).load()
	if err != nil {
		t.Fatal(err)
	}
	type charge struct {
		Outcome, Reason, UnitPrice, Price, Currency, Category, Market, Month, Account, SentAt, DeliveredAt string
	}
	rate := func(format traffic.Format) map[string]charge {
		var file bytes.Buffer
		for _, r := range monthOf(t, tf.Tariff, month("2026-10"), 4000, format) {
			file.Write(append(r.Value, '\n'))
		}
		path := filepath.Join(t.TempDir(), "events.jsonl")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errOut bytes.Buffer
		if status := run([]string{"rate", "--tariff", "example", path}, strings.NewReader(""), &out, &errOut); status != exitDone {
			t.Fatalf("rate: status %d\n%s", status, errOut.String())
		}
		charges := map[string]charge{}
		for line := range bytes.Lines(out.Bytes()) {
			var l ratedLine
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			if l.Regime != rating.PMP2.String() {
				continue
			}
			if _, seen := charges[l.MessageID]; seen {
				t.Errorf("%s: message %s stands on two lines", format, l.MessageID)
			}
			charges[l.MessageID] = charge{l.Outcome, l.Reason, l.UnitPrice, l.Price, l.Currency, l.Category, l.Market, l.Month, l.Account, l.SentAt, l.DeliveredAt}
		}
		return charges
	}
	v1, webhook := rate(traffic.V1), rate(traffic.Webhook)
	if len(v1) < 3000 || len(webhook) != len(v1) {
		t.Errorf("messages under PMP2: %d from v1, %d from webhooks; want equal and most of 4,000", len(v1), len(webhook))
	}
	different, charged := 0, 0
	for id, want := range v1 {
		got, ok := webhook[id]
		if want.DeliveredAt == "" {
			// The body of a message that never arrived says nothing of its kind: whether
			// it was a reaction, or was rejected, only the sending system knows. It costs
			// nothing either way.
			for _, c := range []*charge{&got, &want} {
				if c.Outcome != "charged" {
					c.Outcome, c.Reason, c.Category = "not charged", "", ""
				}
			}
		}
		if want.Outcome == "charged" {
			charged++
		} else { // a market is looked up for what is charged
			got.Market, want.Market = "", ""
		}
		if !ok || got != want {
			if different++; different <= 5 {
				t.Errorf("message %s:\nwebhook %+v\nv1      %+v", id, got, want)
			}
		}
	}
	t.Logf("%d messages, %d charged, %d different", len(v1), charged, different)
}
