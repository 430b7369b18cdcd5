package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/schemas/events/traffic"
	"sync"
	"testing"
	"time"
)

// TestLostMembership: who has been put out of the group cannot append any more, whether or
// not it has noticed.
func TestLostMembership(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	p.produce(monthOf(t, p.tariff.Tariff, month("2026-10"), 100, traffic.V1)...)
	join := func() *kafka.Group {
		t.Helper()
		g, err := kafka.JoinGroup(p.engines.brokers, eventsTopic, consumerGroup, p.log, kafka.GroupOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { g.Close() })
		return g
	}
	next := func(g *kafka.Group) ingest.Generation {
		t.Helper()
		gen, err := g.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(gen.End)
		return gen
	}
	batch := func(offset int64) *ingest.Batch {
		e := rating.Event{Type: rating.Received, At: rating.At(at("2026-10-05T12:00:00Z")), MessageID: "m", Sender: "+12125550101", User: "+12125550199"}
		return &ingest.Batch{
			Events: []ingest.Record{{Origin: ingest.Origin{Topic: eventsTopic, Offset: offset}, Event: e}},
			Spans:  []ingest.Span{{Topic: eventsTopic, From: offset, To: offset + 1, Records: 1, Stored: 1, Events: 1}},
		}
	}
	first := next(join())
	if err := p.engines.store.Append(t.Context(), first, batch(0)); err != nil {
		t.Fatalf("append of a member: %v", err)
	}
	forgetMembers(t, p.Kafka)
	second := next(join())
	if first.Owner().Generation >= second.Owner().Generation {
		t.Fatalf("generations: %+v, then %+v", first.Owner(), second.Owner())
	}
	if err := p.engines.store.Append(t.Context(), first, batch(1)); !errors.Is(err, ingest.ErrGenerationEnded) {
		t.Errorf("append of a former member: got %v, want ErrGenerationEnded", err)
	}
	if err := first.Commit(t.Context(), map[ingest.Partition]int64{{Topic: eventsTopic}: 2}); !errors.Is(err, ingest.ErrGenerationEnded) {
		t.Errorf("commit of a former member: got %v, want ErrGenerationEnded", err)
	}
	if got := p.one("SELECT count() FROM events"); got != "1" {
		t.Errorf("rows: got %s, want 1", got)
	}
}

// TestAmbiguousInserts: connections to ClickHouse break in the middle of inserts, and behind
// them, before the answer comes. The service finds out what became of each.
func TestAmbiguousInserts(t *testing.T) {
	t.Parallel()
	p := newPlant(t, embeddedBroker(t), "example")
	records := monthOf(t, p.tariff.Tariff, month("2026-10"), 4000, traffic.V1)
	p.produce(records...)
	relay := newRelay(t, sharedEngine(t).Addr)
	flags := p.engineFlags
	flags.Clickhouse = "clickhouse://" + relay.addr + "/" + p.database
	e := &engines{brokers: p.engines.brokers}
	t.Cleanup(func() { e.Close() })
	if err := flags.openStore(t.Context(), p.streams, e); err != nil {
		t.Fatal(err)
	}
	service, closeService, err := e.newService(p.streams, p.tariff.Tariff)
	if err != nil {
		t.Fatal(err)
	}
	service.BatchRecords = 400
	service.UntilCaughtUp = true
	relay.start(randomly(t), 100_000)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := errors.Join(service.Run(ctx), ctx.Err(), closeService()); err != nil {
		t.Fatal(err)
	}
	relay.start(nil, 0)
	p.ingest() // whatever is not committed
	p.checkLedger(len(records))
	t.Logf("%d records, %d retries, %d connections cut", len(records), service.Stats.Retries.Load(), relay.cuts)
	if service.Stats.Retries.Load() == 0 {
		t.Error("nothing went wrong, so nothing was tested")
	}
}

// relay passes connections on, and cuts some of them: on the way there, or on the way back,
// when the server has done what it was asked for and the answer does not arrive.
type relay struct {
	addr string

	mu     sync.Mutex
	chance *rand.Rand // nil: cuts nothing
	bytes  int
	cuts   int
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &relay{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp4", to)
			if err != nil {
				client.Close()
				continue
			}
			go r.pass(server, client, 1)
			go r.pass(client, server, 8) // answers are small
		}
	}()
	return r
}

// start cuts from now on, six times at most, on average after so many bytes.
func (r *relay) start(chance *rand.Rand, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chance, r.bytes = chance, bytes
}

func (r *relay) pass(dst, src net.Conn, weight int) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(buf)
		r.mu.Lock()
		cut := r.chance != nil && r.cuts < 6 && n > 0 && r.chance.IntN(r.bytes) < n*weight
		if cut {
			r.cuts++
			n = r.chance.IntN(n + 1)
		}
		r.mu.Unlock()
		if _, wErr := dst.Write(buf[:n]); cut || err != nil || wErr != nil {
			return
		}
	}
}
