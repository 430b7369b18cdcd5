package live

import (
	"context"
	"maps"
	"postage/ingest"
	"postage/rating"
)

// Observe implements ingest.Follower.
func (f *Follower) Observe(ctx context.Context, b *ingest.Batch) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.judge == nil { // a tariff activated later than now is followed by a sweep that sees this batch
		if err := f.look(ctx); err != nil {
			return err
		}
	}
	before := maps.Clone(f.next)
	for _, span := range b.Spans {
		p := ingest.Partition{Topic: span.Topic, ID: span.Partition}
		f.next[p] = max(f.next[p], span.To)
	}
	if f.judge == nil {
		return nil
	}
	f.batch++
	d := &f.desk
	d.reset(len(b.Events))
	d.lay(b.Events)
	defer func() {
		if err != nil { // what the table has of these is not known any more
			for i := range d.groups {
				f.cache.remove(d.groups[i].hash, d.groups[i].packed)
			}
		}
	}()

	rows := f.rows[:0]
	defer func() { f.rows = keepSmall(rows) }()
	var notes []Note
	missing := map[Key]*group{}
	var keys []Key
	var unnamed []*group
	settle := func(g *group, named bool) {
		var got answered
		if !named {
			if rows, got = f.answer(g, rows, nil); got == wantsID {
				rows, got = f.answer(g, rows, f.recent.id)
			}
		} else {
			rows, got = f.answer(g, rows, func(hash uint64) string { return f.ids[hash] })
		}
		switch {
		case got == fully:
			f.Stats.Hits.Add(1)
		case got == wantsID && !named:
			unnamed = append(unnamed, g)
		default:
			missing[g.Key] = g
			keys = append(keys, g.Key)
		}
	}
	clear(f.ids)
	for i := range d.groups {
		g := &d.groups[i]
		if shard, mine := f.home(g.Key); !mine {
			notes = append(notes, f.note(g.Key, shard))
			continue
		}
		settle(g, false)
	}
	if err := f.lookUp(ctx, unnamed); err != nil {
		return err
	}
	for _, g := range unnamed {
		settle(g, true)
	}
	f.Stats.Misses.Add(int64(len(keys)))
	seen := 0
	err = f.load(ctx, keys, f.limits(before), func(l *Loaded) error {
		seen++
		g := missing[l.Key]
		if fresh := count(l.Fresh); fresh < g.n {
			return errBehind
		}
		touched := make(map[string]bool, g.n)
		for at := g.first; at >= 0; at = d.next[at] {
			touched[d.events[at].Event.MessageID] = true
		}
		rows = f.study(l, true, rows, func(id string) bool { return !touched[id] })
		return nil
	})
	if err == nil && seen < len(keys) {
		err = errBehind
	}
	if err != nil {
		return err
	}
	if err := f.write(ctx, rows); err != nil {
		return err
	}
	if err := f.leave(ctx, notes); err != nil {
		return err
	}
	f.gauge()
	return nil
}

