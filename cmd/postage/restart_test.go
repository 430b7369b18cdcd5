package main

import (
	"bytes"
	"fmt"
	"postage/ingest/kafka"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// TestDeathDuringIngest kills `postage ingest` (-9) over and over while records
// arrive, at random moments and as soon as it has written something, between the
// rows and the ledger. In the end every record is in the log, none twice.
func TestDeathDuringIngest(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 3000, traffic.Webhook) // bodies of several events too
	records = append(records, badRecords(month("2026-10"))[:4]...)
	chance := randomly(t)

	produced := make(chan error, 1)
	go func() {
		producer := kafka.NewProducer(p.engines.brokers, eventsTopic)
		defer producer.Close()
		for rest := records; len(rest) > 0; {
			n := min(len(rest), 1+chance.IntN(len(records)/30))
			if err := producer.Produce(t.Context(), rest[:n]...); err != nil {
				produced <- err
				return
			}
			rest = rest[n:]
			time.Sleep(200 * time.Millisecond)
		}
		produced <- nil
	}()

	args := []string{"ingest", "-v", "--kafka", p.Kafka, "--clickhouse", "clickhouse://" + gentle(t) + "/" + p.database, "--data", p.Data}
	var completed int
	const deaths = 7
	for death := range deaths {
		var log bytes.Buffer
		cmd := command(t, args...)
		cmd.Stderr = &log
		before := p.one("SELECT count() FROM events")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if death%2 == 0 {
			time.Sleep(time.Duration(1000+death*211%700) * time.Millisecond)
		} else {
			for deadline := time.Now().Add(5 * time.Second); p.one("SELECT count() FROM events") == before && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
		}
		cmd.Process.Kill()
		if cmd.Wait() == nil {
			t.Errorf("ingest ended by itself:\n%s", log.String())
		}
		completed += strings.Count(log.String(), "completing a batch that was cut short")
		forgetMembers(t, p.Kafka)
	}
	if err := <-produced; err != nil {
		t.Fatalf("produce: %v", err)
	}

	cmd := command(t, append(args, "--until-caught-up")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ingest after %d deaths: %v\n%s", deaths, err, out)
	}
	completed += strings.Count(string(out), "completing a batch that was cut short")
	p.checkLedger(len(records))
	t.Logf("%d records, %d deaths, %d batches cut short and completed", len(records), deaths, completed)

	// What decides an invoice is what was sent, no more and no less.
	r := p.close(p.closer(), month("2026-10"))
	equalJSON(t, "statements", r.Statements, offline(t, p.tariff.Tariff, month("2026-10"), records))
	if got := p.one("SELECT uniqExact(partition, offset, item) FROM refused"); got != "4" {
		t.Errorf("refused: got %s, want 4", got)
	}
	// The topic of the refused may have copies after a death, but loses none.
	refused := map[string]bool{}
	for _, m := range readTopic(t, p.Kafka, refusedTopic) {
		refused[hashOf(m.Value)] = true
	}
	if len(refused) != 4 {
		t.Errorf("different records in topic %s: got %d, want 4", refusedTopic, len(refused))
	}
}

// forgetMembers takes dead members out of the group, which the broker would only
// do after the session timeout of 15 s.
func forgetMembers(t *testing.T, broker string) {
	t.Helper()
	client := &kafkago.Client{Addr: kafkago.TCP(broker), Timeout: 5 * time.Second}
	groups, err := client.DescribeGroups(t.Context(), &kafkago.DescribeGroupsRequest{GroupIDs: []string{consumerGroup}})
	if err != nil {
		t.Fatalf("group %s: %v", consumerGroup, err)
	}
	req := &kafkago.LeaveGroupRequest{GroupID: consumerGroup}
	for _, g := range groups.Groups {
		for _, m := range g.Members {
			req.Members = append(req.Members, kafkago.LeaveGroupRequestMember{ID: m.MemberID})
		}
	}
	if len(req.Members) == 0 {
		return
	}
	resp, err := client.LeaveGroup(t.Context(), req)
	if err != nil || resp.Error != nil {
		t.Fatalf("group %s: leave: %v, %v", consumerGroup, err, fmt.Sprintf("%+v", resp))
	}
}
