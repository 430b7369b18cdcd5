package clickhouse

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"postage/ingest"
	"postage/ingest/live"
	"postage/rating"
	"strconv"

	chgo "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// Live is the Store as package live uses it.
type Live struct{ *Store }

// Write implements live.Store. The rows are of different messages, so the server need not look for
// rows that replace one another within the insert.
func (s Live) Write(ctx context.Context, rows []live.Row) error {
	if len(rows) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	columns, back := liveColumns.lend()
	defer back()
	query := chgo.Query{Settings: []chgo.Setting{{Key: "optimize_on_insert", Value: "0"}}}
	i, err := beginQuery(ctx, ctx, s.Store, "live_messages", columns, query)
	if err != nil {
		return err
	}
	return i.send(rows)
}

var liveColumns = newColumnPool(func() []blockColumn[live.Row] {
	return []blockColumn[live.Row]{
		blockWord("sender", func(r *live.Row) string { return r.Sender }),
		blockText("user", func(r *live.Row) string { return r.User }),
		blockText("message_id", func(r *live.Row) string { return r.MessageID }),
		blockSlice("version", new(proto.ColUInt64), "", func(r *live.Row) uint64 { return r.Version }),
		blockWord("account", func(r *live.Row) string { return r.Account }),
		blockWord("user_country", func(r *live.Row) string { return r.UserCountry }),
		blockWord("template", func(r *live.Row) string { return r.Template }),
		blockEnum("kind", func(r *live.Row) rating.Kind { return r.Kind }),
		blockInstant("sent_at", func(r *live.Row) rating.Instant { return r.SentAt }),
		blockInstant("delivered_at", func(r *live.Row) rating.Instant { return r.DeliveredAt }),
		blockSlice("failed", new(proto.ColBool), "", func(r *live.Row) bool { return r.Failed }),
		blockEnum("regime", func(r *live.Row) rating.Regime { return r.Regime }),
		blockEnum("class", func(r *live.Row) rating.Class { return r.Class }),
		blockEnum("outcome", func(r *live.Row) rating.Outcome { return r.Outcome }),
		blockEnum("reason", func(r *live.Row) rating.Reason { return r.Reason }),
		blockSlice("flags", new(proto.ColUInt8), "", func(r *live.Row) uint8 { return uint8(r.Flags) }),
		blockWord("category", func(r *live.Row) string { return r.Category }),
		blockWord("market", func(r *live.Row) string { return r.Market }),
		blockSlice("month", new(proto.ColUInt32), "", func(r *live.Row) uint32 { return uint32(r.Month.Year*100 + int(r.Month.Month)) }),
		blockInstant("window_from", func(r *live.Row) rating.Instant { return r.Window }),
		blockEnum("claim_billable", func(r *live.Row) rating.Billable { return r.Claim.Billable }),
		blockWord("claim_model", func(r *live.Row) string { return r.Claim.Model }),
		blockWord("claim_type", func(r *live.Row) string { return r.Claim.Type }),
		blockWord("claim_category", func(r *live.Row) string { return r.Claim.Category }),
		blockSlice("error_code", new(proto.ColInt32), "", func(r *live.Row) int32 { return r.Error.Code }),
		blockWord("error_title", func(r *live.Row) string { return r.Error.Title }),
		blockEnum("cost_regime", func(r *live.Row) rating.Regime { return r.Cost.Regime }),
		blockEnum("cost_outcome", func(r *live.Row) rating.Outcome { return r.Cost.Outcome }),
		blockEnum("cost_reason", func(r *live.Row) rating.Reason { return r.Cost.Reason }),
		blockWord("cost_category", func(r *live.Row) string { return r.Cost.Category }),
	}
})

