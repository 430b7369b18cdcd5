// Package load reads files of events as ingest reads a topic of Kafka, so that a
// backfill takes the path of any other record: decode, refuse, append, ledger.
//
// A file is a topic of its own, named by the hash of its content, with one
// partition; the offset of a record is the number of its line or row. So the
// ledger knows what has been loaded, under whatever name it comes again, and how
// far a load got that was interrupted. It decides nothing about what records mean.
package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"postage/ingest"
	"postage/ingest/files"
	"postage/rating"
	"strings"
)

// TopicPrefix begins the topics of files.
const TopicPrefix = "load:"

// lineBytesMax is how much is kept of a line: over the decoder's limit, so that it
// is refused, and under what a record of Kafka may have, so that it can be produced.
const lineBytesMax = 16 << 20

// File is a file that has been looked through.
type File struct {
	Name    string
	Topic   string // "load:" and the SHA-256 of its bytes
	Size    int64  // in bytes
	Records int64
	End     int64 // one more than the last offset

	format fileFormat
	info   fs.FileInfo
}

type fileFormat uint8

const (
	jsonLines fileFormat = iota
	csvTable
	parquetTable
)

// Inspect reads a file once: its hash, its format, its number of records. progress
// is told of bytes as they are read. An error says why the file cannot be loaded.
func Inspect(ctx context.Context, name string, progress func(bytes int)) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := &File{Name: name}
	if err := file.inspect(ctx, f, progress); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

func (file *File) inspect(ctx context.Context, f *os.File, progress func(int)) (err error) {
	if file.info, err = f.Stat(); err != nil {
		return err
	}
	if !file.info.Mode().IsRegular() {
		return errors.New("not a regular file: it is read twice")
	}
	file.Size = file.info.Size()
	hash := sha256.New()
	in := io.TeeReader(&watched{ctx, f, progress}, hash)
	magic := make([]byte, 4)
	if n, err := f.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if string(magic[:n]) == "PAR1" {
		r, err := openParquet(f, file.Size, 0)
		if err != nil {
			return err
		}
		file.format = parquetTable
		for _, group := range r.groups {
			file.Records += group.NumRows()
		}
		file.End = file.Records
	} else if err := file.count(in); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	file.Topic = TopicPrefix + hex.EncodeToString(hash.Sum(nil))
	return nil
}

// count finds the format of a text file, and counts its records.
func (file *File) count(in io.Reader) error {
	lines, err := files.NewLines(in, lineBytesMax)
	if err != nil {
		return err
	}
	defer lines.Close()
	block, err := lines.Next(nil)
	if err != nil {
		return unlessEnd(err) // an empty file is fine, and has nothing
	}
	rows, noTable := newCSVRows(lines, block)
	switch {
	case noTable == nil:
		file.format = csvTable
	case file.namedCSV():
		return fmt.Errorf("line 1: %w", noTable)
	default:
		for ; err == nil; block, err = lines.Next(block.Data) {
			number := int64(block.Line)
			for line := range bytes.Lines(block.Data) {
				if !blank(line) {
					file.Records++
					file.End = number
				}
				number++
			}
		}
		return unlessEnd(err)
	}
	for err == nil {
		var r row
		if r, err = rows.next(); err == nil {
			file.Records++
			file.End = r.line
		}
	}
	return unlessEnd(err)
}

func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// namedCSV says whether the name promises a table; the content decides.
func (file *File) namedCSV() bool {
	name := strings.ToLower(filepath.Base(file.Name))
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	return strings.HasSuffix(name, ".csv")
}

// Position names a record as people find it: file, line or row.
func (file *File) Position(offset int64) string { return fmt.Sprintf("%s:%d", file.Name, offset+1) }

// watched is a file that tells how much was read of it, and stops with ctx.
type watched struct {
	ctx      context.Context
	in       io.Reader
	progress func(bytes int)
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.in.Read(p)
	w.progress(n)
	return n, err
}

// reader gives out the records of one file in order.
type reader interface {
	// read appends some records to dst, or returns io.EOF.
	read(dst []ingest.Message, topic string, at rating.Instant) ([]ingest.Message, error)
	close()
}

// opened is a file that is being loaded.
type opened struct {
	*File
	reader
	f    *os.File
	next int64
}

// open begins reading at an offset.
func (file *File) open(from int64) (*opened, error) {
	f, err := os.Open(file.Name)
	if err != nil {
		return nil, err
	}
	o := &opened{File: file, f: f, next: from}
	if err := o.begin(from); err != nil {
		f.Close()
		return nil, err
	}
	return o, nil
}

func (o *opened) begin(from int64) (err error) {
	if err := o.unchanged(); err != nil {
		return err
	}
	if o.format == parquetTable {
		o.reader, err = openParquet(o.f, o.Size, from)
		return err
	}
	lines, err := files.NewLines(o.f, lineBytesMax)
	if err != nil {
		return err
	}
	if o.format == jsonLines {
		o.reader = &lineReader{lines, from}
		return nil
	}
	block, err := lines.Next(nil)
	if err != nil {
		lines.Close()
		return err
	}
	rows, err := newCSVRows(lines, block)
	o.reader = &csvReader{csvRows: rows, from: from}
	return err
}

// fetch appends some records to dst, or returns io.EOF once all were read.
func (o *opened) fetch(dst []ingest.Message, at rating.Instant) ([]ingest.Message, error) {
	before := len(dst)
	dst, err := o.read(dst, o.Topic, at)
	if n := len(dst); n > before {
		o.next = dst[n-1].Offset + 1
	}
	if errors.Is(err, io.EOF) {
		if err := o.unchanged(); err != nil {
			return dst[:before], err
		}
		if o.next != o.End {
			return dst[:before], fmt.Errorf("ended at record %d, expected %d", o.next, o.End)
		}
		return dst, io.EOF
	}
	if err != nil {
		return dst[:before], err
	}
	return dst, nil
}

// unchanged holds the file to what its hash was taken of.
func (o *opened) unchanged() error {
	info, err := o.f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, o.info) || info.Size() != o.info.Size() || !info.ModTime().Equal(o.info.ModTime()) {
		return errors.New("changed while it was being loaded: load it again when it is complete")
	}
	return nil
}

func (o *opened) close() {
	o.reader.close()
	o.f.Close()
}
