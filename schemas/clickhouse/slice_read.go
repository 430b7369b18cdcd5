package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"postage/rating"
	"postage/reports"
	"slices"
	"unsafe"

	chgo "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// Conversations implements reports.EventLog. Blocks are kept as they come; events are made
// of them conversation by conversation, their texts pointing into the blocks.
func (s *Store) Conversations(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) iter.Seq2[[]rating.Event, error] {
	return func(yield func([]rating.Event, error) bool) {
		if len(upTo) == 0 || len(of.Senders) == 0 {
			return
		}
		blocks, err := s.readSlice(ctx, upTo, of)
		if err != nil {
			yield(nil, fmt.Errorf("read conversations: %w", err))
			return
		}
		var events []rating.Event
		for _, talk := range talks(blocks) {
			events = slices.Grow(events[:0], len(talk))[:len(talk)]
			for i, at := range talk {
				blocks[at.block].event(int(at.row), &events[i])
			}
			if !yield(events, nil) {
				return
			}
		}
	}
}

// readSlice reads a slice whole. The query is not cut short when ctx ends, only not begun: it is
// short, and closing the connection under a server in the middle of an answer makes
// clickhouse-local 26.7, the embedded engine, abort.
func (s *Store) readSlice(ctx context.Context, upTo reports.Cutoff, of reports.LogSlice) (blocks []*eventBlock, err error) {
	l, err := s.links.take(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { s.links.give(l, err) }()
	params := limits(upTo)
	params["senders"], params["from"], params["to"] = of.Senders, of.UserFrom, of.UserTo
	into := newEventBlock()
	err = l.Do(context.WithoutCancel(ctx), chgo.Query{
		Body: queryText("queries/log_slice.sql"), Parameters: params.parameters(), Result: into.results(),
		OnResult: func(_ context.Context, b proto.Block) error {
			if b.Rows > 0 {
				blocks = append(blocks, into.seal())
			}
			return nil
		},
	})
	return blocks, err
}

// eventBlock is a block of events, column by column.
type eventBlock struct {
	user, id, extra    proto.ColStr
	at                 proto.ColDateTime64
	kinds              [5]proto.ColUInt8 // type, kind, referral, client, billable
	code               proto.ColInt32
	lexicons           [eventWords]proto.ColLowCardinalityRaw
	words              [eventWords][]string // of the dictionaries
	users, ids, extras string               // the bytes of user, id and extra
}

// The columns of words, in the order of the fields of an event.
const (
	wordSender = iota
	wordAccount
	wordCountry
	wordCategory
	wordTemplate
	wordSource
	wordModel
	wordType
	wordClaimed
	wordTitle
	eventWords
)

func newEventBlock() *eventBlock {
	b := &eventBlock{}
	for i := range b.lexicons {
		b.lexicons[i].Index = new(proto.ColStr)
	}
	return b
}

// results says where the columns of log_slice.sql go.
func (b *eventBlock) results() proto.Results {
	r := proto.Results{
		{Name: "user", Data: &b.user},
		{Name: "message_id", Data: &b.id},
		{Name: "extra", Data: &b.extra},
		{Name: "time", Data: &b.at},
		{Name: "error_code", Data: &b.code},
	}
	for i, name := range [...]string{"type_code", "kind_code", "referral_code", "client_code", "billable_code"} {
		r = append(r, proto.ResultColumn{Name: name, Data: &b.kinds[i]})
	}
	for i, name := range [...]string{"sender", "account", "user_country", "category", "template", "source", "claim_model", "claim_type", "claim_category", "error_title"} {
		r = append(r, proto.ResultColumn{Name: name, Data: &b.lexicons[i]})
	}
	return r
}

// seal takes what has been read out of b, which will be filled anew.
func (b *eventBlock) seal() *eventBlock {
	sealed := *b
	fresh := newEventBlock()
	*b = *fresh
	for i := range sealed.lexicons {
		index := sealed.lexicons[i].Index.(*proto.ColStr)
		for n := range index.Rows() {
			sealed.words[i] = append(sealed.words[i], index.Row(n))
		}
		sealed.lexicons[i].Index = nil
	}
	sealed.users, sealed.ids, sealed.extras = textOf(sealed.user.Buf), textOf(sealed.id.Buf), textOf(sealed.extra.Buf)
	return &sealed
}

func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (b *eventBlock) rows() int { return len(b.user.Pos) }

// word is a word of a row.
func (b *eventBlock) word(column, row int) string { return b.words[column][b.key(column, row)] }

// key is the number of a word of a row in its dictionary.
func (b *eventBlock) key(column, row int) int {
	switch l := &b.lexicons[column]; l.Key {
	case proto.KeyUInt8:
		return int(l.Keys8[row])
	case proto.KeyUInt16:
		return int(l.Keys16[row])
	case proto.KeyUInt32:
		return int(l.Keys32[row])
	default:
		return int(l.Keys64[row])
	}
}

func (b *eventBlock) userOf(row int) string {
	p := b.user.Pos[row]
	return b.users[p.Start:p.End]
}

// event fills an event from a row. Its texts point into the block.
func (b *eventBlock) event(row int, e *rating.Event) {
	id, extra := b.id.Pos[row], b.extra.Pos[row]
	*e = rating.Event{
		Type: rating.EventType(b.kinds[0][row]), Kind: rating.Kind(b.kinds[1][row]), Referral: rating.Referral(b.kinds[2][row]), Client: rating.Client(b.kinds[3][row]),
		At: rating.Instant(b.at.Data[row]), MessageID: b.ids[id.Start:id.End], Sender: b.word(wordSender, row), User: b.userOf(row),
		Account: b.word(wordAccount, row), UserCountry: b.word(wordCountry, row), Category: b.word(wordCategory, row), Template: b.word(wordTemplate, row), Source: b.word(wordSource, row),
		Claim: rating.Claim{Billable: rating.Billable(b.kinds[4][row]), Model: b.word(wordModel, row), Type: b.word(wordType, row), Category: b.word(wordClaimed, row)},
		Error: rating.CarrierError{Code: b.code[row], Title: b.word(wordTitle, row)},
		Extra: b.extras[extra.Start:extra.End],
	}
}

// place is a row of a block.
type place struct{ block, row int32 }

// talks gathers the rows of blocks by conversation. Neighbours mostly belong to the
// same one, so that few are looked up.
func talks(blocks []*eventBlock) [][]place {
	type talk struct{ sender, user string }
	numbers := map[talk]int32{}
	var sizes []int32
	rows := 0
	for _, b := range blocks {
		rows += b.rows()
	}
	of := make([]int32, 0, rows) // by row: the number of its conversation
	for _, b := range blocks {
		last, lastKey, lastUser := int32(0), -1, ""
		for row := range b.rows() {
			key, user := b.key(wordSender, row), b.userOf(row)
			if key != lastKey || user != lastUser {
				name := talk{b.words[wordSender][key], user}
				n, known := numbers[name]
				if !known {
					n = int32(len(sizes))
					numbers[name] = n
					sizes = append(sizes, 0)
				}
				last, lastKey, lastUser = n, key, user
			}
			sizes[last]++
			of = append(of, last)
		}
	}
	all := make([]place, rows)
	gathered := make([][]place, len(sizes))
	from := int32(0)
	for i, n := range sizes {
		gathered[i] = all[from : from : from+n]
		from += n
	}
	i := 0
	for at, b := range blocks {
		for row := range b.rows() {
			n := of[i]
			gathered[n] = append(gathered[n], place{int32(at), int32(row)})
			i++
		}
	}
	return gathered
}
