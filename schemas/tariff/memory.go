package tariff

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// Files is a tariff in memory, content by file name: what FromCanonical gives
// back, and what an importer of another format (a workbook) hands to Read. It
// is an fs.FS of one flat folder.
type Files map[string][]byte

func (f Files) names() []string { return slices.Sorted(maps.Keys(f)) }

// Open opens a file, or the folder itself as ".".
func (f Files) Open(name string) (fs.File, error) {
	if name == "." {
		entries, err := f.ReadDir(name)
		return &memoryDir{entries}, err
	}
	b, ok := f[name]
	if !ok || !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memoryFile{memoryInfo{name, int64(len(b)), 0o444}, bytes.NewReader(b)}, nil
}

// ReadDir lists the files, sorted by name.
func (f Files) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var entries []fs.DirEntry
	for _, n := range f.names() {
		entries = append(entries, fs.FileInfoToDirEntry(memoryInfo{n, int64(len(f[n])), 0o444}))
	}
	return entries, nil
}

type memoryFile struct {
	info memoryInfo
	*bytes.Reader
}

func (m *memoryFile) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *memoryFile) Close() error               { return nil }

type memoryDir struct{ rest []fs.DirEntry }

func (m *memoryDir) Stat() (fs.FileInfo, error) { return memoryInfo{".", 0, fs.ModeDir | 0o555}, nil }
func (m *memoryDir) Close() error               { return nil }

func (m *memoryDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(m.rest)
	} else if len(m.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(m.rest))
	out := m.rest[:n]
	m.rest = m.rest[n:]
	return out, nil
}

func (m *memoryDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrInvalid}
}

// memoryInfo describes a file; it has no date, so nothing can depend on one.
type memoryInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (m memoryInfo) Name() string       { return path.Base(m.name) }
func (m memoryInfo) Size() int64        { return m.size }
func (m memoryInfo) Mode() fs.FileMode  { return m.mode }
func (m memoryInfo) ModTime() time.Time { return time.Time{} }
func (m memoryInfo) IsDir() bool        { return m.mode.IsDir() }
func (m memoryInfo) Sys() any           { return nil }
