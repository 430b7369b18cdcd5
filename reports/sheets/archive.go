package sheets

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// archive is the zip writer given to excelize. Excelize hands over sheets
// without rows; here the rows, which are packed already, go into their places. Parts
// are written sorted and undated, so equal workbooks are equal bytes.
type archive struct {
	w     io.Writer
	rows  map[string]*pack // by part name
	parts []*part
}

// part is one file of the archive.
type part struct {
	name    string
	content bytes.Buffer
}

// noRows is where excelize leaves room for the rows of a sheet.
const noRows = "<sheetData></sheetData>"

func (a *archive) Create(name string) (io.Writer, error) {
	p := &part{name: name}
	a.parts = append(a.parts, p)
	return &p.content, nil
}

// AddFS is part of the interface and not used by excelize for workbooks.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

const first = "[Content_Types].xml"

// Close writes the archive: the list of content types first, as readers expect,
// then the parts by name. All are dated 1 January 1980, the first day zip knows.
func (a *archive) Close() error {
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
		packs, err := a.packs(p)
		if err != nil {
			return err
		}
		if err := writePart(z, p.name, packs); err != nil {
			return err
		}
	}
	return z.Close()
}

// packs cuts a part around its rows.
func (a *archive) packs(p *part) ([]*pack, error) {
	content := p.content.Bytes()
	if p.name == first {
		content = sortedTypes(content)
	}
	p.content = bytes.Buffer{}
	rows := a.rows[p.name]
	if rows == nil {
		whole, err := packed(content)
		return []*pack{whole}, err
	}
	before, after, found := bytes.Cut(content, []byte(noRows))
	if !found {
		return nil, fmt.Errorf("%s: no room for its rows", p.name)
	}
	head, err1 := packed(before, []byte("<sheetData>"))
	tail, err2 := packed([]byte("</sheetData>"), after)
	return []*pack{head, rows, tail}, errors.Join(err1, err2)
}

// contentType is an entry in the list of content types.
var contentType = regexp.MustCompile(`<(?:Default|Override) [^>]*></(?:Default|Override)>`)

// sortedTypes puts the list of content types in order: excelize keeps it in that of a map.
func sortedTypes(list []byte) []byte {
	types := contentType.FindAll(list, -1)
	slices.SortFunc(types, bytes.Compare)
	next := 0
	return contentType.ReplaceAllFunc(list, func([]byte) []byte {
		next++
		return types[next-1]
	})
}

func packed(content ...[]byte) (*pack, error) {
	var p pack
	for _, b := range content {
		p.write(b)
	}
	return &p, p.finish()
}

// writePart joins packs, one after the other, into one file of the archive.
func writePart(z *zip.Writer, name string, packs []*pack) error {
	h := zip.FileHeader{Name: name, Method: zip.Deflate, Modified: dosEpoch, CompressedSize64: uint64(len(lastBlock))}
	for _, p := range packs {
		h.CRC32 = joinSums(h.CRC32, p.sum, p.size)
		h.UncompressedSize64 += uint64(p.size)
		h.CompressedSize64 += uint64(p.packed.size)
	}
	w, err := z.CreateRaw(&h)
	if err != nil {
		return err
	}
	for _, p := range packs {
		if err := p.packed.copyTo(w); err != nil {
			return err
		}
	}
	_, err = w.Write(lastBlock)
	return err
}

// dosEpoch is the only time in our archives: the clock is not among their inputs.
var dosEpoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)
