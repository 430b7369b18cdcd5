package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Lines reads a file line by line, decompressing gzip and zstd, without holding
// more than a block of it.
type Lines struct {
	lineReader
	done func()
}

// Block is a piece of a file: whole lines with their ends.
type Block struct {
	Line int // number of the first line, from 1
	Data []byte
	// TooLong is the size of a line over the limit, 0 for all others; Data is the
	// beginning of that one line.
	TooLong int64
}

// NewLines reads in. Of a line that is longer than limit only so many bytes are
// kept. A byte order mark is left out. Errors name the line, the caller the file.
func NewLines(in io.Reader, limit int) (*Lines, error) {
	content, done, err := decompress(in)
	if err != nil {
		return nil, err
	}
	return &Lines{lineReader{in: content, limit: limit, keep: limit}, done}, nil
}

// Next reads a block into buf, which may grow. It returns io.EOF after the last.
func (l *Lines) Next(buf []byte) (Block, error) {
	b, err := l.next(buf)
	if err != nil && !errors.Is(err, io.EOF) {
		return Block{}, fmt.Errorf("line %d: %w", l.line+1, l.err)
	}
	if b.line == 1 {
		b.data = bytes.TrimPrefix(b.data, byteOrderMark)
	}
	return Block{b.line, b.data, b.tooLong}, err
}

// Close frees what decompressing took; the file is left to its owner.
func (l *Lines) Close() { l.done() }
