package traffic

import "encoding/base64"

// idMaker makes message ids in the form of the carrier's: "wamid." and base64
// of a small binary record that holds the user's number and random hex digits.
// Ids never repeat within a stream: the first 16 digits are a bijection of a
// counter.
type idMaker struct {
	seed, count uint64
	buf         [64]byte
	text        [96]byte
}

// next makes the id of the next message; number is the user's, without +.
func (m *idMaker) next(number string, inbound bool) string {
	m.count++
	unique, extra := mix(m.count^m.seed), mix(m.count+m.seed)
	b := append(m.buf[:0], 0x1c, 0x18, byte(len(number)))
	b = append(b, number...)
	if inbound {
		b = append(b, 0x15, 0x02, 0x00, 0x12, 0x18, 0x14)
		b = hexDigits(hexDigits(b, unique, 16), extra, 4)
	} else {
		b = append(b, 0x15, 0x02, 0x00, 0x11, 0x18, 0x12)
		b = hexDigits(hexDigits(b, unique, 16), extra, 2)
	}
	b = append(b, 0x00)
	t := append(m.text[:0], "wamid."...)
	return string(base64.StdEncoding.AppendEncode(t, b))
}

// hexDigits appends the n lowest hex digits of x in capitals.
func hexDigits(b []byte, x uint64, n int) []byte {
	const digits = "0123456789ABCDEF"
	for i := n - 1; i >= 0; i-- {
		b = append(b, digits[x>>(4*i)&15])
	}
	return b
}