// each runs a query and scans every row into targets before it calls visit. When ctx is done, or visit
// fails, the rest is not asked for; the connection stays in good order (see abandon).
func (s Live) each(ctx context.Context, name string, params named, targets []any, visit func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	queryID := uuid.NewString()
	patient := context.WithoutCancel(ctx)
	rows, err := s.query(ch.Context(patient, ch.WithQueryID(queryID)), name, params)
	if err != nil {
		return err
	}
	for rows.Next() {
		err = ctx.Err()
		if err == nil {
			err = rows.Scan(targets...)
		}
		if err == nil {
			err = visit()
		}
		if err != nil {
			s.abandon(patient, queryID, rows)
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return fmt.Errorf("query %s: %w", name, err)
	}
	return rows.Close()
}

// Load implements live.Store. The events are in memory that is used again for the next
// conversation; the strings in them may be kept.
func (s Live) Load(ctx context.Context, keys []live.Key, limits live.Limits, visit func(*live.Loaded) error) error {
	senders, users := numbers(keys)
	partitions, below, fresh := []string{""}, []int64{math.MaxInt64}, []int64{math.MaxInt64} // never empty
	for p, limit := range limits.Below {
		partitions = append(partitions, p.Topic+"/"+strconv.Itoa(int(p.ID)))
		below = append(below, limit)
		from, ok := limits.Fresh[p]
		if !ok {
			from = math.MaxInt64
		}
		fresh = append(fresh, from)
	}
	var e rating.Event
	var isFresh bool
	var l live.Loaded
	words := interner{}
	params := named{"senders": senders, "users": users, "partitions": partitions, "below": below, "fresh": fresh}
	err := s.each(ctx, "live_load", params, append(eventTargets(&e), &isFresh), func() error {
		if e.Sender != l.Sender || e.User != l.User {
			if len(l.Events) > 0 {
				if err := visit(&l); err != nil {
					return err
				}
			}
			l = live.Loaded{Key: live.Key{Sender: e.Sender, User: e.User}, Events: l.Events[:0], Fresh: l.Fresh[:0]}
		}
		words.intern(&e)
		e.Sender, e.User = l.Sender, l.User
		l.Events = append(l.Events, e)
		l.Fresh = append(l.Fresh, isFresh)
		return nil
	})
	if err == nil && len(l.Events) > 0 {
		err = visit(&l)
	}
	return err
}

// numbers gives the senders and the users of conversations.
func numbers(keys []live.Key) (senders, users []string) {
	senders, users = make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		senders[i], users[i] = k.Sender, k.User
	}
	return senders, users
}

// IDs implements live.Store.
func (s Live) IDs(ctx context.Context, keys []live.Key, visit func(k live.Key, id string)) error {
	var k live.Key
	var id string
	senders, users := numbers(keys)
	return s.each(ctx, "live_ids", named{"senders": senders, "users": users}, []any{&k.Sender, &k.User, &id}, func() error {
		visit(k, id)
		return nil
	})
}

// All implements live.Store.
func (s Live) All(ctx context.Context, visit func(live.Key, []rating.Event) error) error {
	everything, err := s.Cutoff(ctx)
	if err != nil {
		return err
	}
	for i := range everything {
		everything[i].Offset = math.MaxInt64
	}
	if len(everything) == 0 {
		return nil
	}
	for events, err := range s.allConversations(context.WithoutCancel(ctx), everything) { // see abandon
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := visit(live.Key{Sender: events[0].Sender, User: events[0].User}, events); err != nil {
			return err
		}
	}
	return nil
}

// Stored implements live.Store.
func (s Live) Stored(ctx context.Context, p ingest.Partition, from, to int64, visit func(live.Key)) error {
	var k live.Key
	params := named{"topic": p.Topic, "partition": p.ID, "offset": from, "until": to}
	return s.each(ctx, "live_stored", params, []any{&k.Sender, &k.User}, func() error {
		visit(k)
		return nil
	})
}

// Hashes implements live.Store.
func (s Live) Hashes(ctx context.Context, visit func(uint64)) error {
	var hash uint64
	return s.each(ctx, "live_hashes", nil, []any{&hash}, func() error {
		visit(hash)
		return nil
	})
}

type noteRow struct {
	live.Note
	epoch uint32
}

var noteFields = []field[noteRow]{
	word("topic", func(n *noteRow) string { return n.Topic }),
	number("shard", func(n *noteRow) int32 { return n.Shard }),
	word("sender", func(n *noteRow) string { return n.Sender }),
	text("user", func(n *noteRow) string { return n.User }),
	text("batch", func(n *noteRow) string { return n.Batch }),
	number("epoch", func(n *noteRow) uint32 { return n.epoch }),
}

// Note implements live.Store.
func (s Live) Note(ctx context.Context, notes []live.Note, epoch uint32) error {
	rows := make([]noteRow, len(notes))
	for i, n := range notes {
		rows[i] = noteRow{n, epoch}
	}
	return insert(ctx, s.conn, "live_touched", noteFields, rows)
}

// Notes implements live.Store.
func (s Live) Notes(ctx context.Context, topic string, shards []int32, epoch uint32, visit func(live.Note)) error {
	var n live.Note
	params := named{"topic": topic, "shards": shards, "epoch": epoch}
	return s.each(ctx, "live_notes", params, []any{&n.Topic, &n.Shard, &n.Sender, &n.User, &n.Batch}, func() error {
		visit(n)
		return nil
	})
}

//go:embed statements/live_adopt.sql
var adoptStatement string

// Adopt implements live.Store.
func (s Live) Adopt(ctx context.Context, topic string, shards []int32, lasts []uint32, epoch uint32) error {
	if err := s.conn.Exec(ctx, adoptStatement, named{"topic": topic, "shards": shards, "lasts": lasts, "epoch": epoch}.args()...); err != nil {
		return fmt.Errorf("adopt notes of %s: %w", topic, err)
	}
	return nil
}

