package files

import (
	"context"
	"postage/rating"
)

// Gatherer takes events that arrive in any order and gives them back by
// conversation, those of a sender together, so that accounts can be rated one
// after another. It holds all of them in memory, in about 100 bytes each; Rate,
// which sorts on disk, has no such limit. It serves one goroutine.
type Gatherer struct {
	talkReader
	senders map[string]*senderEvents
}

// senderEvents are records, spread by the first bits of the hash so that those of
// one part fit into the processor's cache.
type senderEvents [gatherParts][][]byte

const (
	gatherBits  = 3
	gatherParts = 1 << gatherBits
	gatherChunk = 32 << 10
)

// NewGatherer returns an empty gatherer.
func NewGatherer() *Gatherer {
	codec := &eventCodec{newLexicon[who](newDictionary[who]()), newLexicon[what](newDictionary[what]())}
	return &Gatherer{talkReader: talkReader{eventCodec: codec}, senders: map[string]*senderEvents{}}
}

// Add takes an event. It keeps no part of it.
func (g *Gatherer) Add(e *rating.Event) {
	of := g.senders[e.Sender]
	if of == nil {
		of = new(senderEvents)
		g.senders[e.Sender] = of
	}
	hash := talkHash(e.Sender, e.User)
	chunks := &of[hash%gatherParts]
	last := len(*chunks) - 1
	if size := eventBytesMax(e); last < 0 || len((*chunks)[last])+size > cap((*chunks)[last]) {
		*chunks = append(*chunks, make([]byte, 0, max(gatherChunk, size)))
		last++
	}
	(*chunks)[last] = g.append((*chunks)[last], hash, e)
}

// Each calls visit for every conversation of a sender and forgets them. The events
// are valid during the call only.
func (g *Gatherer) Each(ctx context.Context, sender string, visit func([]rating.Event) error) error {
	of := g.senders[sender]
	if of == nil {
		return nil
	}
	delete(g.senders, sender)
	for i := range of {
		g.load(of[i], gatherBits)
		of[i] = nil
		if err := g.each(ctx, visit); err != nil {
			return err
		}
	}
	return nil
}
