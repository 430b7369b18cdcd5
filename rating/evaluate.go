package rating

import "iter"

// Rated is the outcome of the whole function: every outbound message, judged and
// priced.
type Rated struct {
	Messages []*Message // in no particular order
	Inbounds Inbounds   // customers' messages that cost a fee
	AsOf     Instant    // latest event time, copies removed: decides what is still pending
}

// Evaluate applies the whole function to a set of conversations, each given once,
// its events in any order and with copies: classify, settle, price. keep says
// which messages to hold on to (nil for all); it must keep every chargeable one
// from the first day of the month before the earliest month wanted, because
// counters are drawn down in order.
func Evaluate(t *Tariff, conversations iter.Seq2[[]Event, error], keep func(*Message) bool) (*Rated, error) {
	const chunk = 4096
	c := NewClassifier(t)
	out := &Rated{}
	shared := t.Groups()
	var judged, store []Message
	for events, err := range conversations {
		if err != nil {
			return nil, err
		}
		for i := range events {
			shared.Names(events[i].Sender, events[i].Account)
		}
		judged = c.Classify(judged[:0], events)
		for i := range judged {
			if keep != nil && !keep(&judged[i]) {
				continue
			}
			if len(store) == cap(store) {
				store = make([]Message, 0, chunk)
			}
			store = append(store, judged[i])
			out.Messages = append(out.Messages, &store[len(store)-1])
		}
	}
	out.AsOf, out.Inbounds = c.Latest(), c.Inbounds()

	p := NewPricer(t)
	groups := map[string][]*Message{}
	for _, m := range out.Messages {
		m.Settle(out.AsOf)
		if m.Chargeable() {
			g := shared.OfSender(m.Sender)
			groups[g] = append(groups[g], m)
		}
	}
	for _, messages := range groups {
		p.Price(messages)
	}
	return out, nil
}