// Owners implements live.Store.
func (s Live) Owners(ctx context.Context, topic string) (epoch uint32, last map[int32]live.Owner, err error) {
	last = map[int32]live.Owner{}
	var shard int32
	var o live.Owner
	err = s.each(ctx, "live_owners", named{"topic": topic}, []any{&shard, &o.Name, &o.Epoch, &epoch}, func() error {
		last[shard] = o
		return nil
	})
	return epoch, last, err
}

type ownerRow struct {
	topic string
	shard int32
	live.Owner
}

var ownerFields = []field[ownerRow]{
	word("topic", func(o *ownerRow) string { return o.topic }),
	number("shard", func(o *ownerRow) int32 { return o.shard }),
	number("epoch", func(o *ownerRow) uint32 { return o.Epoch }),
	text("owner", func(o *ownerRow) string { return o.Name }),
}

// Own implements live.Store.
func (s Live) Own(ctx context.Context, topic string, shards []int32, o live.Owner) error {
	rows := make([]ownerRow, len(shards))
	for i, shard := range shards {
		rows[i] = ownerRow{topic, shard, o}
	}
	return insert(ctx, s.conn, "live_owners", ownerFields, rows)
}

// Active implements live.Store.
func (s *Store) Active(ctx context.Context) (a live.Activation, err error) {
	err = Live{s}.each(ctx, "live_active", nil, []any{&a.Number, &a.Version}, func() error { return nil })
	return a, err
}

var activationFields = []field[live.Activation]{
	number("sequence", func(a *live.Activation) uint32 { return a.Number }),
	text("tariff", func(a *live.Activation) string { return a.Version }),
}

// Activate makes a tariff, which must be kept already, the active one, unless it is. It
// returns what is active then; another process may have been faster with another tariff.
func (s *Store) Activate(ctx context.Context, version string) (live.Activation, error) {
	active, err := s.Active(ctx)
	if err != nil || active.Version == version {
		return active, err
	}
	next := live.Activation{Number: active.Number + 1, Version: version}
	if err := insert(ctx, s.conn, "tariff_activations", activationFields, []live.Activation{next}); err != nil {
		return active, err
	}
	return s.Active(ctx)
}

// Swept implements live.Store.
func (s Live) Swept(ctx context.Context, a live.Activation, topic string, partitions int) (epochs map[int32]uint32, err error) {
	epochs = map[int32]uint32{}
	var shard int32
	var epoch uint32
	params := named{"sequence": a.Number, "version": a.Version, "topic": topic, "count": int32(partitions)}
	err = s.each(ctx, "live_swept", params, []any{&shard, &epoch}, func() error {
		epochs[shard] = epoch
		return nil
	})
	return epochs, err
}

type sweepRow struct {
	live.Activation
	topic         string
	shard, shards int32
	epoch         uint32
}

var sweepFields = []field[sweepRow]{
	number("sequence", func(r *sweepRow) uint32 { return r.Number }),
	text("tariff", func(r *sweepRow) string { return r.Version }),
	word("topic", func(r *sweepRow) string { return r.topic }),
	number("shard", func(r *sweepRow) int32 { return r.shard }),
	number("shards", func(r *sweepRow) int32 { return r.shards }),
	number("epoch", func(r *sweepRow) uint32 { return r.epoch }),
}

// Sweep implements live.Store.
func (s Live) Sweep(ctx context.Context, a live.Activation, topic string, partitions int, shards []int32, epoch uint32) error {
	rows := make([]sweepRow, len(shards))
	for i, shard := range shards {
		rows[i] = sweepRow{a, topic, shard, int32(partitions), epoch}
	}
	return insert(ctx, s.conn, "live_sweeps", sweepFields, rows)
}

// LiveComparison is the live classification against a run.
type LiveComparison struct {
	Messages  uint64 // of the run
	Missing   uint64 // of them, those that the live classification lacks
	Different uint64 // those of which it says something else, prices aside
}

// CompareLive compares the live classification with a finished run.
func (s *Store) CompareLive(ctx context.Context, run string) (c LiveComparison, err error) {
	rows, err := s.query(ctx, "live_against_run", named{"run": run})
	if err != nil {
		return c, err
	}
	err = each(rows, func() error { return rows.Scan(&c.Messages, &c.Missing, &c.Different) })
	return c, err
}

// Concerns counts the messages that are unrated, before prices, and those with flags. It
// takes a fifth of a second for twenty million messages of which 2 in a thousand are such, and ten
// seconds where a fifth are.
func (s Live) Concerns(ctx context.Context) (concerns []live.Concern, err error) {
	var what, code string
	var c live.Concern
	err = s.each(ctx, "live_concerns", nil, []any{&what, &code, &c.Month, &c.Messages}, func() error {
		if c.Unrated, c.Flag = code, ""; what == "flag" {
			c.Unrated, c.Flag = "", code
		}
		concerns = append(concerns, c)
		return nil
	})
	return concerns, err
}
