package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"postage/ingest"
	"strconv"

	chgo "github.com/ClickHouse/ch-go"
	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// An INSERT of the log carries its owner in its query_id, so that a successor finds it in
// system.processes: that is the register of ingest.Log. What the server (26.7) does, and
// the tests hold:
//   - An INSERT is in system.processes before its client is told to send rows.
//   - KILL QUERY marks it at once. Rows that come afterwards are answered with an error and
//     thrown away, also those of blocks that came before. A query that waits for its client
//     stays in system.processes, marked, until the client speaks or hangs up, or until the
//     server has lost patience: after twice receive_timeout and poll_interval.
//   - What is no longer in system.processes can write nothing any more.
//
// max_execution_time would not do alone: it is looked at only when a block arrives.

// How long the server waits for the next block of an INSERT, and how often it looks at the
// clock. A paused process makes its successor wait for twice the sum. We send all blocks
// in one go, after a round trip to Kafka; who takes longer than this tries again.
const idleSeconds, pollSeconds = 5, 1

// registered is a query that Settle finds.
func registered(o ingest.Owner) chgo.Query {
	_, _, member := queryIDs(o)
	return chgo.Query{QueryID: member + uuid.NewString(), Settings: []chgo.Setting{
		{Key: "receive_timeout", Value: strconv.Itoa(idleSeconds)}, {Key: "poll_interval", Value: strconv.Itoa(pollSeconds)},
	}}
}

// queryIDs are the beginnings of the query_id of all appends of a group, of a generation, and
// of one member.
func queryIDs(o ingest.Owner) (group, generation, member string) {
	group = "postage-append/" + url.PathEscape(o.Group) + "/"
	generation = fmt.Sprintf("%s%d/", group, o.Generation)
	return group, generation, generation + url.PathEscape(o.Member) + "/"
}

// Settle implements ingest.Log. It looks at the server it is connected to: all processes
// of a group must write to the same one.
func (s *Store) Settle(ctx context.Context, o ingest.Owner) error {
	for {
		running, err := s.appends(ctx, o)
		if err != nil || len(running) == 0 {
			return err
		}
		for _, id := range running {
			if err := s.conn.Exec(ctx, "KILL QUERY WHERE query_id = {id:String} ASYNC", ch.Named("id", id)); err != nil {
				return classed(fmt.Errorf("ending the append %s: %w", id, err))
			}
		}
		if err := s.conn.Exec(ctx, "SELECT sleep(0.1)"); err != nil { // the server has the clock
			return classed(fmt.Errorf("waiting for appends to end: %w", err))
		}
	}
}

// appends are the appends that Settle has to see the end of.
func (s *Store) appends(ctx context.Context, o ingest.Owner) (ids []string, err error) {
	group, generation, member := queryIDs(o)
	rows, err := s.query(ctx, "appends", named{"group": group, "generation": generation, "member": member})
	if err != nil {
		return nil, err
	}
	err = each(rows, func() error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("running appends: %w", err)
	}
	return ids, nil
}

// hopelessCodes are answers of the server that stay the same until somebody changes
// tables, rights or settings.
var hopelessCodes = map[int32]string{
	16: "NO_SUCH_COLUMN_IN_TABLE", 20: "NUMBER_OF_COLUMNS_DOESNT_MATCH", 36: "BAD_ARGUMENTS", 43: "ILLEGAL_TYPE_OF_ARGUMENT",
	44: "ILLEGAL_COLUMN", 46: "UNKNOWN_FUNCTION", 47: "UNKNOWN_IDENTIFIER", 48: "NOT_IMPLEMENTED", 50: "UNKNOWN_TYPE",
	53: "TYPE_MISMATCH", 60: "UNKNOWN_TABLE", 62: "SYNTAX_ERROR", 81: "UNKNOWN_DATABASE", 115: "UNKNOWN_SETTING",
	122: "INCOMPATIBLE_COLUMNS", 164: "READONLY", 192: "UNKNOWN_USER", 193: "WRONG_PASSWORD", 194: "REQUIRED_PASSWORD",
	392: "QUERY_IS_PROHIBITED", 452: "SETTING_CONSTRAINT_VIOLATION", 497: "ACCESS_DENIED", 516: "AUTHENTICATION_FAILED",
}

// classed marks an error of the server as hopeless where it is.
func classed(err error) error {
	if hopelessCodes[serverCode(err)] != "" && !errors.Is(err, ingest.ErrHopeless) {
		return ingest.Hopeless(err)
	}
	return err
}

// serverCode is the code of what the server has answered, 0 when the error is not an answer.
func serverCode(err error) int32 {
	var rows *ch.Exception
	var blocks *chgo.Exception
	switch {
	case errors.As(err, &rows):
		return rows.Code
	case errors.As(err, &blocks):
		return int32(blocks.Code)
	}
	return 0
}
