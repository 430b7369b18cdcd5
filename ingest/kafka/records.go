package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"postage/ingest"
	"postage/rating"
	"slices"

	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// take appends the records of an answer to dst and moves the position behind them. Gaps
// stand for the offsets between them that hold no record for us, so that every offset is
// accounted for. Records of aborted transactions are such: whoever produced them took
// them back.
func (p *position) take(dst []ingest.Message, part *fetchapi.ResponsePartition) ([]ingest.Message, error) {
	stream, ok := part.RecordSet.Records.(*protocol.RecordStream)
	if !ok || len(stream.Records) == 0 {
		return dst, nil // nothing new
	}
	began := p.next
	aborted := slices.SortedFunc(slices.Values(part.AbortedTransactions), func(a, b fetchapi.ResponseTransaction) int {
		return cmp.Compare(a.FirstOffset, b.FirstOffset)
	})
	inAborted := map[int64]bool{} // by producer
	for _, records := range stream.Records {
		var err error
		switch batch := records.(type) {
		case *protocol.ControlBatch:
			dst, err = p.control(dst, batch, inAborted)
		case *protocol.RecordBatch:
			for len(aborted) > 0 && aborted[0].FirstOffset <= batch.BaseOffset {
				inAborted[aborted[0].ProducerID] = true
				aborted = aborted[1:]
			}
			if batch.Attributes.Transactional() && inAborted[batch.ProducerID] {
				dst, err = p.skip(dst, batch)
				break
			}
			dst, err = p.read(dst, batch)
		default: // message sets of old brokers
			dst, err = p.read(dst, records)
		}
		if err != nil {
			return dst, err
		}
	}
	if p.next == began {
		// Compaction has emptied what the broker has at this offset: it goes on behind it.
		dst = p.gap(dst, max(began+1, offsetOf(stream.Records[0])))
	}
	return dst, nil
}

// gap moves the position on to next: there is nothing for us before it.
func (p *position) gap(dst []ingest.Message, next int64) []ingest.Message {
	if next <= p.next {
		return dst
	}
	p.next = next
	return append(dst, ingest.Message{Topic: p.partition.Topic, Partition: p.partition.ID, Offset: next - 1, Gap: true})
}

// read copies the records of a batch that lie at the position or above, many into one
// piece of memory.
func (p *position) read(dst []ingest.Message, batch protocol.RecordReader) ([]ingest.Message, error) {
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, fmt.Errorf("offset %d: %w", p.next, err)
		}
		if r.Offset < p.next { // an answer may begin before the offset asked for
			continue
		}
		m := ingest.Message{Topic: p.partition.Topic, Partition: p.partition.ID, Offset: r.Offset, Time: rating.At(r.Time)}
		if m.Key, err = p.carve(r.Key); err == nil {
			m.Value, err = p.carve(r.Value)
		}
		if err != nil {
			return dst, fmt.Errorf("offset %d: %w", r.Offset, err)
		}
		dst = append(p.gap(dst, r.Offset), m)
		p.next = r.Offset + 1
	}
}

// slabBytes is how much memory is taken at a time for keys and values.
const slabBytes = 256 << 10

// carve copies b, which may be nil, out of the answer into the slab.
func (p *position) carve(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	defer b.Close()
	n := b.Len()
	if n > slabBytes/4 {
		piece := make([]byte, n)
		_, err := io.ReadFull(b, piece)
		return piece, err
	}
	if n > len(p.slab) {
		p.slab = make([]byte, slabBytes)
	}
	piece := p.slab[:n:n]
	p.slab = p.slab[n:]
	_, err := io.ReadFull(b, piece)
	return piece, err
}

// skip moves the position behind a batch.
func (p *position) skip(dst []ingest.Message, batch protocol.RecordReader) ([]ingest.Message, error) {
	next := p.next
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return p.gap(dst, next), nil
		}
		if err != nil {
			return dst, fmt.Errorf("offset %d: %w", next, err)
		}
		next = r.Offset + 1
	}
}

// control reads the end of a transaction.
func (p *position) control(dst []ingest.Message, batch *protocol.ControlBatch, inAborted map[int64]bool) ([]ingest.Message, error) {
	const abort = 0
	for {
		r, err := batch.ReadControlRecord()
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, fmt.Errorf("control record at offset %d: %w", p.next, err)
		}
		if r.Type == abort {
			delete(inAborted, batch.ProducerID)
		}
		dst = p.gap(dst, r.Offset+1)
	}
}

func offsetOf(batch protocol.RecordReader) int64 {
	if b, ok := batch.(interface{ Offset() int64 }); ok {
		return b.Offset()
	}
	return -1
}
