package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Input is a file of events, one JSON record per line: plain, gzip or zstd, told
// apart by content.
type Input struct {
	Name string // stands before the line number of refused records
	Open func() (io.ReadCloser, error)
}

var (
	gzipMagic = []byte{0x1f, 0x8b, 0x08}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// decompress reads what a file holds. close it in the end; that does not close in.
func decompress(in io.Reader) (content io.Reader, closeIt func(), err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, func() { z.Close() }, nil
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(zstdWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// zstdWindow is the most memory that a zstd file may ask for; `zstd --ultra -22`
// asks for 128 MiB.
const zstdWindow = 160 << 20

// block is a piece of a file: whole lines, or one that is too long to hold.
type block struct {
	name    string
	line    int    // number of the first line, from 1
	data    []byte // as read, line ends included
	tooLong int64  // bytes of a line over the limit; then data is its beginning, if that was to be kept
}

// blockBytes is about the size of a block; a longer line makes a longer one.
const blockBytes = 256 << 10

// lineReader cuts a file into blocks. A line of more than limit bytes is counted,
// not held, but for its first bytes where keep says so.
type lineReader struct {
	name  string
	in    io.Reader
	limit int
	keep  int
	line  int    // lines given out
	rest  []byte // read, not given out
	err   error  // of in; io.EOF at the end
}

// next reads a block into buf, which may grow. It returns io.EOF after the last.
func (r *lineReader) next(buf []byte) (block, error) {
	buf = append(buf[:0], r.rest...)
	r.rest = r.rest[:0]
	searched := 0
	for {
		if r.err == nil && len(buf) < blockBytes {
			buf, r.err = fill(r.in, buf, blockBytes)
		}
		end := len(buf) // of the block
		if r.err == nil {
			end = searched + 1 + bytes.LastIndexByte(buf[searched:], '\n')
			if end == searched {
				end = 0
			}
		}
		switch {
		case end > 0:
			r.rest = append(r.rest, buf[end:]...)
			b := block{name: r.name, line: r.line + 1, data: buf[:end]}
			r.line += bytes.Count(b.data, []byte{'\n'})
			return b, nil
		case r.err != nil:
			if errors.Is(r.err, io.EOF) {
				return block{}, io.EOF
			}
			return block{}, fmt.Errorf("%s:%d: %w", r.name, r.line+1, r.err)
		case len(buf) > r.limit:
			return r.skip(buf)
		}
		searched = len(buf)
		buf, r.err = fill(r.in, buf, len(buf)+blockBytes)
	}
}

// skip reads on to the end of a line that is too long.
func (r *lineReader) skip(buf []byte) (block, error) {
	size := int64(len(buf))
	head := append([]byte(nil), buf[:min(r.keep, len(buf))]...)
	for r.err == nil {
		buf, r.err = fill(r.in, buf[:0], blockBytes)
		if end := bytes.IndexByte(buf, '\n'); end >= 0 {
			size += int64(end + 1)
			r.rest = append(r.rest[:0], buf[end+1:]...)
			break
		}
		size += int64(len(buf))
	}
	r.line++
	return block{name: r.name, line: r.line, data: head, tooLong: size}, nil
}

// fill reads until buf has size bytes.
func fill(in io.Reader, buf []byte, size int) ([]byte, error) {
	for len(buf) < size {
		if cap(buf) < size {
			buf = append(make([]byte, 0, size), buf...)
		}
		n, err := in.Read(buf[len(buf):size])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}
