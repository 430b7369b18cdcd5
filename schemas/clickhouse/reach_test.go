package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"postage/ingest"
	"postage/rating"
	"postage/reports"
	"testing"
)

// TestReach compares the query with the same question asked of the events in
// memory, over random logs and cut-offs.
func TestReach(t *testing.T) {
	s := open(t)
	chance := rand.New(rand.NewPCG(5, 0))
	types := []rating.EventType{rating.Received, rating.Sent, rating.Delivered, rating.Read, rating.Failed, rating.ConsentGranted, rating.ConsentRevoked}
	var records []ingest.Record
	for i := range 400 {
		e := rating.Event{
			Type: types[chance.IntN(len(types))], At: rating.Instant(1_790_812_800_000 + chance.Int64N(1_000_000)),
			Sender: fmt.Sprintf("+44207946%04d", chance.IntN(2)), User: fmt.Sprintf("+44770090%04d", chance.IntN(5)),
		}
		if !e.Type.IsConsent() {
			e.MessageID = fmt.Sprintf("m%d", chance.IntN(60))
		}
		records = append(records, record(int32(i%2), int64(i/2), 0, e))
	}
	appendBatch(t, s, ingest.Batch{Events: records})

	type message struct{ sender, user, id string }
	vector := func(limits map[int32]int64) (c reports.Cutoff) {
		for p := range int32(2) {
			if limit, ok := limits[p]; ok {
				c = append(c, reports.CutoffOffset{Topic: topic, Partition: p, Offset: limit})
			}
		}
		return c
	}
	some := 0
	for range 60 {
		known, upTo := map[int32]int64{}, map[int32]int64{}
		for p := range int32(2) {
			upTo[p] = chance.Int64N(201)
			if chance.IntN(4) > 0 { // else the partition is new
				known[p] = max(0, upTo[p]-chance.Int64N(8))
			}
		}
		earliest, touched := map[message]rating.Instant{}, map[message]bool{}
		for _, r := range records {
			key := message{r.Event.Sender, r.Event.User, r.Event.MessageID}
			if r.Offset >= upTo[r.Partition] || r.Event.Type.IsConsent() {
				continue
			}
			if at, ok := earliest[key]; !ok || r.Event.At < at {
				earliest[key] = r.Event.At
			}
			touched[key] = touched[key] || r.Offset >= known[r.Partition]
		}
		var want rating.Instant
		found := false
		for key, is := range touched {
			if is && (!found || earliest[key] < want) {
				want, found = earliest[key], true
			}
		}
		if found {
			some++
		}
		at, any, err := s.Reach(t.Context(), vector(known), vector(upTo))
		if err != nil || any != found || found && at != want {
			t.Errorf("from %v to %v: got %d, %t, %v; want %d, %t", known, upTo, at, any, err, want, found)
		}
	}
	if some < 20 {
		t.Errorf("only %d of the cut-offs had anything between them", some)
	}
}
