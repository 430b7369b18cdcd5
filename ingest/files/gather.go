package files

import (
	"context"
	"postage/rating"
	"strings"
)

// Gatherer takes events that arrive in any order and gives them back by
// conversation, those of a sender together, so that accounts can be rated one
// after another. It holds all of them in memory, in about 100 bytes each; Rate,
// which sorts on disk, has no such limit. It serves one goroutine.
type Gatherer struct {
	talkReader
	senders map[string]*senderEvents
	recent  [1 << 10]*senderEvents // some of them, by the hash of the sender
	spare   [][]byte
}

// senderEvents are the records of a sender, spread by the first bits of the hash so that those
// of one part fit into the processor's cache.
type senderEvents struct {
	sender string
	parts  [gatherParts][][]byte
}

const (
	gatherBits  = 1
	gatherParts = 1 << gatherBits
	gatherChunk = 32 << 10
)

// NewGatherer returns an empty gatherer.
func NewGatherer() *Gatherer {
	codec := &eventCodec{newLexicon[who](newDictionary[who]()), newLexicon[what](newDictionary[what]())}
	return &Gatherer{talkReader: talkReader{eventCodec: codec}, senders: map[string]*senderEvents{}}
}

// Reserve takes the memory for so many bytes of records beforehand.
func (g *Gatherer) Reserve(bytes int64) {
	memory := make([]byte, bytes)
	hugePages(memory)
	clear(memory) // so that the system gives it now
	for ; len(memory) >= gatherChunk; memory = memory[gatherChunk:] {
		g.spare = append(g.spare, memory[:0:gatherChunk])
	}
}

// chunk returns an empty chunk for records of some size.
func (g *Gatherer) chunk(size int) []byte {
	if last := len(g.spare) - 1; last >= 0 && size <= gatherChunk {
		chunk := g.spare[last]
		g.spare = g.spare[:last]
		return chunk
	}
	return make([]byte, 0, max(gatherChunk, size))
}

// Add takes an event. It keeps no part of it.
func (g *Gatherer) Add(e *rating.Event) {
	sender := senderHash(e.Sender)
	of := g.of(sender, e.Sender)
	talk := talkHash(sender, e.User)
	chunks := &of.parts[talk%gatherParts]
	last := len(*chunks) - 1
	if size := eventBytesMax(e); last < 0 || len((*chunks)[last])+size > cap((*chunks)[last]) {
		*chunks = append(*chunks, g.chunk(size))
		last++
	}
	(*chunks)[last] = g.append((*chunks)[last], sender, talk, e)
}

// of returns the records of a sender.
func (g *Gatherer) of(hash uint64, sender string) *senderEvents {
	recent := &g.recent[hash%uint64(len(g.recent))]
	if of := *recent; of != nil && of.sender == sender {
		return of
	}
	of := g.senders[sender]
	if of == nil {
		of = &senderEvents{sender: strings.Clone(sender)}
		g.senders[of.sender] = of
	}
	*recent = of
	return of
}

// Each calls visit for every conversation of a sender and forgets them, but keeps their memory for others. The events
// are valid during the call only.
func (g *Gatherer) Each(ctx context.Context, sender string, visit func([]rating.Event) error) error {
	of := g.senders[sender]
	if of == nil {
		return nil
	}
	delete(g.senders, sender)
	if recent := &g.recent[senderHash(sender)%uint64(len(g.recent))]; *recent == of {
		*recent = nil
	}
	for i := range of.parts {
		g.load(of.parts[i], gatherBits)
		if err := g.each(ctx, visit); err != nil {
			return err
		}
		for _, chunk := range of.parts[i] {
			if cap(chunk) == gatherChunk {
				g.spare = append(g.spare, chunk[:0])
			}
		}
	}
	return nil
}
