// Package ubl writes an issued document as an e-invoice: UBL 2.1, an Invoice (380),
// a debit note (an Invoice of type 383) or a CreditNote (381), after EN 16931 and,
// where the document can go through it, Peppol BIS Billing 3.0. Every amount is the
// document's own, to the last digit; nothing is computed here but the difference that
// rounding to whole units leaves on a line.
package ubl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"postage/reports"
	"postage/reports/wording"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrNotExpressible is wrapped by the error of a document that no e-invoice can
// say: a draft, or one that lacks what EN 16931 demands. The error names all that
// is missing and where to fill it in.
var ErrNotExpressible = errors.New("not expressible as an e-invoice")

// Write writes a document. Equal documents give equal bytes. When the error wraps
// ErrNotExpressible, nothing was written.
func Write(w io.Writer, d *reports.Document) error {
	if err := check(d); err != nil {
		return err
	}
	x := build(d)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(x); err != nil {
		return fmt.Errorf("e-invoice %s: %w", d.Number, err)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// check finds all that keeps a document from being an e-invoice.
func check(d *reports.Document) error {
	missing := Missing(d)
	if d.Number == "" {
		missing = append([]string{"a number: it is a draft"}, missing...)
	}
	if err := addsUp(d); err != nil {
		return fmt.Errorf("e-invoice %s: %w", d.Number, err)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s %s of account %q: %w: it lacks %s", d.Type.Title(), d.Number, d.Customer.ID, ErrNotExpressible, strings.Join(missing, "; "))
	}
	return nil
}

// Missing is what a document lacks to be an e-invoice once it is issued, and where to fill it in.
func Missing(d *reports.Document) (missing []string) {
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(d.Seller.Name != "" && d.Seller.Country != "", "the seller's name and country (sellers.csv: name, country)")
	need(d.Customer.Country != "", "the customer's country (accounts.csv: country)")
	need(len(d.Lines) > 0, "a line")
	need(d.Type == reports.Invoice || d.Preceding != nil, "the invoice that it corrects")
	if len(d.Taxes) != 1 {
		need(false, "one tax treatment of all lines (taxes.csv)")
	} else {
		checkTax(d, need)
	}
	return missing
}

// addsUp is the last look before figures leave the house in a form that no person
// reads: lines, tax and total must agree to the last digit.
func addsUp(d *reports.Document) error {
	var net, tax decimal.Decimal
	unit := decimal.New(1, -d.Scale)
	for i := range d.Lines {
		l := &d.Lines[i]
		net = net.Add(l.Billed)
		if residue(l).Abs().GreaterThanOrEqual(unit) {
			return fmt.Errorf("line %d: %d x %s is not %s", i+1, l.Quantity, l.UnitPrice, l.Billed)
		}
	}
	for _, t := range d.Taxes {
		tax = tax.Add(t.Tax)
	}
	switch {
	case !net.Equal(d.Net):
		return fmt.Errorf("net %s is not the sum of the lines %s", d.Net, net)
	case !tax.Equal(d.Tax):
		return fmt.Errorf("tax %s is not the sum of the taxes %s", d.Tax, tax)
	case !d.Gross.Equal(d.Net.Add(d.Tax)):
		return fmt.Errorf("total %s is not net %s and tax %s", d.Gross, d.Net, d.Tax)
	case len(d.Taxes) == 1 && !d.Taxes[0].Base.Equal(d.Net):
		return fmt.Errorf("tax base %s is not net %s", d.Taxes[0].Base, d.Net)
	}
	return nil
}

// builder puts one document into elements.
type builder struct {
	*reports.Document
	digits int32 // decimals of amounts
}

func build(d *reports.Document) *document {
	b := &builder{Document: d, digits: digitsOf(d)}
	x := &document{
		XMLName: xml.Name{Local: "Invoice"}, Default: invoiceNamespace, Cac: cacNamespace, Cbc: cbcNamespace,
		ID: wording.Line(d.Number), IssueDate: d.IssuedOn.String(), InvoiceTypeCode: "380",
		Note: b.note(), DocumentCurrencyCode: d.Currency,
		BuyerReference: first(d.BuyerReference, d.Customer.ID),
		InvoicePeriod:  period{d.Month.First().String(), d.Month.Last().String()},
		Supplier:       b.seller(), Customer: b.customer(),
		TaxTotals: b.taxTotals(),
		Total:     monetaryTotal{b.amount(d.Net), b.amount(d.Net), b.amount(d.Gross), b.amount(d.Gross)},
	}
	x.CustomizationID, x.ProfileID = b.profile().identifiers()
	if d.AccountingTax != nil {
		x.TaxCurrencyCode = d.AccountingTax.Currency
	}
	if d.Preceding != nil {
		x.BillingReference = &billingReference{wording.Line(d.Preceding.Number), d.Preceding.IssuedOn.String()}
	}
	switch d.Type {
	case reports.CreditNote:
		x.XMLName.Local, x.Default = "CreditNote", creditNoteNamespace
		x.InvoiceTypeCode, x.CreditNoteTypeCode = "", "381"
		x.PaymentTerms = &note{creditTerms}
		x.CreditNoteLines = b.lines()
		return x
	case reports.DebitNote:
		x.InvoiceTypeCode = "383"
	case reports.Invoice:
	}
	if !d.DueOn.IsZero() {
		x.DueDate = d.DueOn.String()
	}
	x.PaymentMeans, x.PaymentTerms = b.payment()
	x.InvoiceLines = b.lines()
	return x
}

// note is the one note that Peppol allows: what a reader should know that has no
// element of its own.
func (b *builder) note() string {
	var parts []string
	if b.Example {
		parts = append(parts, "EXAMPLE, made from an example tariff: not an invoice.")
	}
	if b.Reason != "" {
		parts = append(parts, b.Reason+".")
	}
	return wording.Line(strings.Join(append(parts, wording.TaxNotes(b.Document)...), " "))
}

func (b *builder) amount(v decimal.Decimal) amount {
	return amount{v.StringFixed(b.digits), b.Currency}
}

// first is the first of some texts that has anything to read, cleaned.
func first(texts ...string) string {
	for _, t := range texts {
		if t = wording.Line(t); t != "" {
			return t
		}
	}
	return "-" // an element must not be empty
}
