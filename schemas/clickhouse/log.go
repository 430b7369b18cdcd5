package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"postage/rating"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// Append implements ingest.Log. Events are written first and the ledger last, so
// that the ledger never speaks of rows that are not there. Each part of the batch
// is one INSERT; after an error, or a crash, any of them may have been written.
// Batches of 50,000 to 500,000 events are fastest. The ledger needs no fence: a line
// that comes late is true, and spans may be there twice.
func (s *Store) Append(ctx context.Context, t ingest.Tenure, b *ingest.Batch) error {
	bounded, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	eventColumns, back := eventColumns.lend()
	defer back()
	refusedColumns, back := refusedColumns.lend()
	defer back()
	events, err := beginAppend(bounded, s, t.Owner(), "events", eventColumns, b.Events)
	if err != nil {
		return err
	}
	refused, err := beginAppend(bounded, s, t.Owner(), "refused", refusedColumns, b.Refused)
	if err != nil {
		return errors.Join(err, events.giveUp())
	}
	if err := t.Prove(bounded); err != nil {
		return errors.Join(err, events.giveUp(), refused.giveUp())
	}
	if err := events.send(); err != nil {
		return errors.Join(err, refused.giveUp())
	}
	if err := refused.send(); err != nil {
		return err
	}
	return s.account(ctx, b.Spans)
}

// account writes lines of the ledger.
func (s *Store) account(ctx context.Context, spans []ingest.Span) error {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer time.AfterFunc(time.Minute, cancel) // not at once, see appendTimeout
	return insert(ctx, s.conn, "ledger", ledgerFields, spans)
}

// appending is an INSERT of an append that the server has begun and that waits for its rows.
type appending[R any] struct {
	insert *blockInsert[R] // nil when there are no rows
	rows   []R
}

// beginAppend sends the statement of an append of owner and returns when the server has answered it.
// Call send or giveUp.
func beginAppend[R any](ctx context.Context, s *Store, owner ingest.Owner, table string, columns []blockColumn[R], rows []R) (a appending[R], err error) {
	if len(rows) == 0 {
		return a, nil
	}
	if a.insert, err = beginQuery(ctx, ctx, s, table, columns, registered(owner)); err != nil {
		return a, err
	}
	a.rows = rows
	return a, a.insert.wait()
}

// send sends the rows and waits until they are durable.
func (a appending[R]) send() error {
	if a.insert == nil {
		return nil
	}
	return a.insert.send(a.rows)
}

// giveUp ends the INSERT in good order without rows.
func (a appending[R]) giveUp() error {
	if a.insert == nil {
		return nil
	}
	return a.insert.end()
}

// Covered returns the end of the gapless run of spans that holds or begins at an
// offset, or the offset itself when none does (ingest.Log).
func (s *Store) Covered(ctx context.Context, topic string, partition int32, offset int64) (reached int64, err error) {
	rows, err := s.query(ctx, "covered", named{"topic": topic, "partition": partition, "offset": offset})
	if err != nil {
		return 0, err
	}
	if err := each(rows, func() error { return rows.Scan(&reached) }); err != nil {
		return 0, fmt.Errorf("ledger of %s/%d from %d: %w", topic, partition, offset, err)
	}
	return reached, nil
}

