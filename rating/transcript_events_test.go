package rating_test

import (
	"fmt"
	"postage/rating"
	"strconv"
	"strings"
	"time"
)

// Events in a transcript are one line each, in UTC or the zone of the command:
//
//	2019-06-10 09:00 in
//	2019-06-11 15:00 out m2 template ALERT_UPDATE delivered +2s
//	2019-06-11 15:00:00.250 read m2
//
// `in` is something the user did: plain, or call, reaction; ad or page_cta, and
// android, ios, web, desktop. `out` is a sent and its statuses: delivered, read,
// failed, each with its delay. sent, delivered, read and failed are one event of
// a message; consent is one of a user. from=, to=, country=, account=, claim=
// say more; times=100 repeats a line every second under ids of their own, and
// users=100 does so to as many users.
type eventReader struct {
	zone *time.Location
	n    int
}

var (
	kindWords     = map[string]rating.Kind{"template": rating.Template, "freeform": rating.Freeform, "reaction": rating.Reaction, "call": rating.Call, "echo": rating.Echo}
	referralWords = map[string]rating.Referral{"ad": rating.ReferralAd, "page_cta": rating.ReferralPageCTA}
	clientWords   = map[string]rating.Client{"android": rating.ClientAndroid, "ios": rating.ClientIOS, "web": rating.ClientWeb, "desktop": rating.ClientDesktop}
	typeWords     = map[string]rating.EventType{"in": rating.Received, "consent": rating.ConsentGranted, "sent": rating.Sent, "delivered": rating.Delivered, "read": rating.Read, "failed": rating.Failed}
)

func (p *eventReader) read(text string) (events []rating.Event, err error) {
	for line := range strings.SplitSeq(text, "\n") {
		words := fieldsOf(line)
		if len(words) == 0 {
			continue
		}
		some, err := p.line(words)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		events = append(events, some...)
	}
	return events, nil
}

func (p *eventReader) line(words []string) ([]rating.Event, error) {
	if len(words) < 3 {
		return nil, fmt.Errorf("want a date, a time and what happened")
	}
	at, err := parseTime(words, p.zone)
	if err != nil {
		return nil, err
	}
	verb, rest := words[2], words[3:]
	e := rating.Event{At: at, Sender: numberOf("A"), User: numberOf("gb1"), Type: typeWords[verb]}
	if verb == "in" {
		p.n++
		e.Kind, e.MessageID = rating.Freeform, fmt.Sprintf("in%d", p.n)
	} else if verb != "consent" {
		if len(rest) == 0 {
			return nil, fmt.Errorf("no message id")
		}
		e.MessageID, rest = rest[0], rest[1:]
	}
	var statuses []rating.Event
	times, users := 1, 0
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		column, value, assigned := strings.Cut(word, "=")
		switch {
		case assigned && column == "times":
			times, err = strconv.Atoi(value)
		case assigned && column == "users":
			users, err = strconv.Atoi(value)
			times = users
		case assigned:
			err = assign(&e, column, value)
		case verb == "out" && typeWords[word] >= rating.Delivered:
			if len(rest) == 0 {
				return nil, fmt.Errorf("%s: after how long?", word)
			}
			var delay time.Duration
			delay, err = time.ParseDuration(rest[0])
			statuses = append(statuses, rating.Event{Type: typeWords[word], At: at + rating.Instant(delay.Milliseconds())})
			rest = rest[1:]
		case kindWords[word] != 0:
			e.Kind = kindWords[word]
		case referralWords[word] != 0:
			e.Referral = referralWords[word]
		case clientWords[word] != 0:
			e.Client = clientWords[word]
		case word == "unknown":
			e.Kind = rating.KindUnknown
		default:
			e.Category = word
		}
		if err != nil {
			return nil, err
		}
	}
	if verb == "out" {
		e.Type = rating.Sent
	}
	if e.Type == 0 {
		return nil, fmt.Errorf("%q: nothing happens like that", verb)
	}
	var events []rating.Event
	for i := range times {
		copied := e
		if times > 1 {
			copied.At += rating.Instant(i) * 1000
			copied.MessageID = fmt.Sprintf("%s.%06d", e.MessageID, i+1)
		}
		if users > 0 {
			copied.User = fmt.Sprintf("%s%05d", e.User[:len(e.User)-3], i)
		}
		events = append(events, copied)
		for _, s := range statuses {
			s.MessageID, s.Sender, s.User, s.At = copied.MessageID, copied.Sender, copied.User, s.At+copied.At-e.At
			events = append(events, s)
		}
	}
	return events, nil
}

func assign(e *rating.Event, column, value string) error {
	switch column {
	case "from":
		e.Sender = numberOf(value)
	case "to", "by":
		e.User = numberOf(value)
	case "country":
		e.UserCountry = value
	case "account":
		e.Account = value
	case "text":
		e.Template = value
	case "claim": // billable/model/type/category
		parts := strings.Split(value, "/")
		if len(parts) != 4 {
			return fmt.Errorf("claim=%s: want yes/PMP/regular/utility", value)
		}
		said := map[string]rating.Billable{"yes": rating.BillableYes, "no": rating.BillableNo, "": rating.BillableUnsaid}
		e.Claim = rating.Claim{Billable: said[parts[0]], Model: parts[1], Type: parts[2], Category: parts[3]}
	default:
		return fmt.Errorf("%s=: no such thing", column)
	}
	return nil
}
