package closing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"postage/reports"
	"postage/reports/pdf"
	"postage/reports/sheets"
	"postage/reports/ubl"
)

// Format is a kind of file drawn of documents.
type Format struct {
	Name  string // in the books
	Ext   string // of the file
	Write func(io.Writer, *reports.Document) error
}

// Formats are the files drawn of every document. An e-invoice there is only of
// documents that can be said as one: see [ubl.ErrNotExpressible].
var Formats = []Format{
	{"pdf", ".pdf", pdf.Write},
	{"xlsx", ".xlsx", sheets.WriteInvoice},
	{"ubl", ".xml", ubl.Write},
}

// bytes draws a document. The error wraps [ubl.ErrNotExpressible] when the format
// cannot say this document.
func (f *Format) bytes(d *reports.Document) ([]byte, error) {
	var b bytes.Buffer
	if err := f.Write(&b, d); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", f.Name, fileName(d), err)
	}
	return b.Bytes(), nil
}

// draw keeps in the books the files of a document that are not there yet.
func (c *Closer) draw(ctx context.Context, d *reports.Document) error {
	for i := range Formats {
		format := &Formats[i]
		kept, err := c.Books.File(ctx, d.Number, format.Name)
		if err != nil {
			return err
		}
		if kept != nil {
			continue
		}
		content, err := format.bytes(d)
		if errors.Is(err, ubl.ErrNotExpressible) {
			c.Logger.Warn("no e-invoice", "reason", err)
			continue
		}
		if err != nil {
			return err
		}
		if err := c.Books.SaveFile(ctx, d.Number, format.Name, content); err != nil {
			return err
		}
	}
	return nil
}

// file returns a document in a format: as kept in the books, or drawn now for a
// draft. It is nil where the format cannot say the document.
func (c *Closer) file(ctx context.Context, d *reports.Document, format *Format) ([]byte, error) {
	if d.Number != "" {
		return c.Books.File(ctx, d.Number, format.Name)
	}
	content, err := format.bytes(d)
	if errors.Is(err, ubl.ErrNotExpressible) {
		return nil, nil
	}
	return content, err
}
