package clickhouse

import (
	"fmt"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"testing"
)

// TestIngested counts copies by identity, however they came, and refusals by origin.
func TestIngested(t *testing.T) {
	s := open(t)
	sent := rating.Event{Type: rating.Sent, MessageID: "a", Sender: "+1", User: "+2", At: 1000}
	later := sent
	later.At, later.Template = 2000, "x" // a copy all the same
	delivered := sent
	delivered.Type = rating.Delivered
	elsewhere := sent
	elsewhere.User = "+3"
	consent := rating.Event{Type: rating.ConsentGranted, Sender: "+1", User: "+2", At: 1000}
	consentLater := consent
	consentLater.At = 1001 // another consent
	var batch ingest.Batch
	for i, e := range []rating.Event{sent, sent, later, delivered, elsewhere, consent, consent, consentLater} {
		batch.Events = append(batch.Events, record(0, int64(i), 0, e))
	}
	batch.Events = append(batch.Events, record(0, 99, 0, sent)) // above the cut-off
	refused := func(offset int64, reason string) ingest.Refused {
		return ingest.Refused{Origin: ingest.Origin{Topic: topic, Offset: offset}, Reason: reason}
	}
	batch.Refused = []ingest.Refused{refused(20, "not_json"), refused(20, "not_json"), refused(21, "not_json"), refused(22, "no_event"), refused(98, "no_event")}
	appendBatch(t, s, batch)
	got, err := s.Ingested(t.Context(), reports.Cutoff{{Topic: topic, Offset: 50}})
	if err != nil {
		t.Fatal(err)
	}
	want := IngestSummary{
		Events: 8, Identities: 5, Copies: 3, Conversations: 2,
		ByType:  map[string]int64{"message.sent": 4, "message.delivered": 1, "consent.granted": 3},
		Refused: map[string]int64{"not_json": 2, "no_event": 1},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.RefusedTotal() != 3 {
		t.Errorf("RefusedTotal: got %d, want 3", got.RefusedTotal())
	}
}
