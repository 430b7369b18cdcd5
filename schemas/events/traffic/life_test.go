package traffic

import (
	"postage/rating"
	"slices"
	"testing"
)

func TestArrivalsAreInOrderAndEventsAreNot(t *testing.T) {
	all := read(t, Config{Month: october, Messages: 20000, Seed: 5})
	var last, latest rating.Instant
	var overtaken, late, veryLate int
	for _, a := range all {
		if a.arrived < last {
			t.Fatalf("arrival %s after %s", a.arrived, last)
		}
		if a.arrived < a.at {
			t.Fatalf("arrived %s before it happened: %s", a.arrived, a.value)
		}
		if a.at%second != 0 {
			t.Fatalf("time %s: want whole seconds", a.at)
		}
		if a.arrived-a.at > 15*rating.Day {
			t.Errorf("arrived %s: want within two retries of a week, %s", a.arrived, a.value)
		}
		last = a.arrived
		if a.at < latest {
			overtaken++
		}
		latest = max(latest, a.at)
		if a.arrived-a.at > rating.Hour {
			late++
		}
		if a.arrived-a.at > rating.Day {
			veryLate++
		}
	}
	n := float64(len(all))
	between(t, "share of records older than one before them", float64(overtaken)/n, .02, .5)
	between(t, "share of records more than an hour late", float64(late)/n, .002, .02)
	between(t, "share of records more than a day late", float64(veryLate)/n, .0005, .005)
}

func TestEveryTypeKindAndCategoryOccurs(t *testing.T) {
	got := map[string]int{}
	for _, a := range read(t, Config{Month: october, Messages: 20000, Seed: 5}) {
		got[a.typ]++
		got["kind "+a.kind]++
		got["category "+a.category]++
	}
	for _, want := range []string{
		"message.received", "message.sent", "message.delivered", "message.read", "message.failed", "consent.granted", "consent.revoked",
		"kind template", "kind freeform", "kind reaction", "kind call", "kind echo",
		"category marketing", "category utility", "category authentication", "category service",
	} {
		if got[want] < 5 {
			t.Errorf("%s: got %d of them, want some", want, got[want])
		}
	}
}

func TestStatusesAreAsInLife(t *testing.T) {
	letters, _ := assemble(read(t, Config{Month: october, Messages: 60000, Seed: 9}))
	count := map[string]int{}
	for _, l := range letters {
		if l.kind == "echo" || l.kind == "reaction" {
			if len(l.times) != 1 || l.times["message.sent"] == 0 {
				t.Errorf("%s %s: got statuses %v, want only sent", l.kind, l.id, l.times)
			}
			continue
		}
		sent, delivered, read, failed := l.times["message.sent"], l.times["message.delivered"], l.times["message.read"], l.times["message.failed"]
		reached := delivered
		if reached == 0 {
			reached = read
		}
		count["all"]++
		tick := func(what string, yes bool) {
			if yes {
				count[what]++
			}
		}
		tick("reached", reached != 0)
		tick("read", read != 0)
		tick("unseen", read != 0 && delivered == 0)
		tick("failed", failed != 0)
		tick("failed then delivered", failed != 0 && delivered > failed)
		tick("no sent", sent == 0 && failed == 0)
		tick("in flight", reached == 0 && failed == 0)
		tick("over a day", sent != 0 && reached-sent > rating.Day)
		tick("over 30 days", sent != 0 && reached-sent > 30*rating.Day)
		tick("same second", sent != 0 && delivered == sent)
		if reached != 0 {
			claims := 0
			if l.claimed["message.delivered"] {
				claims++
			}
			if l.claimed["message.read"] {
				claims++
			}
			if claims != 1 || sent != 0 && !l.claimed["message.sent"] {
				t.Errorf("%s: claims on %v, want sent and exactly one of delivered and read", l.id, l.claimed)
			}
		}
	}
	all, reached := float64(count["all"]), float64(count["reached"])
	between(t, "failed", float64(count["failed"])/all, .02, .045)
	between(t, "in flight", float64(count["in flight"])/all, .005, .03)
	between(t, "read of reached", float64(count["read"])/reached, .66, .75)
	between(t, "read without delivered", float64(count["unseen"])/reached, .005, .015)
	for _, some := range []string{"failed then delivered", "no sent", "over a day", "over 30 days", "same second"} {
		if count[some] < 2 {
			t.Errorf("%s: got %d, want some", some, count[some])
		}
	}
}

