package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"postage/reports/sheets"
	"postage/schemas/tariff"
)

// tariffExportCommand is `postage tariff export`.
type tariffExportCommand struct {
	Tariff string `arg:"" help:"Folder of CSV files, XLSX workbook, or \"example\"."`
	Out    string `arg:"" help:"What to write: a workbook when it ends in .xlsx, else a folder. It must not exist."`
}

// Help is the long help.
func (*tariffExportCommand) Help() string {
	return `The workbook has a sheet for each file, row for line, and every cell as text, so that nothing is lost: exporting
it to a folder again gives the same rows. (The version may be another: it counts blank lines and quotes too.)
The tariff need not be sound, so a faulty one can be put right in a spreadsheet.

Examples:
  postage tariff export my-tariff my-tariff.xlsx
  postage tariff export my-tariff.xlsx my-tariff-2027`
}

func (c *tariffExportCommand) Run(s *streams) error {
	if err := absent(c.Out); err != nil {
		return err
	}
	source, err := tariffFiles(c.Tariff)
	if err != nil {
		return err
	}
	if err := cellFaults(source); err != nil {
		return err
	}
	canonical, err := tariff.Canonical(source)
	if err != nil {
		return err
	}
	files, err := tariff.FromCanonical(canonical)
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return usagef("tariff %s has no file of a tariff in it", c.Tariff)
	case isWorkbook(c.Out):
		err = writeWorkbook(c.Out, files)
	default:
		err = writeFolder(c.Out, files)
	}
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintln(s.out, c.Out)
	return err
}

func writeWorkbook(path string, files tariff.Files) (err error) {
	var b bytes.Buffer
	if err := sheets.WriteTariffWorkbook(&b, files); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = b.WriteTo(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // ours: it did not exist
	}
	return nil
}

// writeFolder makes the folder appear whole or not at all.
func writeFolder(path string, files tariff.Files) error {
	path = filepath.Clean(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	building, err := os.MkdirTemp(filepath.Dir(path), ".postage-export-")
	if err != nil {
		return err
	}
	err = os.Chmod(building, 0o755)
	for name, content := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(building, name), content, 0o666)
		}
	}
	if err == nil {
		err = os.Rename(building, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(building))
	}
	return nil
}
