package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"postage/rating"
	"postage/reports"
	"strconv"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
)

// Cutoff implements reports.EventLog: per partition the end of the contiguous prefix
// of offsets that the ledger covers. A partition begins where its first span does.
func (s *Store) Cutoff(ctx context.Context) (reports.Cutoff, error) {
	rows, err := s.query(ctx, "cutoff", nil)
	if err != nil {
		return nil, err
	}
	var cutoff reports.Cutoff
	err = each(rows, func() error {
		var c reports.CutoffOffset
		if err := rows.Scan(&c.Topic, &c.Partition, &c.Offset); err != nil {
			return err
		}
		cutoff = append(cutoff, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cut-off: %w", err)
	}
	return cutoff, nil
}

// allConversations reads the whole log below a cut-off, one conversation after another in the
// order of sender then user; within one, in any order and with copies. It streams: memory is bounded by the longest
// conversation. The slice is reused; the strings in it are not and may be kept.
func (s *Store) allConversations(ctx context.Context, upTo reports.Cutoff) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		err := s.stream(ctx, "conversations", cutoffParams(upTo), func(rows driver.Rows) (stopped bool, err error) {
			err = eachConversation(rows, func(c []rating.Event) bool {
				stopped = !yield(c, nil)
				return !stopped
			})
			return stopped, err
		})
		if err != nil {
			yield(nil, fmt.Errorf("read conversations: %w", err))
		}
	}
}

// stream runs a query and has its rows read one by one. When read has stopped before the
// last one, what is left of the query is abandoned.
func (s *Store) stream(ctx context.Context, query string, params named, read func(driver.Rows) (stopped bool, err error)) error {
	queryID := uuid.NewString()
	rows, err := s.query(ch.Context(ctx, ch.WithQueryID(queryID)), query, params)
	if err != nil {
		return err
	}
	stopped, err := read(rows)
	if stopped {
		s.abandon(ctx, queryID, rows)
		return nil
	}
	if closeErr := rows.Close(); err == nil {
		err = closeErr
	}
	return err
}

// abandon ends a query whose remaining rows nobody wants. The server is asked to stop, and
// what it sent before is read to the end: closing the connection under a server in the
// middle of an answer makes clickhouse-local 26.7, the embedded engine, abort.
func (s *Store) abandon(ctx context.Context, queryID string, rows driver.Rows) {
	// Neither error matters: without the KILL there is only more to read, and rows end
	// with the error that the query was killed.
	_ = s.conn.Exec(ctx, "KILL QUERY WHERE query_id = {id:String} ASYNC", ch.Named("id", queryID))
	_ = rows.Close()
}

// eachConversation cuts rows ordered by sender and user into conversations. When visit
// returns false it stops and leaves the rows open.
func eachConversation(rows driver.Rows, visit func([]rating.Event) bool) error {
	var e rating.Event
	scan := eventTargets(&e)
	var conversation []rating.Event
	words := interner{}
	for rows.Next() {
		if err := rows.Scan(scan...); err != nil {
			return err
		}
		if n := len(conversation); n > 0 {
			if last := &conversation[n-1]; last.User == e.User && last.Sender == e.Sender {
				e.User, e.Sender = last.User, last.Sender // one copy of each in memory
			} else {
				if !visit(conversation) {
					return nil
				}
				conversation = conversation[:0]
			}
		}
		words.intern(&e)
		conversation = append(conversation, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(conversation) > 0 {
		visit(conversation)
	}
	return nil
}

// eventTargets are what a row of an event, in the columns of conversations.sql, is scanned into.
func eventTargets(e *rating.Event) []any {
	return []any{
		(*uint8)(&e.Type), (*uint8)(&e.Kind), (*uint8)(&e.Referral), (*uint8)(&e.Client),
		(*int64)(&e.At),
		&e.MessageID, &e.Sender, &e.User, &e.Account, &e.UserCountry, &e.Category, &e.Template, &e.Source,
		(*uint8)(&e.Claim.Billable), &e.Claim.Model, &e.Claim.Type, &e.Claim.Category,
		&e.Error.Code, &e.Error.Title, &e.Extra,
	}
}

// cutoffParams are the parameters of a cut-off as the queries take it.
func cutoffParams(c reports.Cutoff) named {
	partitions, offsets := make([]string, len(c)), make([]int64, len(c))
	for i, o := range c {
		partitions[i] = o.Topic + "/" + strconv.Itoa(int(o.Partition))
		offsets[i] = o.Offset
	}
	return named{"partitions": partitions, "offsets": offsets}
}

// interner keeps one copy of each word that repeats over many conversations, so that what
// callers keep is small. It forgets everything when it has grown too large.
type interner map[string]string

const internedMax = 1 << 16

func (in interner) intern(e *rating.Event) {
	for _, s := range [...]*string{&e.Sender, &e.Account, &e.UserCountry, &e.Category, &e.Template, &e.Source, &e.Claim.Model, &e.Claim.Type, &e.Claim.Category, &e.Error.Title} {
		in.one(s)
	}
}

// one replaces a word by the copy that is kept, which is not part of anything larger.
func (in interner) one(s *string) {
	if *s == "" {
		return
	}
	if known, ok := in[*s]; ok {
		*s = known
		return
	}
	if len(in) >= internedMax {
		clear(in)
	}
	kept := strings.Clone(*s)
	in[kept] = kept
	*s = kept
}
