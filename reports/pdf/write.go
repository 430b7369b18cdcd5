// Package pdf draws invoices, credit notes and debit notes as PDF.
//
// It draws what the document says and computes nothing. A document is laid out
// as pages of marks (text and boxes), then painted. The same document always gives the
// same bytes: there is no creation time, and identifiers are hashes of the content.
//
// Text is shaped with go-text/typesetting and written by a small PDF writer of
// our own, because the libraries at hand stamp the clock into the font program
// they embed, and lose the text of shaped scripts when it is copied out.
package pdf

import (
	"fmt"
	"io"
	"postage/reports"
)

// Write draws d on A4 pages. A document without a number is a draft and says
// so. Whatever the texts hold, the result is a valid file: control characters are
// dropped, long names wrap, and a character the font lacks shows as a box but
// keeps its text. Write may be called from several goroutines; it fails only when w does.
func Write(w io.Writer, d *reports.Document) error {
	t := typesetters.Get().(*typesetter)
	defer typesetters.Put(t)
	t.forget()
	if err := paint(w, t, d, lay(t, d)); err != nil {
		return fmt.Errorf("pdf of %s %s: %w", d.Type, d.Number, err)
	}
	return nil
}
