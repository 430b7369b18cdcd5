package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"postage/ingest/kafka"
	"postage/schemas/events/traffic"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// TestFaults injects faults into the broker while records arrive and are consumed. Each
// ends in the same: every record is in the log once, and the ledger is closed.
func TestFaults(t *testing.T) {
	everyNth := func(n int) func() bool {
		var mu sync.Mutex
		calls := 0
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			calls++
			return calls%n == 0
		}
	}
	// on has every nth request of a kind answered by the fault.
	on := func(key kmsg.Key, n int, fault func(c *kfake.Cluster, req kmsg.Request) (kmsg.Response, error, bool)) func(*kfake.Cluster) {
		return func(c *kfake.Cluster) {
			hit := everyNth(n)
			c.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				if !hit() {
					return nil, nil, false
				}
				return fault(c, req)
			})
		}
	}
	cut := func(*kfake.Cluster, kmsg.Request) (kmsg.Response, error, bool) {
		return nil, errors.New("the connection is cut"), true
	}
	slow := func(by time.Duration) func(c *kfake.Cluster, _ kmsg.Request) (kmsg.Response, error, bool) {
		return func(c *kfake.Cluster, _ kmsg.Request) (kmsg.Response, error, bool) {
			c.SleepControl(func() { time.Sleep(by) })
			return nil, nil, false
		}
	}
	commitFails := func(code *kerr.Error) func(c *kfake.Cluster, req kmsg.Request) (kmsg.Response, error, bool) {
		return func(_ *kfake.Cluster, r kmsg.Request) (kmsg.Response, error, bool) {
			req := r.(*kmsg.OffsetCommitRequest)
			resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
			for _, topic := range req.Topics {
				answer := kmsg.NewOffsetCommitResponseTopic()
				answer.Topic = topic.Topic
				for _, p := range topic.Partitions {
					partition := kmsg.NewOffsetCommitResponseTopicPartition()
					partition.Partition, partition.ErrorCode = p.Partition, code.Code
					answer.Partitions = append(answer.Partitions, partition)
				}
				resp.Topics = append(resp.Topics, answer)
			}
			return resp, nil, true
		}
	}
	heartbeatFails := func(code *kerr.Error) func(c *kfake.Cluster, req kmsg.Request) (kmsg.Response, error, bool) {
		return func(_ *kfake.Cluster, r kmsg.Request) (kmsg.Response, error, bool) {
			resp := r.ResponseKind().(*kmsg.HeartbeatResponse)
			resp.ErrorCode = code.Code
			return resp, nil, true
		}
	}
	over := func(every time.Duration, do func(*kfake.Cluster)) func(*kfake.Cluster) {
		return func(c *kfake.Cluster) {
			go func() {
				for range 40 {
					time.Sleep(every)
					do(c)
				}
			}()
		}
	}
	tests := []struct {
		name     string
		cutBytes int // cuts connections after about so many bytes sent, in the middle of an answer
		fault    func(*kfake.Cluster)
	}{
		{name: "connections cut in the middle of answers", cutBytes: 50_000},
		{name: "cut at a fetch", fault: on(kmsg.Fetch, 3, cut)},
		{name: "cut at a commit", fault: on(kmsg.OffsetCommit, 3, cut)},
		{name: "cut at a heartbeat", fault: on(kmsg.Heartbeat, 2, cut)},
		{name: "generation fenced at a commit", fault: on(kmsg.OffsetCommit, 4, commitFails(kerr.IllegalGeneration))},
		{name: "member forgotten at a commit", fault: on(kmsg.OffsetCommit, 5, commitFails(kerr.UnknownMemberID))},
		{name: "rebalance at a commit", fault: on(kmsg.OffsetCommit, 4, commitFails(kerr.RebalanceInProgress))},
		{name: "commits refused by a former coordinator", fault: on(kmsg.OffsetCommit, 2, commitFails(kerr.NotCoordinator))},
		{name: "generation fenced at a heartbeat", fault: on(kmsg.Heartbeat, 2, heartbeatFails(kerr.IllegalGeneration))},
		{name: "slow fetches", fault: on(kmsg.Fetch, 2, slow(400*time.Millisecond))},
		{name: "slow commits", fault: on(kmsg.OffsetCommit, 5, slow(1200*time.Millisecond))},
		{name: "the coordinator moves", fault: over(400*time.Millisecond, (*kfake.Cluster).RehashCoordinators)},
		{name: "leaders change", fault: over(1500*time.Millisecond, (*kfake.Cluster).ShufflePartitionLeaders)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chance := randomly(t)
			opts := []kfake.Opt{
				kfake.NumBrokers(3), kfake.DefaultNumPartitions(topicPartitions), kfake.SleepOutOfOrder(), kfake.GroupMinSessionTimeout(time.Second),
				kfake.BrokerConfigs(map[string]string{"message.max.bytes": fmt.Sprint(kafka.MaxRecordBytes)}),
			}
			cutting := &cutter{chance: chance, bytes: tt.cutBytes}
			if tt.cutBytes > 0 {
				opts = append(opts, kfake.ListenFn(cutting.listen))
			}
			c, err := kfake.NewCluster(opts...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			p := newPlant(t, strings.Join(c.ListenAddrs(), ","), "example")
			p.engines.session = 2 * time.Second
			records := monthOf(t, p.tariff.Tariff, month("2026-10"), 1500, traffic.Webhook)
			records = append(records, badRecords(month("2026-10"))[:4]...)
			chance.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			p.produce(records[:len(records)/3]...)
			if tt.fault != nil {
				tt.fault(c)
			}
			cutting.start()

			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			work, ctx := errgroup.WithContext(ctx)
			serving, stop := context.WithCancel(ctx)
			for range 2 {
				work.Go(func() error {
					service, closeService, err := p.engines.newService(p.streams, p.tariff.Tariff)
					if err != nil {
						return err
					}
					service.BatchAge, service.BatchRecords = 30*time.Millisecond, 100
					return errors.Join(service.Run(serving), closeService())
				})
			}
			work.Go(func() error {
				defer stop()
				producer := kafka.NewProducer(p.engines.brokers, eventsTopic)
				defer producer.Close()
				for rest := records[len(records)/3:]; len(rest) > 0; time.Sleep(20 * time.Millisecond) {
					n := min(len(rest), 40)
					cutting.pause(func() { err = producer.Produce(ctx, rest[:n]...) })
					if err != nil {
						return err
					}
					rest = rest[n:]
				}
				for ctx.Err() == nil {
					if p.one("SELECT uniqExact(partition, offset) FROM (SELECT partition, offset FROM events UNION ALL SELECT partition, offset FROM refused)") == fmt.Sprint(len(records)) {
						return nil
					}
					time.Sleep(50 * time.Millisecond)
				}
				return errors.New("not all records were stored in time")
			})
			if err := work.Wait(); err != nil {
				t.Fatal(err)
			}
			cutting.stop()
			p.ingest() // what was stored and not committed
			p.checkLedger(len(records))
			if got := p.one("SELECT uniqExact(partition, offset) FROM refused"); got != "4" {
				t.Errorf("refused: got %s, want 4", got)
			}
			t.Logf("%d records, %s spans, %d connections cut", len(records), p.one("SELECT count() FROM ledger"), cutting.cuts)
		})
	}
}

