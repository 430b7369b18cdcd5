package rating

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"
)

// timeline is one conversation (sender, user) put in order: copies removed,
// each message's events side by side. It is rebuilt for every conversation in
// memory that is reused.
type timeline struct {
	byID     map[string]int32 // message id -> index into slots
	slots    []slot
	inbounds []inbound
	latest   Instant // latest time of any event, copies removed

	differing []Event // copies whose content differs from the first of their identity
	hashes    map[*Event][sha256.Size]byte
	scratch   []byte
}

// slot holds the events of one message id, one per type after merging.
type slot struct {
	events  [Failed + 1]Event
	has     [Failed + 1]bool
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
		if !s.has[e.Type] {
			s.events[e.Type], s.has[e.Type] = *e, true
		} else if s.events[e.Type] != *e {
			s.differs = true
			t.differing = append(t.differing, *e)
		}
	}
	t.mergeDiffering()

	for i := range t.slots {
		s := &t.slots[i]
		for typ := Received; typ <= Failed; typ++ {
			if s.has[typ] {
				t.latest = max(t.latest, s.events[typ].At)
			}
		}
		if s.has[Received] {
			t.inbounds = append(t.inbounds, inbound{s.events[Received].At, opensEntryPoint(&s.events[Received])})
		}
	}
	slices.SortFunc(t.inbounds, func(a, b inbound) int { return cmp.Compare(a.at, b.at) })
}

func (t *timeline) slot(id string) *slot {
	if n, ok := t.byID[id]; ok {
		return &t.slots[n]
	}
	t.byID[id] = int32(len(t.slots))
	if len(t.slots) < cap(t.slots) {
		t.slots = t.slots[:len(t.slots)+1]
		s := &t.slots[len(t.slots)-1]
		s.has, s.differs = [Failed + 1]bool{}, false
		return s
	}
	t.slots = append(t.slots, slot{})
	return &t.slots[len(t.slots)-1]
}

// mergeDiffering settles copies of one event with different content (SEMANTICS,
// "Identity and merging"): the earliest time wins, then the smallest SHA-256 of
// the canonical content; kind, category and template that the winner leaves
// empty are filled from the other copies, taken in that same order.
func (t *timeline) mergeDiffering() {
	if len(t.differing) == 0 {
		return
	}
	copies := t.differing
	for _, e := range t.differing { // the first copy of each identity joins the others
		s := t.slot(e.MessageID)
		if s.has[e.Type] {
			copies = append(copies, s.events[e.Type])
			s.has[e.Type] = false
		}
	}
	t.differing = copies
	t.hashes = make(map[*Event][sha256.Size]byte)
	order := make([]*Event, len(copies))
	for i := range copies {
		order[i] = &copies[i]
	}
	slices.SortFunc(order, func(a, b *Event) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		if a.MessageID != b.MessageID || a.Type != b.Type { // only copies need the hash
			return cmp.Or(strings.Compare(a.MessageID, b.MessageID), cmp.Compare(a.Type, b.Type))
		}
		ha, hb := t.hash(a), t.hash(b)
		return slices.Compare(ha[:], hb[:])
	})
	for _, e := range order {
		s := t.slot(e.MessageID)
		if !s.has[e.Type] {
			s.events[e.Type], s.has[e.Type] = *e, true
			continue
		}
		w := &s.events[e.Type]
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

func (s *slot) get(t EventType) *Event {
	if !s.has[t] {
		return nil
	}
	return &s.events[t]
}

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
