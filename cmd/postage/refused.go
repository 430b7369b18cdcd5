package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"postage/ingest"
	"postage/ingest/load"
	"postage/rating"
	"postage/schemas/clickhouse"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
)

// refusedCommand is `postage refused`.
type refusedCommand struct {
	List   refusedListCommand   `cmd:"" help:"List what was refused and never replayed, newest first."`
	Show   refusedShowCommand   `cmd:"" help:"Show refused records in full."`
	Replay refusedReplayCommand `cmd:"" help:"Send refused records through the front door again, once their cause is mended."`
}

// originHelp says what an origin is.
const originHelp = "TOPIC/PARTITION/OFFSET/ITEM as refused list prints it; without ITEM, all of the record."

type refusedListCommand struct {
	engineFlags
	Reason string `placeholder:"CODE" help:"Only for this reason: not_json, no_event, missing_field, bad_value, impossible_time, too_large."`
	Since  string `placeholder:"T" help:"Only what was refused since: a time (RFC 3339), a date (YYYY-MM-DD, UTC) or how long ago (24h)."`
	All    bool   `help:"Also what has been replayed."`
	Limit  int    `default:"100" placeholder:"N" help:"At most so many; 0 for all (default ${default})."`
	JSON   bool   `name:"json" help:"One JSON object per line."`
}

func (c *refusedListCommand) Run(ctx context.Context, s *streams) (err error) {
	since, err := parseSince(c.Since, time.Now())
	if err != nil {
		return err
	}
	if c.Limit < 0 {
		return usagef("--limit %d: want 0 or more", c.Limit)
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	filter := clickhouse.RefusedFilter{Reason: c.Reason, Since: since, Replayed: c.All, Limit: c.Limit}
	if c.Limit > 0 {
		filter.Limit++ // to know whether there are more
	}
	refusals, err := e.store.Refusals(ctx, filter)
	if err != nil {
		return err
	}
	more := c.Limit > 0 && len(refusals) > c.Limit
	if more {
		refusals = refusals[:c.Limit]
	}
	names, err := fileNames(ctx, e.store)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		for i := range refusals {
			view := viewOf(&refusals[i], names)
			view.Detail = maskNumbers(view.Detail)
			if err := enc.Encode(view); err != nil {
				return err
			}
		}
	} else {
		printRefusals(s, refusals, names)
	}
	if more {
		fmt.Fprintf(s.err, "there are more: --limit 0 lists all\n")
	}
	return nil
}

func printRefusals(s *streams, refusals []clickhouse.Refusal, names map[string]string) {
	tw := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for i := range refusals {
		view := viewOf(&refusals[i], names)
		where := view.Origin
		if view.Position != "" {
			where += " (" + view.Position + ")"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d bytes\t%s", printable(where), view.RefusedAt, view.Reason, view.Bytes, printable(maskNumbers(view.Detail)))
		if view.ReplayedAs != "" {
			fmt.Fprintf(tw, " (replayed as %s)", printable(view.ReplayedAs))
		}
		fmt.Fprintln(tw)
	}
	tw.Flush()
	if len(refusals) == 0 {
		fmt.Fprintln(s.err, "nothing refused that is open")
	}
}

// refusalView is a refusal as programs read it.
type refusalView struct {
	Origin     string `json:"origin"`
	Position   string `json:"position,omitempty"` // file:line, when it came from a file
	ArrivedAt  string `json:"arrived_at"`
	RefusedAt  string `json:"refused_at"`
	Reason     string `json:"reason"`
	Detail     string `json:"detail"`
	Bytes      int64  `json:"bytes"`
	Replays    int64  `json:"replays"`
	ReplayedAs string `json:"replayed_as,omitempty"` // the record of the last replay
	Edited     bool   `json:"edited,omitempty"`
	// Key and value are there in show only; what is not text comes in base64.
	Key         string `json:"key,omitempty"`
	KeyBase64   string `json:"key_base64,omitempty"`
	Value       string `json:"value,omitempty"`
	ValueBase64 string `json:"value_base64,omitempty"`
}

func viewOf(r *clickhouse.Refusal, names map[string]string) refusalView {
	v := refusalView{
		Origin: r.Origin.String(), ArrivedAt: r.ArrivedAt.String(), RefusedAt: r.RefusedAt.String(),
		Reason: r.Reason, Detail: r.Detail, Bytes: r.Bytes, Replays: r.Replays,
	}
	if name, ok := names[r.Topic]; ok {
		v.Position = (&load.File{Name: name}).Position(r.Offset)
	}
	if r.Replays > 0 {
		v.ReplayedAs, v.Edited = r.Last.To.Record(), r.Last.Edited
	}
	return v
}

// fileNames are the names of the files that were loaded, by topic.
func fileNames(ctx context.Context, store *clickhouse.Store) (map[string]string, error) {
	loads, err := store.Loads(ctx)
	names := make(map[string]string, len(loads))
	for _, l := range loads {
		names[l.Topic] = l.File
	}
	return names, err
}

// parseSince reads a point in time: the zero instant for "".
func parseSince(s string, now time.Time) (rating.Instant, error) {
	if s == "" {
		return 0, nil
	}
	if ago, err := time.ParseDuration(s); err == nil && ago > 0 {
		return rating.At(now.Add(-ago)), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return rating.At(t), nil
		}
	}
	return 0, usagef("--since %q: want a time such as 2026-10-01T09:00:00Z, a date such as 2026-10-01, or a length such as 24h", s)
}

