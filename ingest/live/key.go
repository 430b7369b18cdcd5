package live

import (
	"cmp"
	"hash/maphash"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Key names a conversation.
type Key struct{ Sender, User string }

// appendTo appends the key as producers write it on records: sender|user.
func (k Key) appendTo(b []byte) []byte {
	b = append(b, k.Sender...)
	b = append(b, '|')
	return append(b, k.User...)
}

func (k Key) compare(o Key) int {
	return cmp.Or(strings.Compare(k.Sender, o.Sender), strings.Compare(k.User, o.User))
}

// Hash is the xxHash64 of `sender|user`, which ClickHouse computes too.
func (k Key) Hash() uint64 {
	var b [64]byte
	return xxhash.Sum64(k.appendTo(b[:0]))
}

// Home is the partition that owns the conversation among so many: the one that Kafka's
// clients choose for the key `sender|user` (murmur2). So with right keys every record
// arrives at the owner of its conversation.
func (k Key) Home(partitions int) int32 {
	var b [64]byte
	return int32((murmur2(k.appendTo(b[:0])) & 0x7fffffff) % uint32(partitions))
}

// murmur2 is the hash of Kafka's default partitioner.
func murmur2(data []byte) uint32 {
	const m, r = 0x5bd1e995, 24
	h := uint32(0x9747b28c) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h = h*m ^ k
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}

// seed makes the hashes that stay within this process unpredictable.
var seed = maphash.MakeSeed()

// hashText is never 0 for a text that is not empty, and 0 for the empty one.
func hashText(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(maphash.String(seed, s), 1)
}

// packed is a key in 14 bytes: both numbers as digits behind a leading 1. Numbers
// that are not + and 1 to 15 digits have none; their conversations are not cached.
type packed struct{ sender, user uint64 }

func (k Key) pack() (p packed, ok bool) {
	var okSender, okUser bool
	p.sender, okSender = packNumber(k.Sender)
	p.user, okUser = packNumber(k.User)
	return p, okSender && okUser
}

func packNumber(s string) (uint64, bool) {
	if len(s) < 2 || len(s) > 16 || s[0] != '+' {
		return 0, false
	}
	n := uint64(1)
	for i := 1; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}
