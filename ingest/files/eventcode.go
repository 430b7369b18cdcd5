package files

import (
	"encoding/binary"
	"hash/maphash"
	"postage/rating"
)

// An event record is
//
//	size of the record   4 bytes, these included
//	hash of (sender, user) 4 bytes
//	time   6 bytes: it is never after the year 9999
//	type and kind, referral and client, billable and what else there is: 3 bytes
//	who, what, user, message id, error, extra
//
// Numbers are little endian, strings as appendText writes them.
const (
	eventHead = 8
	hashBits  = 32
)

// Which optional parts an event record has.
const (
	hasError uint8 = 16 << iota
	hasExtra
)

// eventCodec reads and writes events on one goroutine.
type eventCodec struct {
	who  *lexicon[who, *who]
	what *lexicon[what, *what]
}

func (r *run) newEventCodec() *eventCodec {
	c := &eventCodec{newLexicon[who](r.who), newLexicon[what](r.what)}
	c.who.notRecent = r.groups.names
	return c
}

// eventBytesMax is at least the size of an event's record.
func eventBytesMax(e *rating.Event) int {
	const numbers, strings, each = 40, 13, 6
	return numbers + strings*each + len(e.Sender) + len(e.User) + len(e.MessageID) + len(e.Account) + len(e.UserCountry) + len(e.Category) + len(e.Template) +
		len(e.Source) + len(e.Claim.Model) + len(e.Claim.Type) + len(e.Claim.Category) + len(e.Error.Title) + len(e.Extra)
}

// append appends the record of an event. sender and talk are its hashes.
func (c *eventCodec) append(dst []byte, sender uint64, talk uint32, e *rating.Event) []byte {
	start := len(dst)
	has := uint8(e.Claim.Billable)
	if e.Error != (rating.CarrierError{}) {
		has |= hasError
	}
	if e.Extra != "" {
		has |= hasExtra
	}
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, talk)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(e.At))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(e.At>>32))
	dst = append(dst, uint8(e.Type)|uint8(e.Kind)<<4, uint8(e.Referral)|uint8(e.Client)<<4, has)
	dst = appendWho(dst, c.who, sender, e.Sender, e.Account)
	dst = appendWhat(dst, c.what, e)
	dst = appendText(dst, e.User)
	dst = appendText(dst, e.MessageID)
	if has&hasError != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(e.Error.Code))
		dst = appendText(dst, e.Error.Title)
	}
	if has&hasExtra != 0 {
		dst = appendText(dst, e.Extra)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// read reads a record. User, message id, error and extra point into it.
func (c *eventCodec) read(record string, e *rating.Event) {
	r := reader{record, eventHead}
	*e = rating.Event{}
	e.At = rating.Instant(r.uint32()) | rating.Instant(r.byte())<<32 | rating.Instant(r.byte())<<40
	kinds, origin, has := r.byte(), r.byte(), r.byte()
	e.Type, e.Kind = rating.EventType(kinds&15), rating.Kind(kinds>>4)
	e.Referral, e.Client = rating.Referral(origin&15), rating.Client(origin>>4)
	by := c.who.read(&r)
	e.Sender, e.Account = by.sender, by.account
	facts := c.what.read(&r)
	e.UserCountry, e.Category, e.Template, e.Source = facts.country, facts.category, facts.template, facts.source
	e.Claim = facts.claim
	e.Claim.Billable = rating.Billable(has & 15)
	e.User = r.text()
	e.MessageID = r.text()
	if has&hasError != 0 {
		e.Error.Code = int32(r.uint32())
		e.Error.Title = r.text()
	}
	if has&hasExtra != 0 {
		e.Extra = r.text()
	}
}

// talkSeed is the seed of the hash by which conversations are told apart. Which
// conversations share a partition differs from run to run; no result does.
var talkSeed = maphash.MakeSeed()

func senderHash(sender string) uint64 { return maphash.String(talkSeed, sender) }

// talkHash is the hash of a conversation, given that of its sender.
func talkHash(sender uint64, user string) uint32 {
	h := sender*0x9e3779b97f4a7c15 ^ maphash.String(talkSeed, user)
	return uint32(h ^ h>>32)
}
