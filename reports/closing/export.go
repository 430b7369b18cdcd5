package closing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"postage/reports"
	"postage/reports/export"
	"postage/reports/sheets"
)

// Export writes into a folder what finance downloads: every document issued for
// the month as PDF, XLSX, JSON and, where it can be said as one, e-invoice; the
// workbook over all accounts; and the exceptions. Files of issued documents are the
// bytes kept in the books. It returns the paths written.
func (c *Closer) Export(ctx context.Context, r *Result, dir string) ([]string, error) {
	x := exporter{Closer: c, dir: dir}
	var exceptions bytes.Buffer
	if err := writeExceptions(&exceptions, r.Exceptions); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if err := x.write("exceptions.csv", exceptions.Bytes()); err != nil {
		return nil, err
	}
	if r.Run.ID == "" { // nothing was rated
		return x.paths, nil
	}
	err := x.documents(ctx, r)
	if err == nil {
		err = x.workbook(ctx, r)
	}
	// Rows of a run that issued nothing were for the workbook only.
	if abandoned := c.Runs.AbandonRun(ctx, r.Run.ID); err == nil && abandoned != nil {
		err = fmt.Errorf("export: %w", abandoned)
	}
	return x.paths, err
}

// ExportLate writes into a folder what late usage of another month has brought: its
// documents and, when they are issued, its workbook.
func (c *Closer) ExportLate(ctx context.Context, r *Result, dir string) ([]string, error) {
	x := exporter{Closer: c, dir: dir}
	err := x.documents(ctx, r)
	if err == nil && r.Kind == reports.AdjustmentRun && len(r.Documents) > 0 && r.Documents[0].Number != "" {
		err = x.workbook(ctx, r)
	}
	return x.paths, err
}

// exporter writes files into a folder.
type exporter struct {
	*Closer
	dir   string
	paths []string
}

func (x *exporter) write(name string, content []byte) error {
	if err := os.MkdirAll(x.dir, 0o750); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	path := filepath.Join(x.dir, name)
	x.paths = append(x.paths, path)
	if err := os.WriteFile(path, content, 0o640); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// documents writes the files of all documents of a month, or of the drafts.
func (x *exporter) documents(ctx context.Context, r *Result) error {
	documents := r.Documents
	if r.Kind != reports.DraftRun {
		var err error
		if documents, err = x.Books.Documents(ctx, r.Run.Month); err != nil {
			return err
		}
	}
	for i := range documents {
		if err := x.exportDocument(ctx, &documents[i], x.write); err != nil {
			return fmt.Errorf("export of %s: %w", documents[i].Customer.ID, err)
		}
	}
	for _, d := range r.Documents {
		if err := x.removeDraft(d); err != nil {
			return err
		}
	}
	return nil
}

// removeDraft removes the files that a review has drawn of a document, now that it is issued:
// nobody should send one for the other.
func (x *exporter) removeDraft(d reports.Document) error {
	if d.Number == "" {
		return nil
	}
	d.Number = ""
	base := filepath.Join(x.dir, fileName(&d))
	paths := []string{base + ".json"}
	for i := range Formats {
		paths = append(paths, base+Formats[i].Ext)
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}

func (x *exporter) workbook(ctx context.Context, r *Result) error {
	path := filepath.Join(x.dir, fmt.Sprintf("postage-%s%s.xlsx", r.Run.Month, suffix(r)))
	if err := x.exportWorkbook(ctx, r, path); err != nil {
		return fmt.Errorf("export of %s: %w", path, err)
	}
	x.paths = append(x.paths, path)
	return nil
}

// suffix tells the workbooks of a month apart: the one of the close stays as it
// was when adjustments come.
func suffix(r *Result) string {
	switch {
	case r.Kind == reports.DraftRun:
		return "-draft"
	case r.Kind == reports.AdjustmentRun:
		return "-adjusted"
	case r.Run.Accounts != nil:
		return "-part"
	}
	return ""
}

func (c *Closer) exportDocument(ctx context.Context, d *reports.Document, write func(string, []byte) error) error {
	base := fileName(d)
	content, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := write(base+".json", append(content, '\n')); err != nil {
		return err
	}
	for i := range Formats {
		content, err := c.file(ctx, d, &Formats[i])
		if err != nil {
			return err
		}
		if content == nil {
			continue
		}
		if err := write(base+Formats[i].Ext, content); err != nil {
			return err
		}
	}
	return nil
}

// fileName is the document's number and account, or the account of a draft.
func fileName(d *reports.Document) string {
	name := d.Number + "-" + d.Customer.ID
	switch {
	case d.Number == "" && d.Type == reports.Invoice:
		name = "draft-" + d.Customer.ID
	case d.Number == "":
		name = fmt.Sprintf("draft-%s-%s-%s", d.Month, d.Type, d.Customer.ID)
	}
	return export.SafeName(name)
}

func (c *Closer) exportWorkbook(ctx context.Context, r *Result, path string) error {
	data, err := c.workbookData(ctx, r)
	if err != nil {
		return err
	}
	return export.WriteFile(path, func(w io.Writer) error {
		return sheets.WriteWorkbook(w, *data, c.Runs.Charges(ctx, r.Run.ID))
	})
}
