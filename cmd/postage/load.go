package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"postage/ingest"
	"postage/ingest/load"
	"postage/schemas/clickhouse"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// loadCommand is `postage load`: a backfill, by the path of any other record.
type loadCommand struct {
	engineFlags
	Tariff string   `placeholder:"DIR" help:"Tariff whose senders.csv maps the carrier's phone_number_id to numbers; \"example\" for the built-in one."`
	JSON   bool     `name:"json" help:"Print the summary as JSON."`
	Files  []string `arg:"" help:"Files of events: JSON lines (v1 or webhook bodies) or CSV, plain, gzip or zstd, or Parquet; told apart by content."`
}

func (c *loadCommand) Run(ctx context.Context, s *streams) (err error) {
	for _, name := range c.Files {
		if err := checkFile(name); err != nil {
			return err
		}
	}
	var t *loadedTariff
	if c.Tariff != "" {
		if t, err = (tariffFlag{c.Tariff}).load(); err != nil {
			return err
		}
	}
	l := &loading{streams: s, byTopic: map[string]*loadedFile{}, refusals: []refusal{}}
	if err := l.inspect(ctx, c.Files); err != nil {
		return err
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	// What is refused is in the table; it goes to the topic too where there is a broker.
	if c.Kafka != "" || c.Clickhouse == "" {
		if err := c.openKafka(ctx, s, e); err != nil {
			return err
		}
		producer := e.cluster().Producer(refusedTopic)
		defer closeWith(&err, "producer", producer.Close)
		l.topic = producer
	}
	if err := l.run(ctx, e, t); err != nil {
		return err
	}
	if c.JSON {
		err = l.printJSON()
	} else {
		l.print()
	}
	if err == nil && ctx.Err() != nil {
		return errors.New("interrupted; the same command goes on where this one stopped")
	}
	return err
}

// loadedFile is one file and what became of it.
type loadedFile struct {
	*load.File
	State string // loaded, resumed, already_loaded, same_content
	from  int64
}

// loading is one load.
type loading struct {
	*streams
	topic   ingest.RefusedSink // may be nil
	files   []*loadedFile
	byTopic map[string]*loadedFile
	service *ingest.Service

	records  int64        // in all files
	skipped  atomic.Int64 // of them, those that were in the log, about
	finished bool
	refusals []refusal
}

// refusal is a refused record, told by where it stands in its file.
type refusal struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// refusalsShown is how many refused records a summary names.
const refusalsShown = 10

// inspect reads every file once, before anything is loaded: what cannot be read is
// known then, and what was loaded before is recognised by its content.
func (l *loading) inspect(ctx context.Context, names []string) error {
	var size int64
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	var read atomic.Int64
	p := progress{what: "looking through", total: func() int64 { return size }, done: read.Load, unit: "MB", size: 1_000_000}
	defer p.run(ctx, l.err)()
	for _, name := range names {
		f, err := load.Inspect(ctx, name, func(n int) { read.Add(int64(n)) })
		if err != nil {
			return fmt.Errorf("nothing was loaded: %w", err)
		}
		file := &loadedFile{File: f, State: "already_loaded"} // unless reading begins below its end
		l.files = append(l.files, file)
		if _, twice := l.byTopic[f.Topic]; twice {
			file.State = "same_content"
			continue
		}
		l.byTopic[f.Topic] = file
		l.records += f.Records
	}
	return nil
}

// run takes the files into the log, one after the other.
func (l *loading) run(ctx context.Context, e *engines, t *loadedTariff) error {
	l.service = e.serviceOn(l.streams, t.tariffOrNil(), nil)
	l.service.Refused = l
	l.service.UntilCaughtUp = true
	l.service.BatchAge = 100 * time.Millisecond // at the end of a file nothing more comes
	p := progress{what: "loading", total: func() int64 { return l.records - l.skipped.Load() }, done: l.service.Stats.Records.Load, unit: "records"}
	defer p.run(ctx, l.err)()
	for _, f := range l.files {
		if f.State == "same_content" || ctx.Err() != nil {
			continue
		}
		if err := l.file(ctx, e, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if f.State == "already_loaded" {
			l.skipped.Add(f.Records)
		}
	}
	l.finished = ctx.Err() == nil
	return nil
}

// file takes one file into the log.
func (l *loading) file(ctx context.Context, e *engines, f *loadedFile) (err error) {
	noted := ingest.FileLoad{Topic: f.Topic, Run: uuid.NewString(), File: f.Name, Bytes: f.Size, Records: f.Records, End: f.End}
	if err := e.store.SaveLoad(ctx, noted); err != nil {
		return err
	}
	source := load.NewSource(f.File, &fileTenure{e.store, noted}, func(from int64) {
		f.State, f.from = "loaded", from
		if from > 0 {
			f.State = "resumed"
			l.skipped.Add(min(from, f.Records))
		}
	})
	defer closeWith(&err, "file", source.Close)
	l.service.Source = source
	return l.service.Run(ctx)
}

// fileTenure is the right to load a file: it has whoever began last. So two loads
// of one file at once do not repeat its records.
type fileTenure struct {
	store *clickhouse.Store
	load  ingest.FileLoad
}

// Owner implements ingest.Tenure.
func (t *fileTenure) Owner() ingest.Owner {
	id := crc32.ChecksumIEEE([]byte(t.load.Run))
	return ingest.Owner{Group: t.load.Topic, Generation: int32(id >> 1), Member: t.load.Run}
}

// Prove implements ingest.Tenure.
func (t *fileTenure) Prove(ctx context.Context) error {
	run, err := t.store.LoadRun(ctx, t.load.Topic)
	if err == nil && run != t.load.Run {
		err = ingest.ErrGenerationEnded
	}
	return err
}

// Publish implements ingest.RefusedSink: it remembers the first few for the
// summary.
func (l *loading) Publish(ctx context.Context, refused []ingest.Refused) error {
	for _, r := range refused {
		if len(l.refusals) == refusalsShown {
			break
		}
		l.refusals = append(l.refusals, refusal{l.byTopic[r.Topic].Name, r.Offset + 1, r.Reason, printable(maskNumbers(r.Detail))})
	}
	if l.topic == nil {
		return nil
	}
	return l.topic.Publish(ctx, refused)
}

// there is how many records were in the log before; about, when the load was
// interrupted.
func (l *loading) there() int64 {
	if !l.finished {
		return l.skipped.Load()
	}
	return l.records - l.service.Stats.Records.Load()
}

func (l *loading) print() {
	first := map[string]string{}
	for _, f := range l.files {
		switch f.State {
		case "already_loaded":
			if f.Records == 0 {
				fmt.Fprintf(l.out, "%s: has no records\n", f.Name)
				break
			}
			fmt.Fprintf(l.out, "%s: already loaded, %s records\n", f.Name, grouped(f.Records))
		case "resumed":
			fmt.Fprintf(l.out, "%s: went on at %s\n", f.Name, f.Position(f.from))
		case "same_content":
			fmt.Fprintf(l.out, "%s: same content as %s\n", f.Name, first[f.Topic])
		}
		if first[f.Topic] == "" {
			first[f.Topic] = f.Name
		}
	}
	for _, r := range l.refusals {
		fmt.Fprintf(l.err, "%s:%d: refused: %s: %s\n", r.File, r.Line, r.Reason, r.Detail)
	}
	stats := &l.service.Stats
	if more := stats.Refused.Load() - int64(len(l.refusals)); more > 0 {
		fmt.Fprintf(l.err, "%s more refused: postage refused list\n", grouped(more))
	}
	fmt.Fprintf(l.out, "%s records: %s events stored, %s refused; %s records already there\n",
		grouped(stats.Records.Load()), grouped(stats.Events.Load()), grouped(stats.Refused.Load()), grouped(l.there()))
}

func (l *loading) printJSON() error {
	type file struct {
		File    string `json:"file"`
		Topic   string `json:"topic"`
		State   string `json:"state"`
		Records int64  `json:"records"`
	}
	summary := struct {
		Files    []file    `json:"files"`
		Records  int64     `json:"records"`
		Events   int64     `json:"events"`
		Refused  int64     `json:"refused"`
		There    int64     `json:"already_there"`
		Refusals []refusal `json:"refusals"`
	}{Records: l.service.Stats.Records.Load(), Events: l.service.Stats.Events.Load(), Refused: l.service.Stats.Refused.Load(), There: l.there(), Refusals: l.refusals}
	for _, f := range l.files {
		summary.Files = append(summary.Files, file{f.Name, f.Topic, f.State, f.Records})
	}
	return json.NewEncoder(l.out).Encode(summary)
}
