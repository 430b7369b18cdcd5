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
	Example tariffExampleCommand `cmd:"" help:"Write the built-in example tariff into a folder, to start from."`
}

type tariffCheckCommand struct {
	Folder string `arg:"" help:"Folder with the tariff's CSV files."`
}

func (c *tariffCheckCommand) Run(s *streams) error {
	t, err := (tariffFlag{c.Folder}).load()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n%d accounts, %d senders, %d market rows, %d price rows, %d packages\n", t.Rows.Version,
		len(t.Rows.Accounts), len(t.Rows.Senders), len(t.Rows.Markets), len(t.Rows.Prices), len(t.Rows.Packages))
	return err
}

type tariffExampleCommand struct {
	Folder string `arg:"" help:"Folder to write into; it must not exist."`
}

func (c *tariffExampleCommand) Run(s *streams) error {
	if _, err := os.Stat(c.Folder); !errors.Is(err, fs.ErrNotExist) {
		return usagef("%s exists already; name a folder that does not", c.Folder)
	}
	if err := os.CopyFS(c.Folder, tariff.Example); err != nil {
		return fmt.Errorf("example tariff: %w", err)
	}
	_, err := fmt.Fprintln(s.out, c.Folder)
	return err
}
