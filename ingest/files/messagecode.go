package files

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"postage/rating"
	"strings"
	"sync"
	"time"
)

// A message record's body is a fixed part and strings. The verdicts stand at
// fixed places, so that pricing writes over them without encoding anew. The care
// window is left out: no line shows it. Of its two instants a message is sorted
// by one, and that stands in the head of the record only.
const (
	atOther   = 0 // the instant that is not the key
	atSell    = 8
	atCost    = atSell + verdictBytes
	atSmall   = atCost + verdictBytes // kind, class, flags, failed and billable, month
	atStrings = atSmall + 7

	verdictBytes = 13 // regime, outcome, reason, tier, position, rate
)

// codec reads and writes the messages of one goroutine.
type codec struct {
	who    *lexicon[who, *who]
	judged *lexicon[judgement, *judgement]
	rates  *rateTable
	known  []*rating.Rate          // of the table, by number
	number map[*rating.Rate]uint32 // of those that this goroutine wrote
}

func (r *run) newCodec() *codec {
	return &codec{newLexicon[who](r.who), newLexicon[judgement](r.judged), r.rates, r.rates.all(), map[*rating.Rate]uint32{}}
}

// append appends the body of a message's record; other is the instant that is
// not the key. What links the message to the tariff is left out: Tariff.Bind finds
// it anew.
func (c *codec) append(dst []byte, m *rating.Message, other rating.Instant) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(other))
	dst = append(dst, make([]byte, 2*verdictBytes)...)
	c.putVerdicts(dst[len(dst)-atSmall:], m)
	failed := uint8(m.Claim.Billable)
	if m.Failed {
		failed |= 0x80
	}
	dst = append(dst, uint8(m.Kind), uint8(m.Class), uint8(m.Flags), failed)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(m.Month.Year))
	dst = append(dst, uint8(m.Month.Month))
	dst = appendText(dst, m.MessageID)
	dst = appendWho(dst, c.who, senderHash(m.Sender), m.Sender, m.Account)
	dst = appendText(dst, m.User)
	dst = appendJudgement(dst, c.judged, m)
	if m.Failed {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Error.Code))
		dst = appendText(dst, m.Error.Title)
	}
	return dst
}

// putVerdicts writes both verdicts, apart from their categories, into a body.
func (c *codec) putVerdicts(body []byte, m *rating.Message) {
	c.putVerdict(body[atSell:atCost], &m.Verdict)
	c.putVerdict(body[atCost:atSmall], &m.Cost)
}

func (c *codec) putVerdict(b []byte, v *rating.Verdict) {
	b[0], b[1], b[2] = uint8(v.Regime), uint8(v.Outcome), uint8(v.Reason)
	binary.LittleEndian.PutUint16(b[3:], uint16(v.Tier))
	binary.LittleEndian.PutUint32(b[5:], uint32(v.Position))
	n := uint32(0)
	if v.Rate != nil {
		var ok bool
		if n, ok = c.number[v.Rate]; !ok {
			n = c.rates.number(v.Rate)
			c.number[v.Rate] = n
		}
	}
	binary.LittleEndian.PutUint32(b[9:], n)
}

// bySent reads a record that is sorted by the time of sending. Message id and
// user point into it.
func (c *codec) bySent(record string, m *rating.Message) {
	key, other := c.read(record, m)
	m.SentAt, m.DeliveredAt = key, other
}

// byDelivery reads a record that is sorted by the time of delivery.
func (c *codec) byDelivery(record string, m *rating.Message) {
	key, other := c.read(record, m)
	m.SentAt, m.DeliveredAt = other, key
}

// read reads a record and returns its two instants.
func (c *codec) read(record string, m *rating.Message) (key, other rating.Instant) {
	r := reader{s: record, at: recordHead - 8}
	*m = rating.Message{}
	key, other = rating.Instant(r.uint64()), rating.Instant(r.uint64())
	c.readVerdict(&r, &m.Verdict)
	c.readVerdict(&r, &m.Cost)
	m.Kind, m.Class, m.Flags = rating.Kind(r.byte()), rating.Class(r.byte()), rating.Flags(r.byte())
	failed := r.byte()
	m.Failed = failed&0x80 != 0
	m.Month.Year = int(r.byte()) | int(r.byte())<<8
	m.Month.Month = time.Month(r.byte())
	m.MessageID = r.text()
	by := c.who.read(&r)
	m.Sender, m.Account = by.sender, by.account
	m.User = r.text()
	j := c.judged.read(&r)
	m.UserCountry, m.Template, m.Market, m.Verdict.Category, m.Cost.Category, m.Claim = j.country, j.template, j.market, j.category, j.costCategory, j.claim
	m.Claim.Billable = rating.Billable(failed & 0x7f)
	if m.Failed {
		m.Error.Code = int32(r.uint32())
		m.Error.Title = r.text()
	}
	return key, other
}

func (c *codec) readVerdict(r *reader, v *rating.Verdict) {
	v.Regime, v.Outcome, v.Reason = rating.Regime(r.byte()), rating.Outcome(r.byte()), rating.Reason(r.byte())
	v.Tier = int(r.byte()) | int(r.byte())<<8
	v.Position = int64(r.uint32())
	n := r.uint32()
	if n >= uint32(len(c.known)) {
		c.known = c.rates.all()
	}
	v.Rate = c.known[n]
}

// compareNames orders two bodies by (message id, sender, user): what decides
// between messages of one instant.
func (c *codec) compareNames(a, b []byte) int {
	idA, restA := cutText(a[atStrings:])
	idB, restB := cutText(b[atStrings:])
	if order := bytes.Compare(idA, idB); order != 0 {
		return order
	}
	ra, rb := reader{s: view(restA)}, reader{s: view(restB)}
	senderA := c.who.read(&ra).sender
	senderB := c.who.read(&rb).sender
	return cmp.Or(strings.Compare(senderA, senderB), strings.Compare(ra.text(), rb.text()))
}

// cutText splits off what appendText wrote.
func cutText(b []byte) (text, rest []byte) {
	n, k := binary.Uvarint(b)
	return b[k : k+int(n)], b[k+int(n):]
}

// rateTable numbers the rates that messages point at, because a pointer cannot
// be kept on disk. 0 is none.
type rateTable struct {
	mu    sync.Mutex
	rates []*rating.Rate
}

func newRateTable() *rateTable { return &rateTable{rates: []*rating.Rate{nil}} }

// number gives a rate the next number; the caller remembers it.
func (t *rateTable) number(r *rating.Rate) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rates = append(t.rates, r)
	return uint32(len(t.rates) - 1)
}

// all returns the rates by number.
func (t *rateTable) all() []*rating.Rate {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rates
}
