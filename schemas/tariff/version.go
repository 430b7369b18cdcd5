package tariff

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// The canonical form is the whole content of a tariff in one piece of bytes,
// readable in any pager and fit to be kept for years:
//
//	postage tariff 1\n
//	accounts.csv 1234\n
//	<1234 bytes>
//	fx.csv 88\n
//	<88 bytes>
//
// The known files that exist, sorted by name, each preceded by its name and its
// length in bytes. Content is normalised before it is measured: no byte order
// mark, every line ended by "\n", the last one included. Nothing else is
// touched, so moving a row or a column gives another version, and another file
// in the folder does not.
const canonicalHeader = "postage tariff 1\n"

// bytesMax limits one file; a tariff of a million price rows fits.
const bytesMax = 128 << 20

// Canonical returns the canonical form of the tariff in fsys. It does not
// check the tariff: what Read refuses has a canonical form too.
func Canonical(fsys fs.FS) ([]byte, error) {
	files, _, err := load(fsys)
	if err != nil {
		return nil, err
	}
	return files.canonical(), nil
}

// Version names the content of the tariff in fsys: "sha256:" and the hex
// SHA-256 of its canonical form.
func Version(fsys fs.FS) (string, error) {
	c, err := Canonical(fsys)
	if err != nil {
		return "", err
	}
	return VersionOf(c), nil
}

// VersionOf is the version of a tariff in canonical form: what `sha256sum`
// prints for the same bytes.
func VersionOf(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// FromCanonical gives back the files of a tariff in canonical form. Reading
// them gives the rows, and the version, that the original gave. Bytes that are
// not exactly a canonical form are an error.
func FromCanonical(b []byte) (Files, error) {
	rest, ok := bytes.CutPrefix(b, []byte(canonicalHeader))
	if !ok {
		return nil, errors.New("tariff in canonical form: does not begin with " + strconv.Quote(canonicalHeader))
	}
	known := fileNames()
	files := Files{}
	for len(rest) > 0 {
		head, body, ok := bytes.Cut(rest, []byte("\n"))
		name, size, ok2 := bytes.Cut(head, []byte(" "))
		n, err := strconv.Atoi(string(size))
		if !ok || !ok2 || err != nil || n < 0 || n > len(body) || !slices.Contains(known, string(name)) {
			return nil, fmt.Errorf("tariff in canonical form: byte %d: want the name and size of a tariff file", len(b)-len(rest))
		}
		files[string(name)] = slices.Clone(body[:n])
		rest = body[n:]
	}
	if !bytes.Equal(files.canonical(), b) {
		return nil, errors.New("tariff in canonical form: files are not normalised, sorted and single")
	}
	return files, nil
}

func (f Files) canonical() []byte {
	var b bytes.Buffer
	b.WriteString(canonicalHeader)
	for _, name := range f.names() {
		content := normalise(f[name])
		fmt.Fprintf(&b, "%s %d\n", name, len(content))
		b.Write(content)
	}
	return b.Bytes()
}

// load reads the known files of the folder, each once, normalised: what is
// hashed is what is parsed. others are the names of the other files.
func load(fsys fs.FS) (files Files, others []string, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("tariff: %w", err)
	}
	known := fileNames()
	files = Files{}
	for _, e := range entries {
		if !slices.Contains(known, e.Name()) {
			if !e.IsDir() {
				others = append(others, e.Name())
			}
			continue
		}
		info, err := fs.Stat(fsys, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("tariff: %w", err)
		}
		if info.Size() > bytesMax {
			return nil, nil, fmt.Errorf("tariff: %s has %d bytes, more than the %d allowed", e.Name(), info.Size(), bytesMax)
		}
		b, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("tariff: %w", err)
		}
		files[e.Name()] = normalise(b)
	}
	return files, others, nil
}

func normalise(b []byte) []byte {
	for bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(b, bom); {
		b = b[len(bom):]
	}
	if bytes.IndexByte(b, '\r') >= 0 {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		b = bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(slices.Clone(b), '\n')
	}
	return b
}
