package traffic

import (
	"encoding/json"
	"postage/rating"
	"slices"
	"testing"
	"time"
)

// arrival is a v1 record as a reader sees it.
type arrival struct {
	typ, id, sender, user, kind, category string
	at, arrived                           rating.Instant
	claimed                               bool
	code                                  int
	value                                 string
}

func read(t *testing.T, cfg Config) []arrival {
	t.Helper()
	var all []arrival
	for r := range start(t, cfg).Records() {
		var e struct {
			Type, Sender, User, Kind, Category string
			Time                               time.Time
			MessageID                          string `json:"message_id"`
			Pricing                            *struct{}
			Error                              struct{ Code int }
		}
		if err := json.Unmarshal(r.Value, &e); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if want := e.Sender + "|" + e.User; r.Key != want {
			t.Fatalf("key: got %s, want %s", r.Key, want)
		}
		all = append(all, arrival{
			e.Type, e.MessageID, e.Sender, e.User, e.Kind, e.Category,
			rating.At(e.Time), r.Arrived, e.Pricing != nil, e.Error.Code, string(r.Value),
		})
	}
	return all
}

// letter is one message put together from its events, earliest times first.
type letter struct {
	arrival
	times   map[string]rating.Instant
	claimed map[string]bool
}

func assemble(all []arrival) (letters map[string]*letter, inbound map[string][]rating.Instant) {
	letters, inbound = map[string]*letter{}, map[string][]rating.Instant{}
	for _, a := range all {
		switch a.typ {
		case "consent.granted", "consent.revoked":
			continue
		case "message.received":
			inbound[a.sender+a.user] = append(inbound[a.sender+a.user], a.at)
			continue
		}
		l := letters[a.id]
		if l == nil {
			l = &letter{a, map[string]rating.Instant{}, map[string]bool{}}
			letters[a.id] = l
		}
		if t, ok := l.times[a.typ]; !ok || a.at < t {
			l.times[a.typ] = a.at
		}
		l.claimed[a.typ] = a.claimed
		l.code = max(l.code, a.code)
	}
	for _, in := range inbound {
		slices.Sort(in)
	}
	return letters, inbound
}

// sentAt follows SEMANTICS.
func (l *letter) sentAt() rating.Instant {
	if t := l.times["message.sent"]; t != 0 {
		return t
	}
	d, r := l.times["message.delivered"], l.times["message.read"]
	switch {
	case d != 0 && (r == 0 || d < r):
		return d
	case r != 0:
		return r
	}
	return l.times["message.failed"]
}

func between(t *testing.T, what string, got, lo, hi float64) {
	t.Helper()
	if got < lo || got > hi {
		t.Errorf("%s: got %.4f, want %.4f to %.4f", what, got, lo, hi)
	}
}
