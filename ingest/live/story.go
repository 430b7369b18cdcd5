package live

import (
	"cmp"
	"postage/rating"
	"slices"
)

// story is one conversation, or its end, put together for the classifier: events
// without copies, message by message. It is reused for one conversation after another.
type story struct {
	// cut is where it begins: earlier messages are left out, because nothing at or after this
	// instant depends on them. Zero: nothing is left out.
	cut rating.Instant
	// fold is where the telling begins, likewise: the messages between cut and fold are folded up. Zero: none are.
	fold   rating.Instant
	folded []byte
	// activation is the one whose verdicts the prints are of.
	activation uint32

	messages []told
	events   []rating.Event // MessageID is that of told.id; Extra is not kept
	extras   []uint64       // by event: hash of Extra
	codes    []uint32       // by event: the code of its shape, when it is known
	merged   []bool         // by event: copies with other content went into it
	copies   []rating.Event // new ones with other content than the event they are of

	byHash map[uint64]int32
	items  []item // scratch of calm and tie
	aside  *story // memory of foldUp
}

// told is what is known of one message.
type told struct {
	hash  uint64 // of the message id
	id    string // the message id when whole, else a name made of the hash
	whole bool
	// foreign: the id was looked up, so the batch has no event of it.
	foreign bool
	tied    bool                     // it shares an instant with another: the id decides, so the whole id is kept
	print   uint64                   // of the verdict that the table has; 0 for none
	from    rating.Instant           // scratch of calm: the earlier of sent and delivered
	by      [rating.Failed + 1]int32 // by type: place in events, from 1; 0 for none
}

func (s *story) reset() {
	s.cut, s.fold, s.folded, s.activation = 0, 0, nil, 0
	s.messages, s.events, s.copies = s.messages[:0], s.events[:0], s.copies[:0]
	s.extras, s.codes, s.merged = s.extras[:0], s.codes[:0], s.merged[:0]
}

// few messages are looked through, more are looked up.
const few = 12

func (s *story) find(hash uint64) *told {
	if len(s.messages) <= few {
		for i := len(s.messages) - 1; i >= 0; i-- {
			if s.messages[i].hash == hash {
				return &s.messages[i]
			}
		}
		return nil
	}
	if at, ok := s.byHash[hash]; ok {
		return &s.messages[at]
	}
	return nil
}

// message appends a message that find does not know.
func (s *story) message(t told) *told {
	s.messages = append(s.messages, t)
	n := len(s.messages)
	switch {
	case n == few+1:
		if s.byHash == nil {
			s.byHash = map[uint64]int32{}
		}
		clear(s.byHash)
		for i := range s.messages {
			s.byHash[s.messages[i].hash] = int32(i)
		}
	case n > few:
		s.byHash[t.hash] = int32(n - 1)
	}
	return &s.messages[n-1]
}

// event appends an event of a message. code is that of its shape, spelledOut when it is not known.
func (s *story) event(t *told, e rating.Event, extra uint64, code uint32, merged bool) {
	e.MessageID = t.id
	s.events = append(s.events, e)
	s.extras = append(s.extras, extra)
	s.codes = append(s.codes, code)
	s.merged = append(s.merged, merged)
	t.by[e.Type] = int32(len(s.events))
}

// add takes a new event, about the message of a hash, that does not reach what is folded up. It returns
// false when the story cannot tell what follows from it, so that the log must: it reaches behind the
// cut, or differs from a copy that is not kept in full.
func (s *story) add(e *rating.Event, hash uint64, dropped func(hash uint64) bool) bool {
	if _, odd := unnamed(e.MessageID); odd {
		return false
	}
	behind := s.cut != 0 && e.At < s.cut
	t := s.find(hash)
	if t == nil {
		if behind || s.cut != 0 && dropped(hash) {
			return false
		}
		t = s.message(told{hash: hash, id: e.MessageID, whole: true})
	}
	if !t.whole {
		s.name(t, e.MessageID)
	}
	at := t.by[e.Type]
	if at == 0 {
		if behind {
			return false
		}
		s.event(t, *e, hashText(e.Extra), spelledOut, false)
		return true
	}
	if s.merged[at-1] {
		return s.absorbs(at-1, e)
	}
	kept := s.events[at-1]
	whole := s.extras[at-1] == hashText(kept.Extra) // else its extra members are known by their hash only
	if !whole && s.extras[at-1] == hashText(e.Extra) {
		kept.Extra, whole = e.Extra, true
	}
	switch {
	case !whole:
		return false
	case kept == *e:
		return true
	case behind:
		return false
	}
	s.events[at-1].Extra = kept.Extra
	s.copies = append(s.copies, *e)
	return true
}

