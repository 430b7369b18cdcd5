package sheets

import (
	"bytes"
	"hash/crc32"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
)

// pack compresses a stream: it is cut into blocks, which are packed beside each
// other and joined in order into one deflate stream without its end. What is
// packed stays in memory while it is small and then goes to a temporary file. The
// same bytes written give the same bytes packed.
//
//	write --block--> packBlock (a goroutine each, as many as there are processors) --in order--> packed
type pack struct {
	packed  spill
	sum     uint32 // CRC-32 of what was written
	size    int64  // of what was written, bytes
	block   []byte
	waiting []chan []byte // results to come, oldest first
	free    [][]byte
	err     error
}

const (
	packBlockSize = 512 << 10
	// packLevel packs as tight as archive/zip does, at three times its speed; level 1
	// would save a quarter of the time and make files a fifth larger.
	packLevel = 6
)

func (p *pack) write(b []byte) {
	p.sum = crc32.Update(p.sum, crc32.IEEETable, b)
	p.size += int64(len(b))
	for len(b) > 0 {
		if p.block == nil {
			p.block = p.buffer()
		}
		n := min(len(b), packBlockSize-len(p.block))
		p.block = append(p.block, b[:n]...)
		b = b[n:]
		if len(p.block) == packBlockSize {
			p.send()
		}
	}
}

func (p *pack) buffer() []byte {
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, 16<<10)
}

// send starts packing the block at hand, and first waits for the oldest one when
// every processor has one already.
func (p *pack) send() {
	if len(p.waiting) > runtime.GOMAXPROCS(0) {
		p.receive()
	}
	block, done := p.block, make(chan []byte, 1)
	p.block = nil
	p.waiting = append(p.waiting, done)
	go func() { done <- packBlock(block) }()
}

func (p *pack) receive() {
	b := <-p.waiting[0]
	p.waiting = p.waiting[1:]
	if _, err := p.packed.Write(b); err != nil && p.err == nil {
		p.err = err
	}
	p.free = append(p.free, b[:0])
}

// finish waits for all blocks. Nothing may be written after it.
func (p *pack) finish() error {
	if len(p.block) > 0 {
		p.send()
	}
	for len(p.waiting) > 0 {
		p.receive()
	}
	p.block, p.free = nil, nil
	return p.err
}

// packBlock compresses a block into deflate blocks that end on a byte and are not
// the last of a stream.
func packBlock(b []byte) []byte {
	var out bytes.Buffer
	w := packers.Get().(*flate.Writer)
	w.Reset(&out)
	_, _ = w.Write(b) // into memory, which does not fail
	_ = w.Flush()
	packers.Put(w)
	return append(b[:0], out.Bytes()...)
}

// packers keeps compressors, which are large; a workbook has a dozen parts.
var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, packLevel) // fails for levels that do not exist
	return w
}}

// lastBlock ends a deflate stream: an empty block with fixed codes that is the last.
var lastBlock = []byte{0x03, 0x00}
