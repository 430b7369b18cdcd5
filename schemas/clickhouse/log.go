package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"postage/ingest"
	"postage/rating"
	"time"
)

// Append implements ingest.Log. Events are written first and the ledger last, so
// that the ledger never speaks of rows that are not there. Each part of the batch
// is one INSERT; after an error, or a crash, any of them may have been written.
// Batches of 50,000 to 500,000 events are fastest. The ledger needs no fence: a line
// that comes late is true, and spans may be there twice.
func (s *Store) Append(ctx context.Context, t ingest.Tenure, b *ingest.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer time.AfterFunc(time.Minute, cancel) // not at once, see appendTimeout
	events, err := begin(registered(ctx, t.Owner()), s.conn, "events", eventFields, b.Events)
	if err != nil {
		return err
	}
	refused, err := begin(registered(ctx, t.Owner()), s.conn, "refused", refusedFields, b.Refused)
	if err != nil {
		return errors.Join(err, events.giveUp())
	}
	if err := t.Prove(ctx); err != nil {
		return errors.Join(err, events.giveUp(), refused.giveUp())
	}
	if err := events.send(); err != nil {
		return errors.Join(err, refused.giveUp())
	}
	if err := refused.send(); err != nil {
		return err
	}
	return insert(ctx, s.conn, "ledger", ledgerFields, b.Spans)
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

var eventFields = []field[ingest.Record]{
	word("topic", func(r *ingest.Record) string { return r.Topic }),
	number("partition", func(r *ingest.Record) int32 { return r.Partition }),
	number("offset", func(r *ingest.Record) int64 { return r.Offset }),
	number("item", func(r *ingest.Record) int32 { return r.Index }),
	instant("arrived_at", func(r *ingest.Record) rating.Instant { return arrived(r.ArrivedAt) }),
	enum("type", func(r *ingest.Record) rating.EventType { return r.Event.Type }),
	enum("kind", func(r *ingest.Record) rating.Kind { return r.Event.Kind }),
	enum("referral", func(r *ingest.Record) rating.Referral { return r.Event.Referral }),
	enum("client", func(r *ingest.Record) rating.Client { return r.Event.Client }),
	instant("time", func(r *ingest.Record) rating.Instant { return r.Event.At }),
	text("message_id", func(r *ingest.Record) string { return r.Event.MessageID }),
	word("sender", func(r *ingest.Record) string { return r.Event.Sender }),
	text("user", func(r *ingest.Record) string { return r.Event.User }),
	word("account", func(r *ingest.Record) string { return r.Event.Account }),
	word("user_country", func(r *ingest.Record) string { return r.Event.UserCountry }),
	word("category", func(r *ingest.Record) string { return r.Event.Category }),
	word("template", func(r *ingest.Record) string { return r.Event.Template }),
	word("source", func(r *ingest.Record) string { return r.Event.Source }),
	enum("claim_billable", func(r *ingest.Record) rating.Billable { return r.Event.Claim.Billable }),
	word("claim_model", func(r *ingest.Record) string { return r.Event.Claim.Model }),
	word("claim_type", func(r *ingest.Record) string { return r.Event.Claim.Type }),
	word("claim_category", func(r *ingest.Record) string { return r.Event.Claim.Category }),
	number("error_code", func(r *ingest.Record) int32 { return r.Event.Error.Code }),
	word("error_title", func(r *ingest.Record) string { return r.Event.Error.Title }),
	text("extra", func(r *ingest.Record) string { return r.Event.Extra }),
}

var refusedFields = []field[ingest.Refused]{
	word("topic", func(r *ingest.Refused) string { return r.Topic }),
	number("partition", func(r *ingest.Refused) int32 { return r.Partition }),
	number("offset", func(r *ingest.Refused) int64 { return r.Offset }),
	number("item", func(r *ingest.Refused) int32 { return r.Index }),
	instant("arrived_at", func(r *ingest.Refused) rating.Instant { return arrived(r.ArrivedAt) }),
	word("reason", func(r *ingest.Refused) string { return r.Reason }),
	text("detail", func(r *ingest.Refused) string { return r.Detail }),
	raw("key", func(r *ingest.Refused) []byte { return r.Key }),
	raw("value", func(r *ingest.Refused) []byte { return r.Value }),
}

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
