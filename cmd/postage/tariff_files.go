package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"postage/reports/sheets"
	"postage/schemas/tariff"
	"strings"
)

// tariffFiles opens the tariff that a command line names: a folder of CSV files,
// an XLSX workbook with a sheet for each, or "example". What it returns is for
// tariff.Read, which reports the faults of a workbook's cells with all others.
func tariffFiles(name string) (fs.FS, error) {
	if name == "example" {
		return tariff.Example, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("tariff %s does not exist; name a folder with accounts.csv, senders.csv, markets.csv, prices.csv and packages.csv, or a workbook with a sheet for each", name)
	case err != nil:
		return nil, fmt.Errorf("tariff: %w", err)
	case info.IsDir():
		return os.DirFS(name), nil
	case isWorkbook(name):
		return readWorkbook(name)
	default:
		return nil, usagef("tariff %s is neither a folder nor an .xlsx workbook", name)
	}
}

func isWorkbook(name string) bool { return strings.EqualFold(filepath.Ext(name), ".xlsx") }

func readWorkbook(name string) (fs.FS, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("tariff: %w", err)
	}
	defer f.Close()
	files, err := sheets.ReadTariffWorkbook(f)
	book := tariff.Workbook{Files: files, Name: name}
	if cells, ok := errors.AsType[*sheets.CellFaults](err); ok {
		book.Faults = cells.List
	} else if err != nil {
		return nil, fmt.Errorf("tariff %s: %w", name, err)
	}
	return book, nil
}
