package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"postage/schemas/tariff"
)

// tariffCommand is `postage tariff`.
type tariffCommand struct {
	Check   tariffCheckCommand   `cmd:"" help:"Check a tariff as a whole and name every fault."`
	Diff    tariffDiffCommand    `cmd:"" help:"Compare two tariffs row by row."`
	Import  tariffImportCommand  `cmd:"" help:"Turn the carrier's rate-card files into rows of prices.csv."`
	Export  tariffExportCommand  `cmd:"" help:"Write a tariff as an XLSX workbook or as a folder of CSV files."`
	Example tariffExampleCommand `cmd:"" help:"Write the built-in example tariff into a folder, to start from."`
}

type tariffExampleCommand struct {
	Folder string `arg:"" help:"Folder to write into; it must not exist."`
}

func (c *tariffExampleCommand) Run(s *streams) error {
	if err := absent(c.Folder); err != nil {
		return err
	}
	if err := os.CopyFS(c.Folder, tariff.Example); err != nil {
		return fmt.Errorf("example tariff: %w", err)
	}
	_, err := fmt.Fprintln(s.out, c.Folder)
	return err
}

// absent refuses to write where something is.
func absent(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return usagef("%s exists already; name one that does not", path)
	}
	return nil
}
