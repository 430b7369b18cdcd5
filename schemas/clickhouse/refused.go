package clickhouse

import (
	"context"
	"fmt"
	"math"
	"postage/ingest"
	"postage/rating"
)

// RefusedFilter says which refusals are meant. The zero value means those that
// were never replayed, without their content.
type RefusedFilter struct {
	Records  []ingest.Origin // of these records, whatever the index; none means all
	Reason   string          // "" means all
	Since    rating.Instant  // refused then or later
	Replayed bool            // also those that were replayed
	Content  bool            // with key and value
	Limit    int             // 0 means all
}

// Refusal is a refused record or item, and what became of it.
type Refusal struct {
	ingest.Refused
	RefusedAt rating.Instant
	Bytes     int64 // of the value
	Replays   int64 // how often it was replayed
	Last      ingest.Replay
}

// Refusals lists what was refused, newest first.
func (s *Store) Refusals(ctx context.Context, f RefusedFilter) ([]Refusal, error) {
	records := make([]string, len(f.Records))
	for i, o := range f.Records {
		records[i] = o.Record()
	}
	limit := int64(f.Limit)
	if limit == 0 {
		limit = math.MaxInt64
	}
	rows, err := s.query(ctx, "refused", named{
		"records": records, "reason": f.Reason, "since": int64(f.Since),
		"replayed": bit(f.Replayed), "content": bit(f.Content), "limit": limit,
	})
	if err != nil {
		return nil, err
	}
	var refusals []Refusal
	err = each(rows, func() error {
		var r Refusal
		var key, value string
		var edited uint8
		to := &r.Last.To
		if err := rows.Scan(&r.Topic, &r.Partition, &r.Offset, &r.Index, (*int64)(&r.ArrivedAt), (*int64)(&r.RefusedAt), &r.Reason, &r.Detail,
			&r.Bytes, &key, &value, &r.Replays, &to.Topic, &to.Partition, &to.Offset, &edited); err != nil {
			return err
		}
		r.Key, r.Value = []byte(key), []byte(value)
		r.Last.Of, r.Last.Edited = r.Origin, edited == 1
		refusals = append(refusals, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("query refused: %w", err)
	}
	return refusals, nil
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// SaveReplays notes that refused records were replayed.
func (s *Store) SaveReplays(ctx context.Context, replays []ingest.Replay) error {
	return insert(ctx, s.conn, "replays", replayFields, replays)
}

var replayFields = []field[ingest.Replay]{
	word("topic", func(r *ingest.Replay) string { return r.Of.Topic }),
	number("partition", func(r *ingest.Replay) int32 { return r.Of.Partition }),
	number("offset", func(r *ingest.Replay) int64 { return r.Of.Offset }),
	word("to_topic", func(r *ingest.Replay) string { return r.To.Topic }),
	number("to_partition", func(r *ingest.Replay) int32 { return r.To.Partition }),
	number("to_offset", func(r *ingest.Replay) int64 { return r.To.Offset }),
	number("edited", func(r *ingest.Replay) uint8 { return bit(r.Edited) }),
}
