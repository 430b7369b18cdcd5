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
	slots    []slot
	tails    []uint64         // by slot: the end of its message id, which tells ids apart quickly
	byID     map[string]int32 // message id -> index into slots, of a long conversation
	inbounds []inbound
	latest   Instant // latest time of any event, copies removed
	claims   bool    // some event carries the carrier's word

	differing []*Event // copies whose content differs from the first of their identity
	hashes    map[*Event][sha256.Size]byte
	scratch   []byte

	scratchTails []uint64 // by event
}

// slot holds the events of one message id, one per type after merging.
type slot struct {
	id      string
	events  [Failed + 1]*Event
	differs bool // copies of one event had different content
}

// read takes the events of one conversation, in any order, copies included.
func (t *timeline) read(events []Event) {
	clear(t.byID)
	t.slots, t.tails, t.inbounds, t.differing, t.latest = t.slots[:0], t.tails[:0], t.inbounds[:0], t.differing[:0], 0
	t.claims, t.scratchTails = false, t.scratchTails[:0]

	for i := range events { // apart, because so the processor fetches many events at once
		e := &events[i]
		t.latest = max(t.latest, e.At)
		t.claims = t.claims || !e.Claim.isEmpty()
		t.scratchTails = append(t.scratchTails, tailOf(e.MessageID))
	}
	for i := range events {
		e := &events[i]
		if e.Type.IsConsent() {
			continue // identified by its time: copies change nothing
		}
		s := t.slot(e.MessageID, t.scratchTails[i])
		switch first := s.events[e.Type]; {
		case first == nil:
			s.events[e.Type] = e
			t.noteInbound(e)
		case *first != *e:
			s.differs = s.differs || e.Type != Received // an inbound is another event than our message
			t.differing = append(t.differing, e)
		}
	}
	if len(t.differing) > 0 { // other times may hold now
		t.mergeDiffering()
		t.inbounds, t.latest = t.inbounds[:0], t.latestConsent(events)
		for i := range t.slots {
			for _, e := range t.slots[i].events {
				if e != nil {
					t.latest = max(t.latest, e.At)
					t.noteInbound(e)
				}
			}
		}
	}
	byTime := func(a, b inbound) int { return cmp.Compare(a.at, b.at) }
	if !slices.IsSortedFunc(t.inbounds, byTime) {
		slices.SortFunc(t.inbounds, byTime)
	}
}

// noteInbound takes down what the customer did.
func (t *timeline) noteInbound(e *Event) {
	if e.Type == Received {
		t.inbounds = append(t.inbounds, inbound{e.At, opensEntryPoint(e)})
	}
}

// latestConsent is the latest time of the consents among the events.
func (t *timeline) latestConsent(events []Event) (latest Instant) {
	for i := range events {
		if events[i].Type.IsConsent() {
			latest = max(latest, events[i].At)
		}
	}
	return latest
}

// slot finds the slot of a message id, or makes it. The statuses of a message
// mostly follow one another, so the newest slots are looked at first; only a long
// conversation needs a map.
func (t *timeline) slot(id string, tail uint64) *slot {
	const few = 64
	n := len(t.slots)
	for i := n - 1; i >= max(0, n-few); i-- {
		if t.tails[i] == tail && t.slots[i].id == id {
			return &t.slots[i]
		}
	}
	if n > few {
		if len(t.byID) == 0 { // the conversation has outgrown looking
			if t.byID == nil {
				t.byID = make(map[string]int32)
			}
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
	t.tails = append(t.tails, tail)
	return &t.slots[n]
}

// tailOf is the last eight bytes of an id, or what there is.
func tailOf(id string) (tail uint64) {
	n := len(id)
	if n >= 8 {
		end := id[n-8:]
		tail = uint64(end[0]) | uint64(end[1])<<8 | uint64(end[2])<<16 | uint64(end[3])<<24 |
			uint64(end[4])<<32 | uint64(end[5])<<40 | uint64(end[6])<<48 | uint64(end[7])<<56
	} else {
		for i := range n {
			tail = tail<<8 | uint64(id[i])
		}
	}
	return tail
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
		if s := t.slot(e.MessageID, tailOf(e.MessageID)); s.events[e.Type] != nil {
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
		s := t.slot(e.MessageID, tailOf(e.MessageID))
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

// isMessage says whether the slot holds an outbound message, not only an inbound.
func (s *slot) isMessage() bool {
	return s.events[Sent] != nil || s.events[Delivered] != nil || s.events[Read] != nil || s.events[Failed] != nil
}

// message assembles the facts of an outbound message from its events, which may
// carry claims. The message must be empty.
func (s *slot) message(m *Message, claims bool) {
	sent, delivered, read, failed := s.events[Sent], s.events[Delivered], s.events[Read], s.events[Failed]
	m.MessageID = s.id
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
		if e != nil {
			m.complete(e)
		}
	}
	if claims {
		for _, e := range [...]*Event{delivered, read, sent} {
			if e != nil && !e.Claim.isEmpty() {
				m.Claim = e.Claim
				break
			}
		}
	}
	if failed != nil {
		m.Failed, m.Error = true, failed.Error
	}
	if s.differs {
		m.Flags |= DuplicateDiffers
	}
}

// complete takes from an event, field by field, what the message lacks.
func (m *Message) complete(e *Event) {
	m.Sender, m.User = e.Sender, e.User
	if m.Kind == KindUnknown {
		m.Kind = e.Kind
	}
	if m.Category == "" {
		m.Category = known(e.Category)
	}
	if m.Template == "" {
		m.Template = known(e.Template)
	}
	if m.UserCountry == "" {
		m.UserCountry = e.UserCountry
	}
	switch {
	case m.Account == "":
		m.Account = e.Account
	case e.Account != "" && e.Account != m.Account:
		m.accountsDiffer = true
	}
}

// known returns "" for the word "unknown", which counts as empty.
func known(s string) string {
	if s == unknownWord {
		return ""
	}
	return s
}

// firstKnown returns a unless it is empty or the word "unknown".
func firstKnown(a, b string) string { return cmp.Or(known(a), known(b)) }

const unknownWord = "unknown"
