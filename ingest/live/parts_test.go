package live

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"reflect"
	"strings"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
)

// TestHome: a conversation is at home where Kafka's clients put its key.
func TestHome(t *testing.T) {
	for i := range 1000 {
		key := Key{fmt.Sprintf("+44%d", i*7919), fmt.Sprintf("+9%0*d", 6+i%9, i)}
		partitions := []int{0, 1, 2, 3, 4, 5, 6}[:1+i%7]
		want := kafkago.Murmur2Balancer{}.Balance(kafkago.Message{Key: key.appendTo(nil)}, partitions...)
		if got := key.Home(len(partitions)); int(got) != want {
			t.Fatalf("home of %v among %d: got %d, want %d", key, len(partitions), got, want)
		}
	}
}

func TestPack(t *testing.T) {
	seen := map[uint64]string{}
	for _, s := range []string{"+1", "+01", "+001", "+0", "+00", "+447700900123", "+0447700900123", "+999999999999999", "+000000000000000"} {
		n, ok := packNumber(s)
		if !ok || n >= 1<<56 {
			t.Errorf("packNumber(%q): got %d, %v; want 7 bytes", s, n, ok)
		}
		if other, taken := seen[n]; taken {
			t.Errorf("%q and %q are packed alike", s, other)
		}
		seen[n] = s
	}
	for _, s := range []string{"", "+", "447700900123", "+44 77", "+1234567890123456", "+12a"} {
		if _, ok := packNumber(s); ok {
			t.Errorf("packNumber(%q): got a number, want none", s)
		}
	}
}

func TestFilter(t *testing.T) {
	var f filter
	const n = 500_000
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]uint64, n)
	for i := range in {
		in[i] = r.Uint64()
		f.add(in[i])
	}
	for _, h := range in {
		if !f.has(h) {
			t.Fatalf("hash %x: got no, want yes", h)
		}
	}
	wrong := 0
	for range n {
		if f.has(r.Uint64()) {
			wrong++
		}
	}
	if wrong > 0 { // expected: 500,000 * 4 layers * 3 probes / 2^32, 0.001
		t.Errorf("got %d of %d yes by mistake", wrong, n)
	}
	if per := float64(f.bytes()) / n; f.count != n || per > 12 {
		t.Errorf("got %d hashes, %.1f bytes each", f.count, per)
	}
}

// TestCache plays a cache against a map: what it returns is what was put last, it keeps to its
// limit, and what was asked for lately stays longer.
func TestCache(t *testing.T) {
	const limit = 1 << 18
	r := rand.New(rand.NewPCG(3, 4))
	c := newCache(limit)
	want := map[int][]byte{}
	record := func(i int) []byte {
		b := appendKey(nil, packed{uint64(i), 7})
		n := r.IntN(120)
		if r.IntN(50) == 0 {
			n = r.IntN(2000)
		}
		for range n {
			b = append(b, byte(r.Uint32()))
		}
		return b
	}
	hash := func(i int) uint64 { return uint64(i % 1500) } // several conversations share a hash
	for step := range 200_000 {
		i := r.IntN(3000)
		switch r.IntN(10) {
		case 0:
			c.remove(hash(i), packed{uint64(i), 7})
			delete(want, i)
		case 1, 2, 3, 4:
			want[i] = record(i)
			c.put(hash(i), packed{uint64(i), 7}, want[i])
		default:
			if got := c.get(hash(i), packed{uint64(i), 7}); got != nil && string(got) != string(want[i]) {
				t.Fatalf("step %d: record %d: got %d bytes, want %d others", step, i, len(got), len(want[i]))
			}
		}
		if c.bytes() > limit {
			t.Fatalf("step %d: %d bytes, want at most %d", step, c.bytes(), limit)
		}
	}
	used := int64(0)
	for _, s := range c.slots {
		if s.loc != 0 {
			record := c.pages.record(s.loc & place)
			if n := unitsFor(len(record)); n <= smallUnits {
				used += int64(n) * unit
			} else {
				used += int64(cap(record)) + 24
			}
		}
	}
	if used != c.pages.used || c.n < 500 || c.evicted == 0 {
		t.Errorf("%d bytes counted, %d in %d records; %d evicted", c.pages.used, used, c.n, c.evicted)
	}
	if room := int64(len(c.pages.pages)) * pageUnits * unit; room > 4*limit {
		t.Errorf("pages take %d bytes for records of %d", room, used)
	}

	c = newCache(limit)
	warm := packed{1, 1}
	c.put(1, warm, appendKey(nil, warm))
	for i := range 100_000 {
		cold := packed{uint64(i) + 10, 2}
		c.put(uint64(i)*0x9e3779b97f4a7c15, cold, appendKey(nil, cold))
		if i%100 == 0 && c.get(1, warm) == nil {
			t.Fatalf("what is asked for all the time was evicted after %d others", i)
		}
	}
}