// absorbs says whether a further copy of an event, into which copies with other content were merged,
// changes nothing more.
func (s *story) absorbs(at int32, e *rating.Event) bool {
	kept := s.events[at]
	switch {
	case s.extras[at] == hashText(e.Extra):
		kept.Extra = e.Extra
	case kept.At == e.At: // it may have won or lost by these
		return false
	}
	return kept.Absorbs(e)
}

// name gives a message known by a hash only its id.
func (s *story) name(t *told, id string) {
	t.id, t.whole = id, true
	for _, at := range t.by {
		if at > 0 {
			s.events[at-1].MessageID = id
		}
	}
}

// rename gives messages known by a hash only their ids, as far as idOf knows them ("": it does not).
func (s *story) rename(idOf func(hash uint64) string) {
	for i := range s.messages {
		t := &s.messages[i]
		if t.whole {
			continue
		}
		if id := idOf(t.hash); id != "" {
			s.name(t, id)
			t.foreign = true
		}
	}
}

// forClassifier returns the events to classify. Copies that were merged are gone; where
// they matter, the flag that they leave, one that changes nothing else stands for them.
func (s *story) forClassifier() []rating.Event {
	n := len(s.events)
	for i := range n {
		if s.merged[i] && s.events[i].Type != rating.Received {
			e := s.events[i]
			e.At++ // the earliest wins
			s.events = append(s.events, e)
		}
	}
	all := append(s.events, s.copies...)
	s.events = all[:n]
	return all
}

// tie marks messages that share an instant at which the rules look: there the message
// id decides. It returns false when such a message's id is not whole.
func (s *story) tie(messages []rating.Message) bool {
	if len(messages) < 2 {
		return true
	}
	whole := true
	mark := func(m *rating.Message) {
		t := s.named(m.MessageID)
		t.tied = true
		whole = whole && t.whole
	}
	if len(messages) <= few {
		for i := range messages {
			for j := range i {
				a, b := &messages[i], &messages[j]
				if a.DeliveredAt != 0 && b.DeliveredAt != 0 && shareInstant(a, b) {
					mark(a)
					mark(b)
				}
			}
		}
		return whole
	}
	s.items = s.items[:0]
	for i := range messages {
		if m := &messages[i]; m.DeliveredAt != 0 {
			s.items = append(s.items, item{from: m.SentAt, at: i}, item{from: m.DeliveredAt, at: i})
		}
	}
	slices.SortFunc(s.items, func(a, b item) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.at, b.at)) })
	for i := 1; i < len(s.items); i++ {
		if a, b := s.items[i-1], s.items[i]; a.from == b.from && a.at != b.at {
			mark(&messages[a.at])
			mark(&messages[b.at])
		}
	}
	return whole
}

func shareInstant(a, b *rating.Message) bool {
	return a.SentAt == b.SentAt || a.DeliveredAt == b.DeliveredAt || a.SentAt == b.DeliveredAt || a.DeliveredAt == b.SentAt
}

// hashOf is the hash of a message by the name that the classifier was given.
func (s *story) hashOf(id string) uint64 {
	if hash, ok := unnamed(id); ok {
		return hash
	}
	return hashText(id)
}

// named is the message of a name that the classifier was given.
func (s *story) named(id string) *told {
	if len(s.messages) <= few {
		for i := range s.messages {
			if s.messages[i].id == id {
				return &s.messages[i]
			}
		}
	}
	return s.find(s.hashOf(id))
}

// odd says whether a message has an id that looks like a name made of a hash.
func (s *story) odd() bool {
	return slices.ContainsFunc(s.messages, func(t told) bool {
		_, odd := unnamed(t.id)
		return odd && t.whole
	})
}
