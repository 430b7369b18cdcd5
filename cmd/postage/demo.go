package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/kafka"
	"postage/rating"
	"postage/reports/closing"
	"postage/schemas/events/traffic"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// demoCommand is `postage demo`: a month through the whole pipeline.
//
//	traffic --> Kafka --> ingest --> ClickHouse --> close --> invoices, workbook
//	             late event -----------^   ^          `--> adjustment
//	                  live classification -'
type demoCommand struct {
	engineFlags
	trafficFlags
	Tariff string `default:"example" placeholder:"DIR" help:"Tariff to rate by (default: the example)."`
	Keep   bool   `help:"Leave the engines running afterwards, for a look around; Ctrl-C ends it."`
}

func (c *demoCommand) Run(ctx context.Context, s *streams) (err error) {
	began := time.Now()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(demoMemory) // collect garbage sooner rather than grow
	}
	t, err := (tariffFlag{c.Tariff}).load()
	if err != nil {
		return err
	}
	month, err := rating.ParseMonth(c.Month)
	if err != nil {
		return usageError{err}
	}
	if _, err := c.generator(t.Tariff); err != nil {
		return err // before anything is started for nothing
	}
	if c.Data == "" {
		if c.Data, err = freshDir("postage-demo"); err != nil {
			return err
		}
	}
	lock, err := claimDir(c.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	d := &demo{streams: s, flags: c, tariff: t, month: month, dir: c.Data}

	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	d.say("Starting ClickHouse and a Kafka broker; data in %s", c.Data)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	if err := e.tariffs.activate(ctx, t); err != nil {
		return err
	}
	if err := c.openKafka(ctx, s, e); err != nil {
		return err
	}
	d.engines = e
	d.closer, err = c.newCloser(ctx, s, e, t, month.Next().First())
	if err != nil {
		return err
	}
	d.closer.Approval = &closing.Approval{By: "postage demo", Why: "a demonstration approves itself"}
	if err := d.play(ctx); err != nil {
		return err
	}
	if err := d.summary(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s, peak memory of this process %s\n", time.Since(began).Round(100*time.Millisecond), peakMemory())
	if c.Keep {
		<-ctx.Done()
	}
	return nil
}

// demoMemory is where the garbage collector begins to work harder. What is really
// in use with 200,000 messages is some 200 MB.
const demoMemory = 350 << 20

// demo is one performance.
type demo struct {
	*streams
	flags   *demoCommand
	tariff  *loadedTariff
	month   rating.Month
	dir     string
	engines *engines
	closer  *closing.Closer

	facts    traffic.Facts
	spoiled  int // records sent that must be refused
	produced int64
	invoices *closing.Result // the close
	late     *lateEvent
	notes    *closing.Result // the close after the late event
	files    []string
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.err, format+"\n", args...) }

// play does everything but talk about it.
func (d *demo) play(ctx context.Context) error {
	if err := d.fill(ctx); err != nil {
		return err
	}
	var err error
	d.say("Closing %s", d.month)
	if d.invoices, err = d.closer.Close(ctx, d.month); err != nil {
		return err
	}
	out := filepath.Join(d.dir, d.month.String())
	if d.files, err = d.closer.Export(ctx, d.invoices, out); err != nil {
		return err
	}
	if d.late, err = chooseLate(d.invoices.Statements, d.closer.Runs.Charges(ctx, d.invoices.Run.ID)); err != nil {
		return err
	}
	if d.late != nil {
		d.say("A customer's message of %s arrives late, after the close", d.late.event.At)
		if err := d.produceAndConsume(ctx, func(p *kafka.Producer) error {
			d.produced++
			return p.Produce(ctx, d.late.record())
		}); err != nil {
			return err
		}
		if d.notes, err = d.closer.Close(ctx, d.month); err != nil {
			return err
		}
		adjusted, err := d.closer.Export(ctx, d.notes, out)
		if err != nil {
			return err
		}
		d.files = append(d.files, adjusted...)
		slices.Sort(d.files)
		d.files = slices.Compact(d.files)
	}
	return nil
}

// last is the latest close.
func (d *demo) last() *closing.Result {
	if d.notes != nil {
		return d.notes
	}
	return d.invoices
}

// fill sends the month and some bad records to Kafka and reads them into the log.
func (d *demo) fill(ctx context.Context) error {
	g, err := d.flags.generator(d.tariff.Tariff)
	if err != nil {
		return err
	}
	d.say("Sending %d messages of %s to Kafka, and reading them at the same time", d.flags.Messages, d.month)
	err = d.produceAndConsume(ctx, func(p *kafka.Producer) error {
		const slab = 4000
		batch := make([]kafka.Produced, 0, slab)
		for r := range g.Records() {
			batch = append(batch, kafka.Produced{Key: []byte(r.Key), Value: r.Value, Time: r.Arrived.Time()})
			if len(batch) == slab {
				if err := p.Produce(ctx, batch...); err != nil {
					return err
				}
				d.produced += slab
				batch = batch[:0]
			}
		}
		bad := badRecords(d.month)
		d.spoiled = len(bad)
		d.produced += int64(len(batch) + len(bad))
		return p.Produce(ctx, append(batch, bad...)...)
	})
	d.facts = g.Facts()
	return err
}