// FuzzStory: what is coded comes back, whatever the events say.
func FuzzStory(f *testing.F) {
	f.Add(uint64(1), 3, "utility", int64(1_790_812_800_000))
	f.Add(uint64(2), 40, "", int64(-5))
	f.Add(uint64(3), 1, "\x00\xff", int64(1)<<60)
	f.Fuzz(func(t *testing.T, chance uint64, messages int, text string, at int64) {
		r := rand.New(rand.NewPCG(chance, 0))
		key := Key{"+442079460000", "+447700900123"}
		packed, _ := key.pack()
		d := newShapes()
		if r.IntN(2) == 0 {
			d.known = make([]shape, shapesMax) // full: every shape is spelled out
		}
		s := story{activation: r.Uint32(), cut: rating.Instant(r.Int64())}
		for i := range messages % 100 {
			id := fmt.Sprint(text, i)
			m := told{hash: hashText(id), id: id, whole: true, tied: r.IntN(3) == 0}
			if r.IntN(2) == 0 {
				m.print = max(r.Uint64(), 1)
			}
			k := s.message(m)
			for _, typ := range types {
				if r.IntN(2) == 0 {
					continue
				}
				e := rating.Event{
					Type: typ, Sender: key.Sender, User: key.User, At: rating.Instant(at + r.Int64N(1<<40)), Kind: rating.Kind(r.IntN(6)),
					Referral: rating.Referral(r.IntN(3)), Client: rating.Client(r.IntN(5)), Category: text, Template: text, Account: "acme", UserCountry: "GB",
					Claim: rating.Claim{Billable: rating.Billable(r.IntN(3)), Model: text, Type: "regular", Category: text}, Error: rating.CarrierError{Code: int32(r.Uint32()), Title: text},
				}
				extra := uint64(0)
				if r.IntN(4) == 0 {
					extra = max(r.Uint64(), 1)
				}
				s.event(k, e, extra, spelledOut, r.IntN(4) == 0)
			}
		}
		record := d.encode(nil, packed, &s)
		if keyOf(record) != packed {
			t.Fatalf("key: got %v, want %v", keyOf(record), packed)
		}
		var got story
		d.decode(&got, record, key)
		for i := range s.messages { // ids that were not kept come back as names
			if m := &s.messages[i]; !m.tied {
				m.id, m.whole = got.messages[i].id, false
				if hash, ok := unnamed(m.id); !ok || hash != m.hash {
					t.Fatalf("message %d: name %q of hash %x", i, m.id, m.hash)
				}
			}
		}
		for i := range s.messages {
			for _, at := range s.messages[i].by {
				if at > 0 {
					s.events[at-1].MessageID = s.messages[i].id
				}
			}
		}
		if got.cut != s.cut || got.activation != s.activation || len(got.messages) != len(s.messages) {
			t.Fatalf("got cut %d, activation %d, %d messages; want %d, %d, %d", got.cut, got.activation, len(got.messages), s.cut, s.activation, len(s.messages))
		}
		for i := range s.messages {
			if got.messages[i] != s.messages[i] {
				t.Errorf("message %d:\ngot  %+v\nwant %+v", i, got.messages[i], s.messages[i])
			}
		}
		if len(s.events) > 0 && !(reflect.DeepEqual(got.events, s.events) && reflect.DeepEqual(got.extras, s.extras) && reflect.DeepEqual(got.merged, s.merged)) {
			t.Errorf("events:\ngot  %+v\nwant %+v", got.events, s.events)
		}
	})
}