// cutter makes listeners whose connections are cut while the server writes.
type cutter struct {
	bytes int // on average

	mu     sync.Mutex
	chance *rand.Rand
	on     bool
	cuts   int
}

func (c *cutter) start() { c.set(true) }
func (c *cutter) stop()  { c.set(false) }

func (c *cutter) set(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = on
}

// pause does something undisturbed: a producer that tries again would make copies.
func (c *cutter) pause(do func()) {
	c.mu.Lock()
	was := c.on
	c.on = false
	c.mu.Unlock()
	do()
	c.set(was)
}

func (c *cutter) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return cutListener{l, c}, err
}

type cutListener struct {
	net.Listener
	c *cutter
}

func (l cutListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cutConn{Conn: conn, c: l.c}, nil
}

type cutConn struct {
	net.Conn
	c *cutter
}

// Write cuts the connection behind a part of what is written, with a chance that grows with
// that; one in three of the large ones gets through untouched.
func (c *cutConn) Write(b []byte) (int, error) {
	c.c.mu.Lock()
	cut, n := c.c.on && c.c.chance.IntN(c.c.bytes) < min(len(b)+c.c.bytes/100, c.c.bytes*2/3), 0
	if cut {
		c.c.cuts++
		n = c.c.chance.IntN(len(b) + 1)
	}
	c.c.mu.Unlock()
	if !cut {
		return c.Conn.Write(b)
	}
	_, _ = c.Conn.Write(b[:n])
	c.Conn.Close()
	return n, net.ErrClosed
}
