package live

import (
	"cmp"
	"encoding/binary"
	"postage/rating"
	"slices"
)

// What is folded up of a story stays coded: it is neither read nor classified for an event that
// does not reach back to it, so that an event costs the same however long its conversation
// has become. It is a row of sheets, the oldest first:
//
//	length    uvarint: bytes that follow
//	until     uvarint: where the story went on when the sheet was folded
//	messages  uvarint, then 8 bytes of hash for each, then each as in code.go behind its hash
type sheet struct {
	until  rating.Instant
	hashes []byte
	rest   []byte
}

// firstSheet takes the oldest sheet off folded, which must not be empty.
func firstSheet(folded []byte) (sh sheet, others []byte) {
	r := reader{folded}
	n := int(r.uvarint())
	in := reader{r.take(n)}
	sh.until = rating.Instant(in.uvarint())
	sh.hashes = in.take(8 * int(in.uvarint()))
	sh.rest = in.b
	return sh, r.b
}

// reaches says whether an event about the message of a hash may change something in what is folded up.
func (s *story) reaches(e *rating.Event, hash uint64) bool {
	if s.fold == 0 {
		return false
	}
	if e.At < s.fold {
		return true
	}
	if s.find(hash) != nil {
		return false
	}
	for folded := s.folded; len(folded) > 0; {
		var sh sheet
		sh, folded = firstSheet(folded)
		for r := (reader{sh.hashes}); len(r.b) > 0; {
			if r.uint64() == hash {
				return true
			}
		}
	}
	return false
}

// unfold tells all of the story.
func (d *shapes) unfold(s *story, key Key) {
	folded := s.folded
	s.fold, s.folded = 0, nil
	for len(folded) > 0 {
		var sh sheet
		sh, folded = firstSheet(folded)
		hashes, rest := reader{sh.hashes}, reader{sh.rest}
		names := makeNames(len(sh.hashes) / 8)
		var last rating.Instant
		for len(hashes.b) > 0 {
			d.decodeMessage(s, hashes.uint64(), &rest, key, &names, &last)
		}
	}
}

// foldUp folds up what lies before the latest calm instant, and goes on telling at least keep messages.
// messages are the verdicts on those told.
func (d *shapes) foldUp(s *story, messages []rating.Message, keep int) {
	at := s.calm(messages, keep)
	if at <= max(s.fold, s.cut) {
		return
	}
	told := s.aside
	if told == nil {
		told = &story{}
	}
	told.reset()
	told.cut, told.fold, told.activation = s.cut, at, s.activation
	d.hashes, d.rest = d.hashes[:0], d.rest[:0]
	var last rating.Instant
	for i := range s.messages {
		t := &s.messages[i]
		stays := t.from >= at
		if in := t.by[rating.Received]; in > 0 {
			stays = s.events[in-1].At > at-rating.CareWindow
		}
		if stays {
			told.take(s, t)
			continue
		}
		d.hashes = binary.LittleEndian.AppendUint64(d.hashes, t.hash)
		d.rest = d.encodeMessage(d.rest, s, t, &last)
	}
	var head [2 * binary.MaxVarintLen64]byte
	begin := binary.AppendUvarint(head[:0], uint64(at))
	begin = binary.AppendUvarint(begin, uint64(len(d.hashes)/8))
	d.folded = append(d.folded[:0], s.folded...)
	d.folded = binary.AppendUvarint(d.folded, uint64(len(begin)+len(d.hashes)+len(d.rest)))
	d.folded = append(append(append(d.folded, begin...), d.hashes...), d.rest...)
	*s, *told = *told, *s
	s.folded, s.aside, told.aside = d.folded, told, nil
}

// take takes over a message of another story.
func (s *story) take(o *story, t *told) {
	moved := *t
	moved.by = [rating.Failed + 1]int32{}
	k := s.message(moved)
	for _, at := range t.by {
		if at > 0 {
			s.event(k, o.events[at-1], o.extras[at-1], o.codes[at-1], o.merged[at-1])
		}
	}
}

// leaveOut drops the oldest sheets, so that no more than so many bytes stay folded. left gets the hashes of
// the messages: an event that reaches back to them is for the log to answer.
func (s *story) leaveOut(most int, left func(hash uint64)) {
	for len(s.folded) > most {
		var sh sheet
		sh, s.folded = firstSheet(s.folded)
		s.cut = sh.until
		for r := (reader{sh.hashes}); len(r.b) > 0; {
			left(r.uint64())
		}
	}
	if len(s.folded) == 0 {
		s.fold = 0
	}
}

// item is a message on the line of time.
type item struct {
	from, until rating.Instant
	at          int
}

// calm returns the latest instant that nothing told reaches across and behind which at least keep messages are
// told, 0 if there is none. messages are the verdicts on what is told.
//
// An instant T will do when every message lies wholly before or wholly after it, and all
// that an earlier one may have opened is over: an entry point after at most 168 hours, where
// there was a click in the 24 hours before; under the conversation regimes, on either side,
// a session 24 hours after delivery. Customers' messages open a window of 24 hours: those
// of the last 24 hours before T go on being told, and no click may be among them.
// So nothing before T changes anything at or after it, nor the other way round. An event that lies before T, or
// belongs to a message before it, must be seen with them.
func (s *story) calm(messages []rating.Message, keep int) rating.Instant {
	if len(s.messages) <= keep {
		return 0
	}
	var clicks []rating.Instant
	s.items = s.items[:0]
	for i := range s.events {
		e := &s.events[i]
		if e.Type != rating.Received {
			continue
		}
		it := item{from: e.At, until: e.At + 1}
		if e.Referral != rating.ReferralNone { // whatever the app
			clicks = append(clicks, e.At)
			it.until = e.At + rating.CareWindow
		}
		s.items = append(s.items, it)
	}
	for i := range messages {
		m := &messages[i]
		from, until := m.SentAt, m.SentAt+1
		if m.DeliveredAt != 0 {
			from, until = min(from, m.DeliveredAt), max(until, m.DeliveredAt+1)
			if sessions(m.Regime) || sessions(m.Cost.Regime) {
				until = max(until, m.DeliveredAt+sessionLength)
			}
			for _, click := range clicks {
				if click <= m.SentAt && m.SentAt < click+rating.CareWindow {
					until = max(until, max(m.SentAt, m.DeliveredAt)+entryPointLength)
				}
			}
		}
		t := s.named(m.MessageID)
		if t.by[rating.Received] > 0 {
			return 0 // an inbound and a message of one id: nothing to be clever about
		}
		t.from = from
		s.items = append(s.items, item{from: from, until: until})
	}
	slices.SortFunc(s.items, func(a, b item) int { return cmp.Compare(a.from, b.from) })
	calm, reach := rating.Instant(0), rating.Instant(0)
	for i, it := range s.items[:max(len(s.items)-keep+1, 0)] {
		if it.from >= reach && i > 0 && it.from > s.items[i-1].from {
			calm = it.from
		}
		reach = max(reach, it.until)
	}
	return calm
}

// The lengths that calm counts on, the longest of any time.
const (
	sessionLength    = 24 * rating.Hour
	entryPointLength = 168 * rating.Hour
)

func sessions(r rating.Regime) bool { return r == rating.CBP1 || r == rating.CBP2 || r == rating.CBP3 }