// origins reads the arguments of show and replay.
func origins(args []string) (list []ingest.Origin, whole []bool, err error) {
	for _, arg := range args {
		o, all, err := ingest.ParseOrigin(arg)
		if err != nil {
			return nil, nil, usageError{err}
		}
		list, whole = append(list, o), append(whole, all)
	}
	return list, whole, nil
}

type refusedShowCommand struct {
	engineFlags
	JSON    bool     `name:"json" help:"One JSON object per line, key and value in base64 where they are not text."`
	Raw     bool     `help:"Only the bytes of the value of one record, as they came; not on a terminal."`
	Origins []string `arg:"" name:"origin" help:"${origin_help}"`
}

func (c *refusedShowCommand) Run(ctx context.Context, s *streams) (err error) {
	list, whole, err := origins(c.Origins)
	if err != nil {
		return err
	}
	if c.Raw && len(list) != 1 {
		return usagef("--raw shows one record")
	}
	if f, ok := s.out.(*os.File); c.Raw && ok && isatty.IsTerminal(f.Fd()) {
		return usagef("--raw writes bytes that a terminal may obey: send them to a file")
	}
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	names, err := fileNames(ctx, e.store)
	if err != nil {
		return err
	}
	for i, o := range list {
		refusals, err := e.store.Refusals(ctx, clickhouse.RefusedFilter{Records: []ingest.Origin{o}, Replayed: true, Content: true})
		if err != nil {
			return err
		}
		found := false
		for j := range refusals {
			r := &refusals[j]
			if !whole[i] && r.Index != o.Index || c.Raw && found {
				continue
			}
			found = true
			if err := c.show(s, r, names); err != nil {
				return err
			}
		}
		if !found {
			return fmt.Errorf("%s: nothing refused has that origin", c.Origins[i])
		}
	}
	return nil
}

func (c *refusedShowCommand) show(s *streams, r *clickhouse.Refusal, names map[string]string) error {
	view := viewOf(r, names)
	switch {
	case c.Raw:
		_, err := s.out.Write(r.Value)
		return err
	case c.JSON:
		view.Key, view.KeyBase64 = textOrBase64(r.Key)
		view.Value, view.ValueBase64 = textOrBase64(r.Value)
		return json.NewEncoder(s.out).Encode(view)
	}
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(s.out, "%-12s %s\n", what, text)
		}
	}
	line("origin", printable(view.Origin))
	line("file", printable(view.Position))
	line("arrived", view.ArrivedAt)
	line("refused", view.RefusedAt)
	line("reason", view.Reason)
	line("detail", printable(view.Detail))
	line("replayed as", printable(view.ReplayedAs))
	line("key", printable(string(r.Key)))
	line("bytes", fmt.Sprint(view.Bytes))
	fmt.Fprintf(s.out, "%s\n\n", shown(r.Value))
	return nil
}

// shown is a value for people: text with what a terminal would obey escaped, or a
// dump.
func shown(value []byte) string {
	if utf8.Valid(value) {
		return printable(string(value))
	}
	return hex.Dump(value)
}

func textOrBase64(b []byte) (text, encoded string) {
	if utf8.Valid(b) {
		return string(b), ""
	}
	return "", base64.StdEncoding.EncodeToString(b)
}
