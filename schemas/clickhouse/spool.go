package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"postage/rating"
	"postage/reports"

	chgo "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// Spool implements reports.EventLog, by a table in the order in which messages are priced.
func (s *Store) Spool(context.Context) (reports.Spool, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &spool{store: s, id: id}, nil
}

// spool implements reports.Spool. It is for one goroutine.
type spool struct {
	store *Store
	id    uuid.UUID
	in    *blockInsert[rating.Message]
}

func (p *spool) Add(ctx context.Context, messages []rating.Message) (err error) {
	if p.in == nil {
		if p.in, err = beginBlocks(ctx, p.store, "spool", spoolColumns(p.id)); err != nil {
			return fmt.Errorf("spool: %w", err)
		}
	}
	if err := p.in.putAll(messages); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// flush ends the INSERT under way.
func (p *spool) flush() error {
	if p.in == nil {
		return nil
	}
	in := p.in
	p.in = nil
	if err := in.end(); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

func (p *spool) Close(ctx context.Context) error {
	err := p.flush()
	// A partition cannot be a parameter; a UUID needs no quoting.
	if dropErr := p.store.conn.Exec(context.WithoutCancel(ctx), "ALTER TABLE spool DROP PARTITION '"+p.id.String()+"'"); err == nil && dropErr != nil {
		err = fmt.Errorf("spool: %w", dropErr)
	}
	return err
}

// InOrder implements reports.Spool. The blocks come over a channel from the goroutine that reads them.
func (p *spool) InOrder(ctx context.Context) iter.Seq2[*rating.Message, error] {
	return func(yield func(*rating.Message, error) bool) {
		if err := p.flush(); err != nil {
			yield(nil, err)
			return
		}
		blocks, stop, failure := p.read(ctx)
		defer stop()
		var m rating.Message
		words := interner{}
		for b := range blocks {
			for row := range b.sentAt {
				if err := b.message(row, &m, words); err != nil {
					yield(nil, fmt.Errorf("spool: %w", err))
					return
				}
				if !yield(&m, nil) {
					return
				}
			}
		}
		if err := failure(); err != nil {
			yield(nil, fmt.Errorf("spool: %w", err))
		}
	}
}

// read starts reading. stop ends it early, and failure is what went wrong, once blocks is at its end.
func (p *spool) read(ctx context.Context) (blocks <-chan *spoolBlock, stop func(), failure func() error) {
	out := make(chan *spoolBlock, 2)
	unwanted := make(chan struct{})
	finished := make(chan struct{})
	queryID := uuid.NewString()
	var err error
	go func() {
		defer close(finished)
		defer close(out)
		var l *link
		if l, err = p.store.links.take(ctx, p.store); err != nil {
			return
		}
		into := newSpoolBlock()
		err = l.Do(context.WithoutCancel(ctx), chgo.Query{
			Body: queryText("queries/spool.sql"), QueryID: queryID, Parameters: named{"spool": p.id}.parameters(), Result: into.results(),
			OnResult: func(_ context.Context, b proto.Block) error {
				if b.Rows == 0 {
					return nil
				}
				select {
				case out <- into.seal():
				case <-unwanted: // read to the end: see Store.abandon
				}
				return nil
			},
		})
		p.store.links.give(l, err)
	}()
	stop = func() {
		select {
		case <-finished:
			return
		default:
		}
		close(unwanted)
		_ = p.store.conn.Exec(context.WithoutCancel(ctx), "KILL QUERY WHERE query_id = {id:String} ASYNC", ch.Named("id", queryID)) // without it there is only more to read
		<-finished
	}
	return out, stop, func() error { <-finished; return err }
}

// spoolBlock is a block of spool.sql.
type spoolBlock struct {
	deliveredAt, sentAt, window proto.ColInt64
	id, sender, user            proto.ColStr
	words                       [11]proto.ColStr
	errorCode                   proto.ColInt32
	codes                       proto.ColFixedStr
}

func newSpoolBlock() *spoolBlock { return &spoolBlock{codes: proto.ColFixedStr{Size: spoolCodes}} }

func (b *spoolBlock) results() proto.Results {
	r := proto.Results{
		{Name: "delivered_at", Data: &b.deliveredAt},
		{Name: "message_id", Data: &b.id},
		{Name: "sender", Data: &b.sender},
		{Name: "user", Data: &b.user},
		{Name: "sent_at", Data: &b.sentAt},
		{Name: "window_from", Data: &b.window},
		{Name: "error_code", Data: &b.errorCode},
		{Name: "codes", Data: &b.codes},
	}
	for i := range b.words {
		r = append(r, proto.ResultColumn{Name: fmt.Sprintf("w%d", i), Data: &b.words[i]})
	}
	return r
}

// seal takes what has been read out of b, which will be filled anew.
func (b *spoolBlock) seal() *spoolBlock {
	sealed := *b
	*b = *newSpoolBlock()
	return &sealed
}

const spoolCodes = 12

// spoolColumns are the columns of the table, in any order.
func spoolColumns(spool uuid.UUID) []blockColumn[rating.Message] {
	type row = rating.Message
	codes := &proto.ColFixedStr{Size: spoolCodes}
	return []blockColumn[row]{
		blockID("spool", func(*row) uuid.UUID { return spool }),
		blockSlice("delivered_at", new(proto.ColInt64), "", func(m *row) int64 { return int64(m.DeliveredAt) }),
		blockText("message_id", func(m *row) string { return m.MessageID }),
		blockText("sender", func(m *row) string { return m.Sender }),
		blockText("user", func(m *row) string { return m.User }),
		blockSlice("sent_at", new(proto.ColInt64), "", func(m *row) int64 { return int64(m.SentAt) }),
		blockSlice("window_from", new(proto.ColInt64), "", func(m *row) int64 { return int64(m.Window) }),
		blockWord("account", func(m *row) string { return m.Account }),
		blockWord("user_country", func(m *row) string { return m.UserCountry }),
		blockWord("template", func(m *row) string { return m.Template }),
		blockWord("market", func(m *row) string { return m.Market }),
		blockMonth("month", func(m *row) rating.Month { return m.Month }),
		blockWord("category", func(m *row) string { return m.Category }),
		blockWord("cost_category", func(m *row) string { return m.Cost.Category }),
		blockWord("claim_model", func(m *row) string { return m.Claim.Model }),
		blockWord("claim_type", func(m *row) string { return m.Claim.Type }),
		blockWord("claim_category", func(m *row) string { return m.Claim.Category }),
		blockWord("error_title", func(m *row) string { return m.Error.Title }),
		blockSlice("error_code", new(proto.ColInt32), "", func(m *row) int32 { return m.Error.Code }),
		{"codes", codes, func(rows []*row) error {
			codes.Reset()
			for _, m := range rows {
				failed := uint8(0)
				if m.Failed {
					failed = 1
				}
				codes.Append([]byte{
					uint8(m.Kind), uint8(m.Class), uint8(m.Flags), failed, uint8(m.Claim.Billable),
					uint8(m.Regime), uint8(m.Outcome), uint8(m.Reason), uint8(m.Cost.Regime), uint8(m.Cost.Outcome), uint8(m.Cost.Reason), 0,
				})
			}
			return nil
		}},
	}
}

// message fills a message from a row.
func (b *spoolBlock) message(row int, m *rating.Message, words interner) error {
	word := func(column int) string {
		s := textOf(b.words[column].RowBytes(row))
		words.one(&s)
		return s
	}
	codes := b.codes.Row(row)
	*m = rating.Message{
		MessageID: b.id.Row(row), Sender: b.sender.Row(row), User: b.user.Row(row),
		Account: word(0), UserCountry: word(1), Template: word(2), Market: word(3),
		Kind: rating.Kind(codes[0]), Class: rating.Class(codes[1]), Flags: rating.Flags(codes[2]), Failed: codes[3] != 0,
		SentAt: rating.Instant(b.sentAt[row]), DeliveredAt: rating.Instant(b.deliveredAt[row]), Window: rating.Instant(b.window[row]),
		Verdict: rating.Verdict{Regime: rating.Regime(codes[5]), Outcome: rating.Outcome(codes[6]), Reason: rating.Reason(codes[7]), Category: word(5)},
		Cost:    rating.Verdict{Regime: rating.Regime(codes[8]), Outcome: rating.Outcome(codes[9]), Reason: rating.Reason(codes[10]), Category: word(6)},
		Claim:   rating.Claim{Billable: rating.Billable(codes[4]), Model: word(7), Type: word(8), Category: word(9)},
		Error:   rating.CarrierError{Code: b.errorCode[row], Title: word(10)},
	}
	var err error
	if month := word(4); month != "" {
		m.Month, err = rating.ParseMonth(month)
	}
	return err
}
