package rating

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"
)

// timeline is one conversation (sender, user) put in order: copies removed,
// each message's events side by side. It is rebuilt for every conversation in
// memory that is reused, and points into the events it was given.
type timeline struct {
	byID     map[string]int32 // message id -> index into slots
	slots    []slot
	inbounds []inbound
	latest   Instant // latest time of any event, copies removed

	differing []*Event // copies whose content differs from the first of their identity
	hashes    map[*Event][sha256.Size]byte
	scratch   []byte
}

// slot holds the events of one message id, one per type after merging.
type slot struct {
	id      string
	events  [Failed + 1]*Event
	differs bool // copies of one event had different content
}

// read takes the events of one conversation, in any order, copies included.
func (t *timeline) read(events []Event) {
	if t.byID == nil {
		t.byID = make(map[string]int32)
	}
	clear(t.byID)
	t.slots, t.inbounds, t.differing, t.latest = t.slots[:0], t.inbounds[:0], t.differing[:0], 0

	for i := range events {
		e := &events[i]
		if e.Type.IsConsent() {
			t.latest = max(t.latest, e.At) // identified by its time: copies change nothing
			continue
		}
		s := t.slot(e.MessageID)
		switch first := s.events[e.Type]; {
		case first == nil:
			s.events[e.Type] = e
		case *first != *e:
			s.differs = s.differs || e.Type != Received // an inbound is another event than our message
			t.differing = append(t.differing, e)
		}
	}
	t.mergeDiffering()

	for i := range t.slots {
		s := &t.slots[i]
		for _, e := range s.events {
			if e != nil {
				t.latest = max(t.latest, e.At)
			}
		}
		if e := s.events[Received]; e != nil {
			t.inbounds = append(t.inbounds, inbound{e.At, opensEntryPoint(e)})
		}
	}
	slices.SortFunc(t.inbounds, func(a, b inbound) int { return cmp.Compare(a.at, b.at) })
}

// slot finds the slot of a message id, or makes it. The statuses of a message
// mostly follow one another, so the newest slots are looked at first; a short
// conversation needs no map.
func (t *timeline) slot(id string) *slot {
	const few = 6
	n := len(t.slots)
	for i := n - 1; i >= max(0, n-few); i-- {
		if t.slots[i].id == id {
			return &t.slots[i]
		}
	}
	if n > few {
		if len(t.byID) == 0 { // the conversation has outgrown looking
			for i := range t.slots {
				t.byID[t.slots[i].id] = int32(i)
			}
		}
		if at, ok := t.byID[id]; ok {
			return &t.slots[at]
		}
		t.byID[id] = int32(n)
	}
	t.slots = append(t.slots, slot{id: id})
	return &t.slots[n]
}

// mergeDiffering settles copies of one event with different content (SEMANTICS,
// "Identity and merging"): the earliest time wins, then the smallest SHA-256 of
// the canonical content; kind, category and template that the winner leaves
// empty are filled from the other copies, taken in that same order.
func (t *timeline) mergeDiffering() {
	if len(t.differing) == 0 {
		return
	}
	copies := slices.Clone(t.differing)
	for _, e := range t.differing { // the first copy of each identity joins the others
		if s := t.slot(e.MessageID); s.events[e.Type] != nil {
			copies = append(copies, s.events[e.Type])
			s.events[e.Type] = nil
		}
	}
	t.hashes = make(map[*Event][sha256.Size]byte)
	slices.SortFunc(copies, func(a, b *Event) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		if a.MessageID != b.MessageID || a.Type != b.Type { // only copies need the hash
			return cmp.Or(strings.Compare(a.MessageID, b.MessageID), cmp.Compare(a.Type, b.Type))
		}
		ha, hb := t.hash(a), t.hash(b)
		return slices.Compare(ha[:], hb[:])
	})
	for _, e := range copies {
		s := t.slot(e.MessageID)
		w := s.events[e.Type]
		if w == nil {
			winner := *e // the caller's event stays as it is
			s.events[e.Type] = &winner
			continue
		}
		if w.Kind == KindUnknown {
			w.Kind = e.Kind
		}
		w.Category = firstKnown(w.Category, e.Category)
		w.Template = firstKnown(w.Template, e.Template)
	}
}

func (t *timeline) hash(e *Event) [sha256.Size]byte {
	h, ok := t.hashes[e]
	if !ok {
		t.scratch = e.AppendCanonical(t.scratch[:0])
		h = sha256.Sum256(t.scratch)
		t.hashes[e] = h
	}
	return h
}

// message assembles the facts of an outbound message from its events. It
// returns false when the slot holds only an inbound.
func (s *slot) message(m *Message) bool {
	sent, delivered, read, failed := s.get(Sent), s.get(Delivered), s.get(Read), s.get(Failed)
	if sent == nil && delivered == nil && read == nil && failed == nil {
		return false
	}
	*m = Message{}
	switch {
	case sent != nil:
		m.SentAt = sent.At
	case delivered != nil && read != nil:
		m.SentAt = min(delivered.At, read.At)
	case delivered != nil:
		m.SentAt = delivered.At
	case read != nil:
		m.SentAt = read.At
	default:
		m.SentAt = failed.At
	}
	switch {
	case delivered != nil:
		m.DeliveredAt = delivered.At
	case read != nil:
		m.DeliveredAt = read.At
	}
	for _, e := range [...]*Event{sent, delivered, read, failed} {
		if e == nil {
			continue
		}
		m.MessageID, m.Sender, m.User = e.MessageID, e.Sender, e.User
		if m.Kind == KindUnknown {
			m.Kind = e.Kind
		}
		m.Category = firstKnown(m.Category, e.Category)
		m.Template = firstKnown(m.Template, e.Template)
		m.accountsDiffer = m.accountsDiffer || m.Account != "" && e.Account != "" && e.Account != m.Account
		m.Account = cmp.Or(m.Account, e.Account)
		m.UserCountry = cmp.Or(m.UserCountry, e.UserCountry)
	}
	for _, e := range [...]*Event{delivered, read, sent} {
		if e != nil && e.Claim != (Claim{}) {
			m.Claim = e.Claim
			break
		}
	}
	if failed != nil {
		m.Failed, m.Error = true, failed.Error
	}
	if s.differs {
		m.Flags |= DuplicateDiffers
	}
	return true
}

func (s *slot) get(t EventType) *Event { return s.events[t] }

// firstKnown returns a unless it is empty or the word "unknown".
func firstKnown(a, b string) string {
	if a == "" || a == unknownWord {
		if b == unknownWord {
			return ""
		}
		return b
	}
	return a
}

const unknownWord = "unknown"
