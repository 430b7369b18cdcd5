package files

import (
	"encoding/binary"
	"hash/maphash"
	"postage/rating"
)

// An event record is
//
//	size of the record   4 bytes, these included
//	hash of (sender, user) 8 bytes
//	type, kind, referral, client, billable, and which of the rest there are: 4 bytes
//	time   8 bytes
//	sender, user, message id, and what else there is
//
// Numbers are little endian, strings as the lexicon or appendText writes them.
const eventHead = 12

// Which optional parts an event record has.
const (
	hasFacts uint8 = 1 << iota // account, country, category, template
	hasSource
	hasClaim
	hasError
	hasExtra
)

// appendEvent appends the record of an event.
func (x *lexicon) appendEvent(dst []byte, hash uint64, e *rating.Event) []byte {
	start := len(dst)
	var has uint8
	if e.Account != "" || e.UserCountry != "" || e.Category != "" || e.Template != "" {
		has |= hasFacts
	}
	if e.Source != "" {
		has |= hasSource
	}
	if e.Claim.Model != "" || e.Claim.Type != "" || e.Claim.Category != "" {
		has |= hasClaim
	}
	if e.Error != (rating.CarrierError{}) {
		has |= hasError
	}
	if e.Extra != "" {
		has |= hasExtra
	}
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, hash)
	dst = append(dst, uint8(e.Type)|uint8(e.Kind)<<4, uint8(e.Referral)|uint8(e.Client)<<4, uint8(e.Claim.Billable), has)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.At))
	dst = x.append(dst, e.Sender)
	dst = appendText(dst, e.User)
	dst = appendText(dst, e.MessageID)
	if has&hasFacts != 0 {
		dst = x.append(dst, e.Account)
		dst = x.append(dst, e.UserCountry)
		dst = x.append(dst, e.Category)
		dst = x.append(dst, e.Template)
	}
	if has&hasSource != 0 {
		dst = x.append(dst, e.Source)
	}
	if has&hasClaim != 0 {
		dst = x.append(dst, e.Claim.Model)
		dst = x.append(dst, e.Claim.Type)
		dst = x.append(dst, e.Claim.Category)
	}
	if has&hasError != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(e.Error.Code))
		dst = x.append(dst, e.Error.Title)
	}
	if has&hasExtra != 0 {
		dst = appendText(dst, e.Extra)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// readEvent reads a record. User, message id and extra point into it.
func (x *lexicon) readEvent(record string, e *rating.Event) {
	r := reader{record, eventHead}
	*e = rating.Event{}
	c := r.byte()
	e.Type, e.Kind = rating.EventType(c&15), rating.Kind(c>>4)
	c = r.byte()
	e.Referral, e.Client = rating.Referral(c&15), rating.Client(c>>4)
	e.Claim.Billable = rating.Billable(r.byte())
	has := r.byte()
	e.At = rating.Instant(r.uint64())
	e.Sender = x.read(&r)
	e.User = r.text()
	e.MessageID = r.text()
	if has&hasFacts != 0 {
		e.Account = x.read(&r)
		e.UserCountry = x.read(&r)
		e.Category = x.read(&r)
		e.Template = x.read(&r)
	}
	if has&hasSource != 0 {
		e.Source = x.read(&r)
	}
	if has&hasClaim != 0 {
		e.Claim.Model = x.read(&r)
		e.Claim.Type = x.read(&r)
		e.Claim.Category = x.read(&r)
	}
	if has&hasError != 0 {
		e.Error.Code = int32(r.uint32())
		e.Error.Title = x.read(&r)
	}
	if has&hasExtra != 0 {
		e.Extra = r.text()
	}
}

// talkSeed is the seed of the hash by which conversations are told apart. Which
// conversations share a partition may differ from run to run; no result does.
var talkSeed = maphash.MakeSeed()

func talkHash(sender, user string) uint64 {
	return maphash.String(talkSeed, sender)*0x9e3779b97f4a7c15 ^ maphash.String(talkSeed, user)
}