// TestShapeForgetsNothing fails when an event gets a field that a story does not keep.
func TestShapeForgetsNothing(t *testing.T) {
	apart := len([]string{"Type", "At", "MessageID", "Sender", "User", "Extra"})
	if got, want := reflect.TypeFor[rating.Event]().NumField()-apart, reflect.TypeFor[shape]().NumField(); got != want {
		t.Errorf("rating.Event has %d fields besides those kept apart, a shape keeps %d", got, want)
	}
}

// TestPrintSeesEverything changes each field of a message that the table keeps.
func TestPrintSeesEverything(t *testing.T) {
	var m rating.Message
	base := printOf(&m)
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name := path + field.Name
			switch name {
			case "MessageID", "Sender", "User": // the key
				continue
			case "Verdict.Tier", "Verdict.Position", "Verdict.Rate", "Cost.Tier", "Cost.Position", "Cost.Rate": // pricing
				continue
			}
			if !field.IsExported() {
				continue
			}
			f := v.Field(i)
			if f.Kind() == reflect.Struct {
				walk(f, name+".")
				continue
			}
			old := reflect.ValueOf(f.Interface())
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Uint8:
				f.SetUint(1)
			default:
				f.SetInt(1)
			}
			if printOf(&m) == base {
				t.Errorf("%s changes the message, not its print", name)
			}
			f.Set(old)
		}
	}
	walk(reflect.ValueOf(&m).Elem(), "")
}

// TestRecent: an id that comes back is the right one, and the latest come back.
func TestRecent(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	seen := newRecent(1 << 14)
	seen.written = 1<<32 - 1<<17 // a slot holds the low half
	ids := map[uint64]string{}
	var order []uint64
	for i := range 20_000 {
		hash := r.Uint64()
		if r.IntN(3) == 0 && i > 0 { // a later event of a message
			hash = order[len(order)-1-r.IntN(min(len(order), 20))]
		}
		if ids[hash] == "" {
			ids[hash] = fmt.Sprintf("wamid.%0*d", r.IntN(60), i)
			if r.IntN(100) == 0 {
				ids[hash] = strings.Repeat("x", recentLong+r.IntN(2))
			}
			order = append(order, hash)
		}
		seen.add(hash, ids[hash])
		if got := seen.id(hash); got != ids[hash] && len(ids[hash]) <= recentLong {
			t.Fatalf("step %d: got %q, want %q", i, got, ids[hash])
		}
	}
	known := 0
	for i, hash := range order {
		got := seen.id(hash)
		if got != "" && got != ids[hash] {
			t.Fatalf("message %d: got %q, want %q", i, got, ids[hash])
		}
		if got := seen.id(hash ^ 1<<20); got != "" { // of the same slot and half
			t.Fatalf("message %d: got %q by another's hash", i, got)
		}
		if got != "" && i >= len(order)-100 {
			known++
		}
	}
	if known < 50 { // places are shared: one in some is lost
		t.Errorf("of the latest 100 messages %d are known", known)
	}
	if got := seen.bytes(); got > 1<<14 {
		t.Errorf("got %d bytes, want at most %d", got, 1<<14)
	}
}

// TestRecentIsFull: most of the ids that there is room for are known.
func TestRecentIsFull(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	seen := newRecent(1 << 20)
	id := strings.Repeat("x", recentUsual-recentHead)
	room := len(seen.ring) / recentUsual
	hashes := make([]uint64, 5*room)
	for i := range hashes {
		hashes[i] = r.Uint64()
		seen.add(hashes[i], id)
	}
	known := 0
	for _, hash := range hashes[len(hashes)-room:] {
		if seen.id(hash) != "" {
			known++
		}
	}
	if known < room*8/10 {
		t.Errorf("%d of %d are known", known, room)
	}
}