// StoredFrom implements ingest.Log. An origin counts as stored when its event or
// its refusal is there.
func (s *Store) StoredFrom(ctx context.Context, topic string, partition int32, offset int64) (map[ingest.Origin]struct{}, error) {
	rows, err := s.query(ctx, "stored_from", named{"topic": topic, "partition": partition, "offset": offset})
	if err != nil {
		return nil, err
	}
	stored := map[ingest.Origin]struct{}{}
	err = each(rows, func() error {
		o := ingest.Origin{Topic: topic, Partition: partition}
		if err := rows.Scan(&o.Offset, &o.Index); err != nil {
			return err
		}
		stored[o] = struct{}{}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("origins stored of %s/%d from %d: %w", topic, partition, offset, err)
	}
	return stored, nil
}

// arrived is the time of arrival as the tables keep it. It is a claim of the producer and
// decides nothing, so what a column cannot hold becomes the nearest that it can.
func arrived(at rating.Instant) rating.Instant { return min(max(at, firstInstant), lastInstant) }

var eventColumns = newColumnPool(func() []blockColumn[ingest.Record] {
	return []blockColumn[ingest.Record]{
		blockWord("topic", func(r *ingest.Record) string { return r.Topic }),
		blockSlice("partition", new(proto.ColInt32), "", func(r *ingest.Record) int32 { return r.Partition }),
		blockSlice("offset", new(proto.ColInt64), "", func(r *ingest.Record) int64 { return r.Offset }),
		blockSlice("item", new(proto.ColInt32), "", func(r *ingest.Record) int32 { return r.Index }),
		blockInstant("arrived_at", func(r *ingest.Record) rating.Instant { return arrived(r.ArrivedAt) }),
		blockEnum("type", func(r *ingest.Record) rating.EventType { return r.Event.Type }),
		blockEnum("kind", func(r *ingest.Record) rating.Kind { return r.Event.Kind }),
		blockEnum("referral", func(r *ingest.Record) rating.Referral { return r.Event.Referral }),
		blockEnum("client", func(r *ingest.Record) rating.Client { return r.Event.Client }),
		blockInstant("time", func(r *ingest.Record) rating.Instant { return r.Event.At }),
		blockText("message_id", func(r *ingest.Record) string { return r.Event.MessageID }),
		blockWord("sender", func(r *ingest.Record) string { return r.Event.Sender }),
		blockText("user", func(r *ingest.Record) string { return r.Event.User }),
		blockWord("account", func(r *ingest.Record) string { return r.Event.Account }),
		blockWord("user_country", func(r *ingest.Record) string { return r.Event.UserCountry }),
		blockWord("category", func(r *ingest.Record) string { return r.Event.Category }),
		blockWord("template", func(r *ingest.Record) string { return r.Event.Template }),
		blockWord("source", func(r *ingest.Record) string { return r.Event.Source }),
		blockEnum("claim_billable", func(r *ingest.Record) rating.Billable { return r.Event.Claim.Billable }),
		blockWord("claim_model", func(r *ingest.Record) string { return r.Event.Claim.Model }),
		blockWord("claim_type", func(r *ingest.Record) string { return r.Event.Claim.Type }),
		blockWord("claim_category", func(r *ingest.Record) string { return r.Event.Claim.Category }),
		blockSlice("error_code", new(proto.ColInt32), "", func(r *ingest.Record) int32 { return r.Event.Error.Code }),
		blockWord("error_title", func(r *ingest.Record) string { return r.Event.Error.Title }),
		blockText("extra", func(r *ingest.Record) string { return r.Event.Extra }),
	}
})

var refusedColumns = newColumnPool(func() []blockColumn[ingest.Refused] {
	return []blockColumn[ingest.Refused]{
		blockWord("topic", func(r *ingest.Refused) string { return r.Topic }),
		blockSlice("partition", new(proto.ColInt32), "", func(r *ingest.Refused) int32 { return r.Partition }),
		blockSlice("offset", new(proto.ColInt64), "", func(r *ingest.Refused) int64 { return r.Offset }),
		blockSlice("item", new(proto.ColInt32), "", func(r *ingest.Refused) int32 { return r.Index }),
		blockInstant("arrived_at", func(r *ingest.Refused) rating.Instant { return arrived(r.ArrivedAt) }),
		blockWord("reason", func(r *ingest.Refused) string { return r.Reason }),
		blockText("detail", func(r *ingest.Refused) string { return r.Detail }),
		blockBytes("key", func(r *ingest.Refused) []byte { return r.Key }),
		blockBytes("value", func(r *ingest.Refused) []byte { return r.Value }),
	}
})

var ledgerFields = []field[ingest.Span]{
	word("topic", func(s *ingest.Span) string { return s.Topic }),
	number("partition", func(s *ingest.Span) int32 { return s.Partition }),
	number("offset_from", func(s *ingest.Span) int64 { return s.From }),
	number("offset_to", func(s *ingest.Span) int64 { return s.To }),
	number("records", func(s *ingest.Span) int64 { return s.Records }),
	number("stored", func(s *ingest.Span) int64 { return s.Stored }),
	number("refused", func(s *ingest.Span) int64 { return s.Refused }),
	number("events", func(s *ingest.Span) int64 { return s.Events }),
	number("parts", func(s *ingest.Span) int64 { return s.Parts }),
}
