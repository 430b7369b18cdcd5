package sheets

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a workbook that somebody hands in. Excelize would unpack whole
// sheets and lay out every cell between A1 and the last one, which a hostile
// file of a few kilobytes turns into gigabytes; this reader streams and stops.
const (
	workbookBytesMax = 32 << 20  // as it comes, packed
	unpackedBytesMax = 256 << 20 // all parts read, together
	tokenBytesMax    = 1 << 20   // between two tags
	partsMax         = 10_000
	sheetsMax        = 100
	sharedMax        = 2_000_000 // shared strings
	sharedBytesMax   = 64 << 20
	stylesMax        = 70_000 // spreadsheets allow 65,490
	rowsMax          = 1_048_576
	columnsMax       = 200 // with anything in them
	csvBytesMax      = 128 << 20
)

var errNotWorkbook = errors.New("not an XLSX workbook; save it as .xlsx")

// parts are the files inside a workbook.
type parts struct {
	byName map[string]*zip.File // by name in small letters
	left   int64                // bytes that may still be unpacked
}

func openParts(r io.Reader) (*parts, error) {
	b, err := io.ReadAll(io.LimitReader(r, workbookBytesMax+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > workbookBytesMax:
		return nil, fmt.Errorf("more than %d MB; a workbook of a tariff is smaller", workbookBytesMax>>20)
	case bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("protected by a password, or of the time before XLSX; save it as .xlsx without a password")
	case bytes.Count(b, []byte("PK\x01\x02")) > partsMax:
		return nil, fmt.Errorf("more than %d parts", partsMax)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, errNotWorkbook
	}
	p := &parts{byName: map[string]*zip.File{}, left: unpackedBytesMax}
	for _, f := range z.File {
		p.byName[strings.ToLower(f.Name)] = f
	}
	return p, nil
}

func (p *parts) has(name string) bool { return p.byName[strings.ToLower(name)] != nil }

// each calls take with every tag and text of a part, in order. What take
// returns other than nil ends it.
func (p *parts) each(name string, take func(xml.Token) error) (err error) {
	f := p.byName[strings.ToLower(name)]
	if f == nil {
		return fmt.Errorf("%s is missing: %w", name, errNotWorkbook)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	// Raw tokens: the decoder keeps no stack of open tags then.
	d := xml.NewDecoder(&meter{r: r, left: &p.left})
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := take(t); err != nil {
			return err
		}
	}
}

// meter stops a part that unpacks to too much, or that has a single tag or text
// too large to be held in memory.
type meter struct {
	r    io.Reader
	left *int64
	run  int // bytes since the last "<"
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b[:min(len(b), 64<<10)])
	if *m.left -= int64(n); *m.left < 0 {
		return 0, fmt.Errorf("unpacks to more than %d MB", unpackedBytesMax>>20)
	}
	if at := bytes.LastIndexByte(b[:n], '<'); at >= 0 {
		m.run = n - at
	} else {
		m.run += n
	}
	if m.run > tokenBytesMax {
		return 0, fmt.Errorf("a cell or tag of more than %d MB", tokenBytesMax>>20)
	}
	return n, err
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// relations reads the relations of a part: target by id, for the types that end
// in kind.
func (p *parts) relations(part, kind string) (byID map[string]string, err error) {
	dir, file := path.Split(part)
	byID = map[string]string{}
	err = p.each(dir+"_rels/"+file+".rels", func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "Relationship" || !strings.HasSuffix(attr(e, "Type"), "/"+kind) {
			return nil
		}
		target := attr(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(dir, target)
		}
		byID[attr(e, "Id")] = strings.TrimPrefix(path.Clean(target), "/")
		if len(byID) > partsMax {
			return fmt.Errorf("more than %d parts", partsMax)
		}
		return nil
	})
	return byID, err
}
