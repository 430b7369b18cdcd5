package sheets

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// archive is the zip writer given to excelize. It exists because excelize
// writes streamed sheets in the order of a map: here each part is packed as it
// comes and all are written sorted, so equal workbooks are equal bytes. It also
// puts the true dimension into each sheet, which is known only after the rows.
type archive struct {
	w     io.Writer
	dims  map[string]string // by part name
	parts []*part
}

// placeholder is the dimension that sheets are opened with.
const placeholder = "A1:XFD1048576"

func (a *archive) Create(name string) (io.Writer, error) {
	a.finish()
	p := &part{name: name, crc: crc32.NewIEEE(), dim: a.dims[name]}
	var err error
	if p.pack, err = flate.NewWriter(&p.packed, flate.BestSpeed+1); err != nil {
		return nil, err
	}
	a.parts = append(a.parts, p)
	return p, nil
}

// AddFS is part of the interface and not used by excelize for workbooks.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

func (a *archive) finish() {
	if n := len(a.parts); n > 0 && a.parts[n-1].pack != nil {
		_ = a.parts[n-1].pack.Close() // into memory, which does not fail
		a.parts[n-1].pack = nil
	}
}

// Close writes the archive: the list of content types first, as readers expect,
// then the parts by name. All are dated 1 January 1980, the first day zip knows.
func (a *archive) Close() error {
	a.finish()
	const first = "[Content_Types].xml"
	slices.SortFunc(a.parts, func(x, y *part) int {
		if (x.name == first) != (y.name == first) {
			if x.name == first {
				return -1
			}
			return 1
		}
		return strings.Compare(x.name, y.name)
	})
	z := zip.NewWriter(a.w)
	for _, p := range a.parts {
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, Modified: dosEpoch, CRC32: p.crc.Sum32(),
			CompressedSize64: uint64(p.packed.Len()), UncompressedSize64: p.size,
		})
		if err != nil {
			return err
		}
		if _, err := p.packed.WriteTo(w); err != nil {
			return err
		}
	}
	return z.Close()
}

// part is one file of the archive, packed in memory.
type part struct {
	name   string
	dim    string
	packed bytes.Buffer
	pack   *flate.Writer
	crc    interface {
		io.Writer
		Sum32() uint32
	}
	size uint64
}

func (p *part) Write(b []byte) (int, error) {
	n := len(b)
	if p.size == 0 && p.dim != "" {
		old, dim := []byte(`"`+placeholder+`"`), []byte(`"`+p.dim+`"`)
		head := min(len(b), 16_384)
		b = append(bytes.Replace(b[:head:head], old, dim, 1), b[head:]...)
	}
	p.size += uint64(len(b))
	_, _ = p.crc.Write(b)
	_, err := p.pack.Write(b)
	return n, err
}

// dosEpoch is the only time in our archives: the clock is not among their inputs.
var dosEpoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)
