package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"postage/rating"
	"postage/schemas/events"
	"slices"
	"strings"
)

// rateCommand is `postage rate`: offline, no servers.
type rateCommand struct {
	tariffFlag
	Files []string `arg:"" optional:"" help:"Files of events, one JSON record per line (v1 or webhook bodies); standard input when none is named."`
}

func (c *rateCommand) Run(ctx context.Context, s *streams) error {
	t, err := c.loadLenient(s.err)
	if err != nil {
		return err
	}
	in := newEventReader(t.Tariff)
	if err := in.readAll(ctx, c.Files, s); err != nil {
		return err
	}
	rated, err := rating.Evaluate(t.Tariff, in.conversations(), nil)
	if err != nil {
		return err
	}
	slices.SortFunc(rated.Messages, func(a, b *rating.Message) int {
		return cmp.Or(cmp.Compare(a.SentAt, b.SentAt), strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Sender, b.Sender), strings.Compare(a.User, b.User))
	})
	out := bufio.NewWriterSize(s.out, 1<<20)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	outcomes := map[rating.Outcome]int{}
	for _, m := range rated.Messages {
		outcomes[m.Outcome]++
		if err := lines.Encode(newRatedLine(m, t.Rows.Version)); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d events in, %d refused; %d messages out:", in.events, in.refused, len(rated.Messages))
	for o := rating.Charged; o <= rating.Unrated; o++ {
		fmt.Fprintf(s.err, " %d %s", outcomes[o], o)
	}
	fmt.Fprintln(s.err)
	return nil
}

// ratedLine is one line of `postage rate` (DESIGN, "Command line"). Members that
// do not apply are left out.
type ratedLine struct {
	MessageID   string   `json:"message_id"`
	Account     string   `json:"account,omitempty"`
	Sender      string   `json:"sender"`
	User        string   `json:"user"`
	SentAt      string   `json:"sent_at"`
	DeliveredAt string   `json:"delivered_at,omitempty"`
	Class       string   `json:"class"`
	Outcome     string   `json:"outcome"`
	Reason      string   `json:"reason"`
	Flags       []string `json:"flags,omitempty"`
	Regime      string   `json:"regime"`
	Category    string   `json:"category,omitempty"`
	Market      string   `json:"market,omitempty"`
	Month       string   `json:"month,omitempty"`
	Tier        int      `json:"tier,omitempty"`
	UnitPrice   string   `json:"unit_price,omitempty"`
	Price       string   `json:"price,omitempty"`
	Currency    string   `json:"currency,omitempty"`
	PriceRow    string   `json:"price_row,omitempty"`
	Tariff      string   `json:"tariff"`

	CarrierBillable *bool  `json:"carrier_billable,omitempty"`
	CarrierModel    string `json:"carrier_model,omitempty"`
	CarrierType     string `json:"carrier_type,omitempty"`
	CarrierCategory string `json:"carrier_category,omitempty"`
}

func newRatedLine(m *rating.Message, tariff string) ratedLine {
	l := ratedLine{
		MessageID: m.MessageID, Account: m.Account, Sender: m.Sender, User: m.User,
		SentAt: m.SentAt.String(), DeliveredAt: m.DeliveredAt.String(),
		Class: m.Class.String(), Outcome: m.Outcome.String(), Reason: m.Reason.String(), Flags: m.Flags.Names(),
		Regime: m.Regime.String(), Category: m.Category, Market: m.Market, Month: m.Month.String(), Tariff: tariff,
		CarrierModel: m.Claim.Model, CarrierType: m.Claim.Type, CarrierCategory: m.Claim.Category,
	}
	if m.Claim.Billable != rating.BillableUnsaid {
		billable := m.Claim.Billable == rating.BillableYes
		l.CarrierBillable = &billable
	}
	if m.Rate != nil {
		l.Tier, l.Currency, l.PriceRow = m.Tier, m.Rate.Currency, m.Rate.PriceRow
		l.UnitPrice = m.Rate.FormatUnitPrice()
		l.Price = l.UnitPrice
	}
	return l
}

// eventReader reads files of events into conversations.
type eventReader struct {
	decoder *events.Decoder
	byTalk  map[talk][]rating.Event

	events, refused int
}

// talk is the key of a conversation.
type talk struct{ sender, user string }

func newEventReader(t *rating.Tariff) *eventReader {
	return &eventReader{decoder: newDecoder(t), byTalk: map[talk][]rating.Event{}}
}

// readAll reads the named files, or standard input when there are none. Records
// that are refused are reported with their place and left out.
func (r *eventReader) readAll(ctx context.Context, files []string, s *streams) error {
	if len(files) == 0 {
		return r.read(ctx, "stdin", s.in, s.err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return usageError{err}
		}
		err = errors.Join(r.read(ctx, name, f, s.err), f.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *eventReader) read(ctx context.Context, name string, in io.Reader, report io.Writer) error {
	var items []events.Item
	for line, record := range records(in) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if record.err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, record.err)
		}
		var refusals []events.Refusal
		items, refusals = r.decoder.Decode(items[:0], record.value, 0)
		for _, item := range items {
			k := talk{item.Event.Sender, item.Event.User}
			r.byTalk[k] = append(r.byTalk[k], item.Event)
		}
		for _, refusal := range refusals {
			fmt.Fprintf(report, "%s:%d: refused: %s: %s\n", name, line, refusal.Reason, refusal.Detail)
		}
		r.events += len(items)
		r.refused += len(refusals)
	}
	return nil
}

type record struct {
	value []byte
	err   error
}

// records yields the lines of a file that are not blank, with their numbers from
// 1. A value is valid until the next one.
func records(in io.Reader) iter.Seq2[int, record] {
	return func(yield func(int, record) bool) {
		r := bufio.NewReaderSize(in, 1<<20)
		var long []byte
		for n := 1; ; n++ {
			line, err := r.ReadSlice('\n')
			if errors.Is(err, bufio.ErrBufferFull) {
				long = append(long[:0], line...)
				for errors.Is(err, bufio.ErrBufferFull) {
					line, err = r.ReadSlice('\n')
					long = append(long, line...)
				}
				line = long
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(n, record{err: err})
				return
			}
			if n == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if len(bytes.TrimSpace(line)) > 0 && !yield(n, record{value: line}) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// conversations yields what was read, one conversation at a time.
func (r *eventReader) conversations() iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		for _, events := range r.byTalk {
			if !yield(events, nil) {
				return
			}
		}
	}
}
