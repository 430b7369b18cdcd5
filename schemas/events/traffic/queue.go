package traffic

import "postage/rating"

// queue is a heap by time. What is due at the same time leaves in the order of
// seq, so that the order never depends on the shape of the heap.
type queue[T any] struct{ heap []entry[T] }

type entry[T any] struct {
	at  rating.Instant
	seq uint64
	val T
}

// next is the time of the first entry.
func (q *queue[T]) next() (rating.Instant, bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

func (q *queue[T]) push(at rating.Instant, seq uint64, val T) {
	q.heap = append(q.heap, entry[T]{})
	h, i := q.heap, len(q.heap)-1
	for i > 0 {
		up := (i - 1) / 4
		if h[up].at < at || h[up].at == at && h[up].seq < seq {
			break
		}
		h[i], i = h[up], up
	}
	h[i] = entry[T]{at, seq, val}
}

// pop removes the first entry; the queue must not be empty.
func (q *queue[T]) pop() (at rating.Instant, val T) {
	h := q.heap
	at, val = h[0].at, h[0].val
	last := h[len(h)-1]
	h[len(h)-1] = entry[T]{} // let go of what it points to
	h = h[:len(h)-1]
	q.heap = h
	if len(h) == 0 {
		return at, val
	}
	i := 0
	for {
		best, end := 4*i+1, min(4*i+5, len(h))
		if best >= end {
			break
		}
		for c := best + 1; c < end; c++ {
			if h[c].at < h[best].at || h[c].at == h[best].at && h[c].seq < h[best].seq {
				best = c
			}
		}
		if last.at < h[best].at || last.at == h[best].at && last.seq < h[best].seq {
			break
		}
		h[i], i = h[best], best
	}
	h[i] = last
	return at, val
}