// The simulation knows the windows: what it lets through lies inside one, and
// what it refuses with 131047 outside all. The edges occur.
func TestWindowsAreTrue(t *testing.T) {
	letters, inbound := assemble(read(t, Config{Month: october, Messages: 60000, Seed: 9}))
	edges := map[rating.Instant]int{}
	for _, l := range letters {
		at := l.sentAt()
		in := inbound[l.sender+l.user]
		n, found := slices.BinarySearch(in, at)
		for found && n < len(in) && in[n] == at { // one in the same second counts
			n++
		}
		var age rating.Instant
		open := n > 0
		if open {
			age = at - in[n-1]
			open = age < rating.Day
			edges[age-rating.Day]++
		}
		if l.kind != "freeform" || l.times["message.sent"] == 0 {
			continue
		}
		refused := l.code == 131047
		if refused == open {
			t.Errorf("free-form %s sent at %s, %v after the last inbound: refused is %v", l.id, at, age, refused)
		}
	}
	for _, edge := range []rating.Instant{-second, 0, second} {
		if edges[edge] == 0 {
			t.Errorf("no message sent %d ms from the end of its window", edge)
		}
	}
}

func TestMonthBordersAreCrossed(t *testing.T) {
	letters, _ := assemble(read(t, Config{Month: october, Messages: 60000, Seed: 9, Accounts: firms(t)[:1]}))
	loc := zone(t, "Europe/London")
	first, next := october.First().Midnight(loc), october.Next().First().Midnight(loc)
	var before, over, after, lastSecond, firstSecond int
	for _, l := range letters {
		at, reached := l.sentAt(), l.times["message.delivered"]
		switch {
		case at < first:
			before++
		case at >= next:
			after++
		case reached >= next:
			over++
		}
		switch at {
		case first - second, next - second:
			lastSecond++
		case first, next:
			firstSecond++
		}
	}
	for what, got := range map[string]int{
		"sent before the month": before, "delivered after it": over, "sent after it": after,
		"sent in the last second": lastSecond, "sent in the first second": firstSecond,
	} {
		if got == 0 {
			t.Errorf("%s: got none, want some", what)
		}
		if got > len(letters)/20 {
			t.Errorf("%s: got %d of %d, want few", what, got, len(letters))
		}
	}
}

func TestDayRhythm(t *testing.T) {
	letters, _ := assemble(read(t, Config{Month: october, Messages: 30000, Seed: 2}))
	london, kolkata := zone(t, "Europe/London"), zone(t, "Asia/Kolkata")
	var night, noon, evening, codesAtNight int
	for _, l := range letters {
		switch {
		case l.sender == "+915000000001" && l.category == authentication:
			if h := l.sentAt().Time().In(kolkata).Hour(); h < 5 {
				codesAtNight++
			}
		case l.sender[:3] == "+44":
			h := l.sentAt().Time().In(london).Hour()
			if h >= 2 && h < 5 {
				night++
			}
			if h >= 11 && h < 14 {
				noon++
			}
			if h >= 18 && h < 20 && l.category == marketing {
				evening++
			}
		}
	}
	if night*4 > noon {
		t.Errorf("retailer: %d messages from 2 to 5, %d from 11 to 14; want far fewer at night", night, noon)
	}
	if codesAtNight < 50 {
		t.Errorf("bank: %d codes before 5 in the morning, want some", codesAtNight)
	}
	if evening < 500 {
		t.Errorf("retailer: %d campaign messages from 18 to 20, want many", evening)
	}
}