// produceAndConsume runs the ingest service while produce sends, until all that
// was sent is in the log.
func (d *demo) produceAndConsume(ctx context.Context, produce func(*kafka.Producer) error) (err error) {
	producer := d.engines.cluster().Producer(eventsTopic)
	defer closeWith(&err, "producer", producer.Close)
	service, closeService, err := d.engines.newService(d.streams, d.tariff.Tariff)
	if err != nil {
		return err
	}
	defer closeWith(&err, "consumer", closeService)

	before := d.produced
	consuming, stop := context.WithCancel(ctx)
	defer stop()
	work, workCtx := errgroup.WithContext(consuming)
	work.Go(func() error { return service.Run(workCtx) })
	work.Go(func() error {
		if err := produce(producer); err != nil {
			return err
		}
		return d.await(workCtx, service, d.produced-before, stop)
	})
	if err := work.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return ctx.Err()
}

// await shows progress until the service has made so many records durable.
func (d *demo) await(ctx context.Context, service *ingest.Service, records int64, done func()) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for service.Stats.Records.Load() < records {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.say("%d records in the log: %d events, %d refused", records, service.Stats.Events.Load(), service.Stats.Refused.Load())
	done()
	return nil
}

// badRecords are what no tariff could cure, one of each sort, and a sender that
// nobody has registered, whose message is stored and stays unrated.
func badRecords(m rating.Month) []kafka.Produced {
	at := m.First().AddDays(14).Midnight(time.UTC) + 10*rating.Hour
	event := func(time, rest string) string {
		return `{"type":"message.sent","time":"` + time + `","message_id":"wamid.demo-bad","user":"+447700900999"` + rest + `}`
	}
	sender := `,"sender":"+442079460999","kind":"template","category":"utility"`
	values := []string{
		`this is not JSON`,
		`{"hello":"world"}`,
		event(at.String(), `,"kind":"template"`), // no sender
		event("1999-12-31T23:59:59Z", sender),
		event(at.String(), sender+`,"padding":"`+strings.Repeat("x", 10<<20)+`"`),
		strings.Replace(event(at.String(), sender), "demo-bad", "demo-unknown-sender", 1),
	}
	records := make([]kafka.Produced, len(values))
	for i, v := range values {
		records[i] = kafka.Produced{Key: []byte("demo"), Value: []byte(v), Time: at.Time()}
	}
	return records
}

// lateEvent is an inbound that comes after the close and frees a message that
// has been charged.
type lateEvent struct {
	freed *rating.Message
	event rating.Event
}

// chooseLate takes the first charged notification of the founding rule whose
// customer was charged for nothing else in the month, or else of any regime: an
// inbound an hour before it, through an advertisement, frees it under every
// regime. Accounts that pay a minimum are left out: there, nothing would change.
func chooseLate(statements []rating.Statement, charges iter.Seq2[*rating.Message, error]) (*lateEvent, error) {
	atMinimum := map[string]bool{}
	for i := range statements {
		for _, l := range statements[i].Lines {
			if l.Kind == rating.MinimumSpendLine {
				atMinimum[statements[i].Account] = true
			}
		}
	}
	charged := map[talk]int{}
	var candidates []rating.Message
	for m, err := range charges {
		if err != nil {
			return nil, err
		}
		charged[talk{m.Sender, m.User}]++
		if !atMinimum[m.Account] {
			candidates = append(candidates, *m)
		}
	}
	var chosen *rating.Message
	for i := range candidates {
		m := &candidates[i]
		if charged[talk{m.Sender, m.User}] > 1 {
			continue
		}
		if chosen == nil || m.Regime == rating.NBP && chosen.Regime != rating.NBP {
			chosen = m
		}
	}
	if chosen == nil {
		return nil, nil
	}
	return &lateEvent{chosen, rating.Event{
		Type: rating.Received, Kind: rating.Freeform, At: chosen.SentAt - rating.Hour, MessageID: "wamid.demo-late",
		Sender: chosen.Sender, User: chosen.User, Referral: rating.ReferralAd, Client: rating.ClientAndroid,
	}}, nil
}

func (l *lateEvent) record() kafka.Produced {
	return kafka.Produced{Key: []byte(l.event.Sender + "|" + l.event.User), Value: l.event.AppendCanonical(nil), Time: l.event.At.Time()}
}

func peakMemory() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if kib := peakRSS(); kib > 0 {
		return fmt.Sprintf("%d MB", kib>>10)
	}
	return fmt.Sprintf("%d MB (Go heap and stacks)", m.Sys>>20)
}
