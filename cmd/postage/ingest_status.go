package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"postage/ingest"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// ingestCommands are `postage ingest` and what belongs to it.
type ingestCommands struct {
	Consume ingestCommand       `cmd:"" default:"withargs" help:"Consume events from Kafka into the log (the default)."`
	Status  ingestStatusCommand `cmd:"" help:"Is the log complete? What was consumed of each partition, and how it ended."`
}

// ingestStatusCommand is `postage ingest status`.
type ingestStatusCommand struct {
	engineFlags
	JSON bool `name:"json" help:"One JSON object."`
}

// partitionStatus is one line of the status. Offsets are the next to be consumed or produced.
type partitionStatus struct {
	Topic        string     `json:"topic"`
	Partition    int32      `json:"partition"`
	First        int64      `json:"first_offset"`
	CompleteTo   int64      `json:"complete_to"`
	End          int64      `json:"end_offset"`
	Offsets      int64      `json:"offsets"`
	Records      int64      `json:"records"`
	Stored       int64      `json:"stored"`
	Refused      int64      `json:"refused"`
	Control      int64      `json:"control"`
	Events       int64      `json:"events"`
	Parts        int64      `json:"refusals"`
	Missing      int64      `json:"missing"`
	Gaps         []gap      `json:"gaps,omitempty"`
	Overlaps     int64      `json:"overlaps"`
	EventRows    int64      `json:"event_rows"`
	PartRows     int64      `json:"refusal_rows"`
	Repeated     int64      `json:"repeated_origins"`
	BeyondRows   int64      `json:"rows_beyond"`
	LastActivity *time.Time `json:"last_activity,omitempty"`
	BrokerFirst  *int64     `json:"broker_first,omitempty"`
	BrokerNext   *int64     `json:"broker_next,omitempty"`
	LagRecords   *int64     `json:"lag_records,omitempty"`
}

// gap is offsets [From, To).
type gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// ingestStatus is the whole of it.
type ingestStatus struct {
	Complete   bool              `json:"complete"`
	Partitions []partitionStatus `json:"partitions"`
	Faults     []string          `json:"faults"`
}

func (c *ingestStatusCommand) Run(ctx context.Context, s *streams) (err error) {
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	states, err := e.store.Completeness(ctx)
	if err != nil {
		return err
	}
	status := newIngestStatus(states)
	if c.Kafka != "" {
		// Looked at after the log, so that a consumer at work is not taken for a fault.
		if err := c.openKafka(ctx, s, e); err != nil {
			return err
		}
		bounds, err := e.cluster().Bounds(ctx, eventsTopic)
		if err != nil {
			return err
		}
		status.compare(bounds)
	}
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(status)
	} else {
		err = status.print(s.out)
	}
	if err == nil && !status.Complete {
		err = fmt.Errorf("the log is not complete: %d faults", len(status.Faults))
	}
	return err
}

func newIngestStatus(states []ingest.PartitionState) *ingestStatus {
	status := &ingestStatus{Complete: true, Partitions: []partitionStatus{}, Faults: []string{}}
	for i := range states {
		p := &states[i]
		line := partitionStatus{
			Topic: p.Topic, Partition: p.Partition, First: p.First, CompleteTo: p.CompleteTo, End: p.End,
			Offsets: p.Offsets, Records: p.Records, Stored: p.Stored, Refused: p.Refused, Control: p.Control(), Events: p.Events, Parts: p.Parts,
			Missing: p.Missing, Overlaps: p.Overlaps,
			EventRows: p.EventRows, PartRows: p.PartRows, Repeated: p.Repeated, BeyondRows: p.BeyondRows,
		}
		for _, g := range p.Gaps {
			line.Gaps = append(line.Gaps, gap(g))
		}
		if p.LastAt != 0 {
			at := p.LastAt.Time()
			line.LastActivity = &at
		}
		status.Partitions = append(status.Partitions, line)
		status.fault(p.Faults()...)
	}
	return status
}

func (s *ingestStatus) fault(faults ...string) {
	s.Faults = append(s.Faults, faults...)
	s.Complete = len(s.Faults) == 0
}

// compare adds what the brokers hold. Records that wait to be consumed are lag, not a
// fault; records that can no longer be consumed are.
func (s *ingestStatus) compare(bounds map[ingest.Partition]ingest.Bounds) {
	known := map[ingest.Partition]int{}
	for i := range s.Partitions {
		known[ingest.Partition{Topic: s.Partitions[i].Topic, ID: s.Partitions[i].Partition}] = i
	}
	for p, b := range bounds {
		i, ok := known[p]
		if !ok {
			s.Partitions = append(s.Partitions, partitionStatus{Topic: p.Topic, Partition: p.ID, First: b.First, CompleteTo: b.First, End: b.First})
			i = len(s.Partitions) - 1
		}
		line := &s.Partitions[i]
		lag := max(b.Next-line.CompleteTo, 0)
		line.BrokerFirst, line.BrokerNext, line.LagRecords = &b.First, &b.Next, &lag
		where := fmt.Sprintf("topic %s, partition %d: ", p.Topic, p.ID)
		switch {
		case b.Next < line.End:
			s.fault(where + fmt.Sprintf("the topic ends at offset %d, the log has it up to %d: the topic was made anew", b.Next, line.End))
		case b.First > line.CompleteTo:
			s.fault(where + fmt.Sprintf("the broker has deleted offsets %d to %d before they were consumed; load those records from elsewhere", line.CompleteTo, b.First-1))
		case b.First < line.First && line.Offsets > 0:
			s.fault(where + fmt.Sprintf("the broker holds offsets %d to %d, and consuming began above them; load those records again", b.First, line.First-1))
		}
	}
	slices.SortFunc(s.Partitions, func(a, b partitionStatus) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}

func (s *ingestStatus) print(out io.Writer) error {
	if len(s.Partitions) == 0 {
		_, err := fmt.Fprintln(out, "Nothing was consumed yet.")
		return err
	}
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "topic\tpartition\tfrom\tto\toffsets\tstored\trefused\tcontrol\tevents\tmissing\trepeated\tlag\tlast activity\t")
	for i := range s.Partitions {
		p := &s.Partitions[i]
		lag, last := "", ""
		if p.LagRecords != nil {
			lag = fmt.Sprint(*p.LagRecords)
		}
		if p.LastActivity != nil {
			last = p.LastActivity.Format(time.RFC3339)
		}
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", p.Topic, p.Partition, p.First, p.CompleteTo,
			p.Offsets, p.Stored, p.Refused, p.Control, p.Events, p.Missing, p.Repeated, lag, last)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, fault := range s.Faults {
		fmt.Fprintln(out, fault)
	}
	return nil
}
