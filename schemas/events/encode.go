package events

import "postage/rating"

// AppendV1 appends the event in the wire format v1: its canonical content.
// Decoding gives the event back, bit by bit.
func AppendV1(dst []byte, e *rating.Event) []byte { return e.AppendCanonical(dst) }
