package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Format is a kind of file.
type Format struct {
	Ext string
	New func(w io.Writer, t *Table, about map[string]string) (Writer, error)
}

// The formats.
var (
	CSV     = Format{".csv", func(w io.Writer, t *Table, _ map[string]string) (Writer, error) { return NewCSV(w, t) }}
	Parquet = Format{".parquet", NewParquet}
)

// Files are the files of one export: in Dir one for each table, and a folder for every
// account when ByAccount, with its rows alone.
type Files struct {
	Dir       string
	Stem      string // of file names, after the table's: "2026-10-draft"
	Format    Format
	About     map[string]string // what the files are of; Parquet keeps it
	ByAccount bool
}

// Write writes one table and returns the paths, in the order in which files were begun.
// A file appears when it is whole, in place of an older one; until then it has another
// name, which goes when writing fails. onRow is called after every row.
func (f *Files) Write(t *Table, rows iter.Seq2[[]Cell, error], onRow func()) (paths []string, err error) {
	all, err := f.create(f.Dir, t)
	if err != nil {
		return nil, err
	}
	var one *file // of the account at hand
	var account string
	defer func() { err = errors.Join(err, all.discard(), one.discard()) }()
	paths = append(paths, all.path)
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if err := all.Write(row); err != nil {
			return nil, err
		}
		if f.ByAccount {
			if one == nil || row[0].Text != account {
				if err := one.commit(); err != nil {
					return nil, err
				}
				account = row[0].Text
				if one, err = f.create(filepath.Join(f.Dir, SafeName(account)), t); err != nil {
					return nil, err
				}
				paths = append(paths, one.path)
			}
			if err := one.Write(row); err != nil {
				return nil, err
			}
		}
		onRow()
	}
	return paths, errors.Join(one.commit(), all.commit())
}

func (f *Files) create(dir string, t *Table) (*file, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	a, err := NewAtomic(filepath.Join(dir, t.Name+"-"+f.Stem+f.Format.Ext))
	if err != nil {
		return nil, err
	}
	out := &file{Atomic: a, buffer: bufio.NewWriterSize(a, 1<<16)}
	if out.Writer, err = f.Format.New(out.buffer, t, f.About); err != nil {
		return nil, errors.Join(err, a.Discard())
	}
	return out, nil
}

// file is a table on its way into an atomic file. A nil one is no file.
type file struct {
	Writer
	*Atomic
	buffer *bufio.Writer
}

func (f *file) Write(row []Cell) error { return f.Writer.Write(row) }

func (f *file) commit() error {
	if f == nil {
		return nil
	}
	if err := errors.Join(f.Writer.Close(), f.buffer.Flush()); err != nil {
		return err
	}
	return f.Commit()
}

func (f *file) discard() error {
	if f == nil {
		return nil
	}
	return f.Discard()
}

// SafeName is what a file or folder is called that is named after an account: the name
// itself, or, when there is something in it that a file system could take for a path, what is
// harmless of it and a hash that tells it apart from others.
func SafeName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if len(safe) > 100 {
		safe = safe[:100]
	}
	if safe == name && strings.Trim(safe, ".") != "" {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimLeft(safe, ".") + "-" + hex.EncodeToString(sum[:4])
}
