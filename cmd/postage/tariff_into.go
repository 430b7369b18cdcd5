package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"postage/rating"
	"postage/schemas/tariff"
	"strings"
)

// into adds the rows to the prices.csv of a folder, says what changed, and checks
// the tariff when the folder is one.
func (c *tariffImportCommand) into(s *streams, rows []rating.PriceRow) error {
	path := filepath.Join(c.Into, "prices.csv")
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("import: %w", err)
	}
	after, err := tariff.AppendPrices(before, rows)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Into, 0o777); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if err := replaceFile(path, after); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if err := reportPrices(s, before, after); err != nil {
		return err
	}
	return checkFolder(s, c.Into)
}

// replaceFile replaces the file at once: a reader sees the old content or the new.
func replaceFile(path string, content []byte) error {
	mode := fs.FileMode(0o644)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".prices-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func reportPrices(s *streams, before, after []byte) error {
	var tables [2]tariff.Tables
	for i, content := range [][]byte{before, after} {
		files := tariff.Files{}
		if len(content) > 0 {
			files["prices.csv"] = content
		}
		var err error
		if tables[i], err = tariff.ReadTables(files); err != nil {
			return err
		}
	}
	found := tariff.Diff(tables[0], tables[1])
	out := bufio.NewWriter(s.out)
	writeDifferences(out, found)
	fmt.Fprintln(out, summary(found, false))
	return out.Flush()
}

// checkFolder checks a whole tariff; a folder that is not one yet is only noted.
func checkFolder(s *streams, dir string) error {
	var missing []string
	for _, name := range tariff.RequiredFiles() {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(s.err, "not checked: %s is no whole tariff without %s\n", dir, strings.Join(missing, ", "))
		return nil
	}
	if _, err := tariff.Read(os.DirFS(dir)); err != nil {
		return fmt.Errorf("the rows were added; the tariff they are in now has faults:\n%w", err)
	}
	fmt.Fprintf(s.err, "%s checked: no faults\n", dir)
	return nil
}