func count(set []bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

// answered says how far the cache can answer for a conversation.
type answered int

const (
	fully    answered = iota
	wantsID           // the id of a message matters of which the cache has a hash only
	wantsLog          // only the log can tell
)

// lookUp finds the ids of messages of conversations that came too long ago: of all that verdicts were written on. It
// reads three columns of live_messages where a load reads all of the log.
func (f *Follower) lookUp(ctx context.Context, groups []*group) error {
	if len(groups) == 0 {
		return nil
	}
	f.Stats.Unnamed.Add(int64(len(groups)))
	keys := make([]Key, len(groups))
	for i, g := range groups {
		keys[i] = g.Key
	}
	return f.Store.IDs(ctx, keys, func(k Key, id string) { f.ids[leftHash(k.Hash(), hashText(id))] = id })
}

// answer classifies a conversation of the batch from the cache, or from nothing when the
// log knew nothing of it before. idOf, which may be nil, knows ids of messages by leftHash.
func (f *Follower) answer(g *group, rows []Row, idOf func(hash uint64) string) ([]Row, answered) {
	if !g.cachable {
		return rows, wantsLog
	}
	s, j := &f.story, f.judge
	if record := f.cache.get(g.hash, g.packed); record != nil {
		f.shapes.decode(s, record, g.Key)
		if s.activation != f.activation.Number {
			if s.cut != 0 { // where it was cut depends on the tariff
				return rows, wantsLog
			}
			f.shapes.unfold(s, g.Key)
			for i := range j.classify(s.forClassifier()) {
				s.named(j.messages[i].MessageID).print = printOf(&j.messages[i])
			}
			s.activation = f.activation.Number
		}
	} else {
		if f.known.has(g.hash) {
			return rows, wantsLog
		}
		s.reset()
		s.activation = f.activation.Number
	}
	dropped := func(hash uint64) bool { return f.left.has(leftHash(g.hash, hash)) }
	for at := g.first; at >= 0; at = f.desk.next[at] {
		e := &f.desk.events[at].Event
		if e.Type.IsConsent() {
			continue // touches no message
		}
		hash := hashText(e.MessageID)
		if s.reaches(e, hash) {
			f.shapes.unfold(s, g.Key)
		}
		if !s.add(e, hash, dropped) {
			return rows, wantsLog
		}
		if e.Type != rating.Received {
			f.recent.add(leftHash(g.hash, hash), e.MessageID)
		}
	}
	if idOf != nil {
		s.rename(func(hash uint64) string { return idOf(leftHash(g.hash, hash)) })
	}
	messages := j.classify(s.forClassifier())
	j.settle(s)
	if !s.tie(messages) {
		return rows, wantsID
	}
	first := len(rows)
	for i := range messages {
		m := &messages[i]
		t := s.named(m.MessageID)
		p := printOf(m)
		if p == t.print {
			continue
		}
		if !t.whole {
			return rows[:first], wantsID
		}
		if t.foreign {
			f.Stats.Late.Add(1)
		}
		t.print = p
		rows = append(rows, Row{*m, f.version()})
	}
	f.known.add(g.hash)
	f.retain(g.hash, g.packed, messages)
	return rows, fully
}

// study classifies a conversation read from the log. With delta, the verdicts on what is
// not fresh are in the table already; without, all are written. late says of a message
// that is written whether the batch had no event of it.
func (f *Follower) study(l *Loaded, delta bool, rows []Row, late func(id string) bool) []Row {
	j, s := f.judge, &f.story
	clear(j.prints)
	if delta {
		old := f.old[:0]
		for i := range l.Events {
			if !l.Fresh[i] {
				old = append(old, l.Events[i])
			}
		}
		f.old = old
		for i := range j.classify(old) {
			j.prints[j.messages[i].MessageID] = printOf(&j.messages[i])
		}
	}
	messages := j.classify(l.Events)
	j.merge(s)
	s.activation = f.activation.Number
	for i := range messages {
		m := &messages[i]
		p := printOf(m)
		if j.prints[m.MessageID] != p {
			rows = append(rows, Row{*m, f.version()})
			if late(m.MessageID) {
				f.Stats.Late.Add(1)
			}
		}
		if t := s.find(hashText(m.MessageID)); t != nil {
			t.print = p
		}
	}
	hash := l.Hash()
	f.known.add(hash)
	if packed, ok := l.pack(); ok && !s.odd() {
		s.tie(messages)
		f.retain(hash, packed, messages)
	}
	return rows
}

// bounds of one story in the cache.
type bounds struct {
	tell    int // stories of which more messages are told are folded up where they can be
	keep    int // but for so many messages
	shorten int // of stories that take more bytes what is folded up is left out, the oldest first
	retain  int // what still takes more bytes is loaded every time
}

var usualBounds = bounds{tell: 8, keep: 4, shorten: 4 << 10, retain: 1 << 20}

// retain puts the story at hand into the cache. messages are the verdicts on it.
func (f *Follower) retain(hash uint64, key packed, messages []rating.Message) {
	s := &f.story // without messages, when there were only consents
	if len(s.messages) > f.bounds.tell {
		f.shapes.foldUp(s, messages, f.bounds.keep)
	}
	f.record = f.shapes.encode(f.record[:0], key, s)
	if len(f.record) > f.bounds.shorten && len(s.folded) > 0 {
		s.leaveOut(f.bounds.shorten/2, func(id uint64) { f.left.add(leftHash(hash, id)) })
		f.record = f.shapes.encode(f.record[:0], key, s)
	}
	if len(f.record) > f.bounds.retain {
		f.cache.remove(hash, key)
		return
	}
	f.cache.put(hash, key, f.record)
}

// leftHash tells a message left out of a story from all others.
func leftHash(conversation, message uint64) uint64 {
	return conversation ^ message*0x9e3779b97f4a7c15
}

// load reads conversations from the log, some thousand with one query.
func (f *Follower) load(ctx context.Context, keys []Key, limits Limits, visit func(*Loaded) error) error {
	const most = 20_000 // a query reads a block of the table for each, at worst all of it once
	for len(keys) > 0 {
		some := keys[:min(len(keys), most)]
		keys = keys[len(some):]
		f.Stats.Loads.Add(1)
		if err := f.Store.Load(ctx, some, limits, visit); err != nil {
			return err
		}
	}
	return nil
}

// reload classifies conversations from the log and writes every verdict.
func (f *Follower) reload(ctx context.Context, keys []Key) error {
	if f.judge == nil || len(keys) == 0 {
		return nil
	}
	f.batch++
	rows := f.rows[:0]
	defer func() { f.rows = keepSmall(rows) }()
	err := f.load(ctx, keys, f.limits(nil), func(l *Loaded) error {
		rows = f.study(l, false, rows, func(string) bool { return true })
		return nil
	})
	if err == nil {
		err = f.write(ctx, rows)
	}
	if err != nil {
		for _, key := range keys {
			if p, ok := key.pack(); ok {
				f.cache.remove(key.Hash(), p)
			}
		}
		return err
	}
	f.gauge()
	return nil
}

// keepSmall is scratch memory to use again, unless a large batch has blown it up.
func keepSmall(rows []Row) []Row {
	if cap(rows) > 200_000 {
		return nil
	}
	return rows[:0]
}

func (f *Follower) write(ctx context.Context, rows []Row) error {
	if err := f.Store.Write(ctx, rows); err != nil {
		return err
	}
	f.Stats.Rows.Add(int64(len(rows)))
	return nil
}

func (f *Follower) gauge() {
	f.Stats.Evicted.Store(f.cache.evicted)
	f.Stats.Resident.Store(int64(f.cache.n))
	f.Stats.CacheBytes.Store(f.cache.bytes() + f.recent.bytes())
	f.Stats.Known.Store(int64(f.known.count))
	f.Stats.KnownBytes.Store(f.known.bytes() + f.left.bytes())
}
