package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"postage/ingest/kafka"
	"postage/schemas/events/traffic"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestRebalance: consumers of one group come and go while records arrive. Each
// offset is in the log once, whoever read it.
func TestRebalance(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 6000, traffic.V1)
	chance := randomly(t)

	producing, cancel := context.WithCancel(t.Context())
	defer cancel()
	work, ctx := errgroup.WithContext(producing)
	work.Go(func() error {
		producer := kafka.NewProducer(p.engines.brokers, eventsTopic)
		defer producer.Close()
		for rest := records; len(rest) > 0; {
			n := min(len(rest), 100)
			if err := producer.Produce(ctx, rest[:n]...); err != nil {
				return err
			}
			rest = rest[n:]
			time.Sleep(20 * time.Millisecond)
		}
		return nil
	})
	consume := func(wait, life time.Duration) {
		work.Go(func() error {
			time.Sleep(wait)
			service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
			if err != nil {
				return err
			}
			service.BatchAge = 50 * time.Millisecond
			alive, stop := context.WithCancel(ctx)
			defer stop()
			defer time.AfterFunc(life, stop).Stop()
			return errors.Join(service.Run(alive), closeService())
		})
	}
	consume(0, 4500*time.Millisecond)
	for i := range 3 {
		consume(time.Duration(500+1000*i)*time.Millisecond, time.Duration(500+chance.IntN(2000))*time.Millisecond)
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	forgetMembers(t, p.Kafka) // one that was stopped while it joined is a ghost for 15 s
	p.ingest()
	p.checkLedger(len(records))
	t.Logf("%s spans in the ledger", p.one("SELECT count() FROM ledger"))
}

// TestOrderlyStop: an interrupt finishes the batch in hand, commits and ends with
// status 0: that is how an operator stops a consumer.
func TestOrderlyStop(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 500, traffic.V1)
	p.produce(records...)
	var log bytes.Buffer
	cmd := command(t, "ingest", "--kafka", p.Kafka, "--clickhouse", "clickhouse://"+gentle(t)+"/"+p.database, "--data", p.Data)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); p.one("SELECT count() FROM ledger") == "0"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was stored:\n%s", log.String())
		}
	}
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v, want status 0\n%s", err, log.String())
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if got, want := log.String(), fmt.Sprintf("%d records: ", len(records)); !strings.Contains(got, want) {
		t.Errorf("last words: got %q, want %q in them", got, want)
	}
	// It left the group: the next one need not wait for a session to run out.
	began = time.Now()
	p.ingest()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the next consumer had to wait %s", took)
	}
	p.checkLedger(len(records))
}

// TestTopicMadeAnew: a topic that ends below what the log has of it is another topic
// of the same name. Reading on would leave out its first records.
func TestTopicMadeAnew(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 200, traffic.V1)
	p.produce(records...)
	p.ingest()
	p.engines.brokers = []string{embeddedBroker(t)}
	if err := kafka.EnsureTopics(t.Context(), p.engines.brokers, kafka.Topic{Name: eventsTopic, Partitions: topicPartitions}); err != nil {
		t.Fatal(err)
	}
	service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
	if err != nil {
		t.Fatal(err)
	}
	defer closeService()
	if err := service.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the topic was made anew") {
		t.Errorf("got %v, want an error that says what happened", err)
	}
}
