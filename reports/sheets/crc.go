package sheets

import "hash/crc32"

// joinSums is the CRC-32 of two streams one after the other, from the sums of
// both and the length of the second: the first one is moved on by as many zero
// bytes, which is a multiplication by x to the power of their bits (as in zlib's crc32_combine).
func joinSums(first, second uint32, secondSize int64) uint32 {
	const one = 1 << 31      // x to the power of 0; bits are reflected
	power := uint32(1 << 23) // x to the power of 8: one byte
	shift := uint32(one)
	for n := secondSize; n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = multiplySums(shift, power)
		}
		power = multiplySums(power, power)
	}
	return multiplySums(shift, first) ^ second
}

// multiplySums multiplies two polynomials over GF(2) modulo that of CRC-32.
func multiplySums(a, b uint32) (product uint32) {
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= crc32.IEEE
		}
	}
	return product
}
