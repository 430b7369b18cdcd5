package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/klauspost/compress/zlib"
)

// ref numbers an object of the file.
type ref int

func (r ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// file writes PDF objects. Nothing in it depends on the clock, the machine or
// the order of a map.
type file struct {
	bytes.Buffer
	offsets []int // of object i+1
}

func newFile() *file {
	f := &file{}
	f.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	return f
}

// reserve gives a number to an object that is written later.
func (f *file) reserve() ref {
	f.offsets = append(f.offsets, 0)
	return ref(len(f.offsets))
}

func (f *file) put(r ref, content string) {
	f.offsets[r-1] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n%s\nendobj\n", int(r), content)
}

func (f *file) add(content string) ref {
	r := f.reserve()
	f.put(r, content)
	return r
}

// packers are kept, because a new one costs more than packing a page.
var packers = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// stream adds compressed data; dict holds further entries.
func (f *file) stream(dict string, data []byte) ref {
	var packed bytes.Buffer
	z := packers.Get().(*zlib.Writer)
	defer packers.Put(z)
	z.Reset(&packed)
	_, _ = z.Write(data) // a bytes.Buffer does not fail
	_ = z.Close()
	return f.add(fmt.Sprintf("<</Length %d/Filter/FlateDecode%s>>\nstream\n%s\nendstream", packed.Len(), dict, packed.Bytes()))
}

// finish writes the cross-reference table and sends the file to w. The file
// identifier is a hash of the content.
func (f *file) finish(w io.Writer, root, info ref) error {
	id := sha256.Sum256(f.Bytes())
	at := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, offset := range f.offsets {
		fmt.Fprintf(f, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(f, "trailer\n<</Size %d/Root %v/Info %v/ID[<%X><%X>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, root, info, id[:16], id[:16], at)
	_, err := w.Write(f.Bytes())
	return err
}

// hexText writes a text string of the file format: UTF-16 in hexadecimal, so
// that no character needs escaping.
func hexText(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}
