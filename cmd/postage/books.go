package main

import (
	"context"
	"encoding/json"
	"fmt"
	"postage/reports/books"
	"postage/reports/closing"
	"time"
)

// booksCommand is `postage books`.
type booksCommand struct {
	Backup  booksBackupCommand  `cmd:"" help:"Write a copy of the books to a file and check it; closes may go on."`
	Restore booksRestoreCommand `cmd:"" help:"Replace the books by a backup, after checking it."`
	Project booksProjectCommand `cmd:"" help:"Make ClickHouse say what the books say, for analysts; every close does so by itself."`
}

// booksFlags say whose books.
type booksFlags struct {
	Data string `placeholder:"DIR" help:"Folder of the books (default: postage in the user's configuration folder)."`
	JSON bool   `name:"json" help:"Print the result as JSON."`
}

func (f *booksFlags) engines() *engineFlags { return &engineFlags{Data: f.Data} }

type booksBackupCommand struct {
	booksFlags
	File string `arg:"" help:"Where the copy goes; it must not exist."`
}

func (c *booksBackupCommand) Run(ctx context.Context, s *streams) (err error) {
	e := &engines{}
	defer closeWith(&err, "books", e.Close)
	b, err := c.engines().existingBooks(ctx, e)
	if err != nil {
		return err
	}
	summary, err := b.Backup(ctx, c.File)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(summary)
	}
	_, err = fmt.Fprintf(s.out, "%s: %s, checked\n", c.File, summaryText(summary))
	return err
}

type booksRestoreCommand struct {
	booksFlags
	File  string `arg:"" type:"existingfile" help:"A backup, made by postage books backup."`
	Force bool   `help:"Replace books that are newer, or of another installation."`
}

func (c *booksRestoreCommand) Run(ctx context.Context, s *streams) (err error) {
	e := &engines{}
	defer closeWith(&err, "books", e.Close)
	b, err := c.engines().openBooks(ctx, e)
	if err != nil {
		return fmt.Errorf("%w; if the file is damaged, move it away first", err)
	}
	r, err := b.Restore(ctx, c.File, c.Force, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(r)
	}
	if r.Kept != "" {
		fmt.Fprintf(s.out, "the books that were there are in %s\n", r.Kept)
	}
	_, err = fmt.Fprintf(s.out, "restored: %s; run postage books project, and postage verify --all\n", summaryText(r.Summary))
	return err
}

type booksProjectCommand struct{ engineFlags }

func (c *booksProjectCommand) Run(ctx context.Context, s *streams) (err error) {
	e := &engines{}
	defer closeWith(&err, "engines", e.Close)
	b, err := c.existingBooks(ctx, e)
	if err != nil {
		return err
	}
	if err := c.openStore(ctx, s, e); err != nil {
		return err
	}
	written, err := closing.Project(ctx, b, e.store)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%d documents written; see v_documents, v_document_lines and v_closes\n", written)
	return err
}

func summaryText(s books.Summary) string {
	if s.Months == 0 {
		return "empty books"
	}
	return fmt.Sprintf("%d documents of %d months, the last one %s", s.Documents, s.Months, s.Last)
}
