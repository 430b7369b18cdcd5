package reports

import (
	"postage/rating"

	"github.com/shopspring/decimal"
)

// DocumentType is what a document is.
type DocumentType string

// The types of document.
const (
	Invoice    DocumentType = "invoice"
	CreditNote DocumentType = "credit_note"
	DebitNote  DocumentType = "debit_note"
)

// Title is what a document of the type is called on its face.
func (t DocumentType) Title() string {
	switch t {
	case CreditNote:
		return "Credit note"
	case DebitNote:
		return "Debit note"
	case Invoice:
		return "Invoice"
	}
	return string(t)
}

// Document is an issued document, complete: PDF, XLSX and JSON are drawn from
// it and from nothing else. Amounts on a credit note are positive and are owed
// to the customer.
type Document struct {
	Type     DocumentType `json:"type"`
	Number   string       `json:"number"` // "" while it is a draft
	IssuedOn rating.Date  `json:"issued_on"`
	DueOn    rating.Date  `json:"due_on"` // zero on a credit note
	Month    rating.Month `json:"month"`
	Example  bool         `json:"example,omitempty"` // made from the example tariff: says so on its face

	Seller   Party  `json:"seller"`
	Customer Party  `json:"customer"`
	Bank     string `json:"bank,omitempty"`
	// BuyerReference is what the customer asked to be quoted, e.g. an order number.
	BuyerReference string     `json:"buyer_reference,omitempty"`
	Preceding      *Preceding `json:"preceding,omitempty"` // notes only: the invoice they correct
	Reason         string     `json:"reason,omitempty"`    // notes only

	Currency string         `json:"currency"`
	Scale    int32          `json:"minor_digits"`
	Lines    []DocumentLine `json:"lines"`

	Net      decimal.Decimal `json:"net"`       // sum of the billed lines
	Taxes    []TaxTotal      `json:"taxes"`     // one per treatment and rate
	Tax      decimal.Decimal `json:"tax"`       // sum over Taxes
	Gross    decimal.Decimal `json:"gross"`     // Net + Tax, what is due
	ExactNet decimal.Decimal `json:"exact_net"` // before rounding line by line
	Counts   rating.Counts   `json:"counts"`    // messages of the month, for the summary box
	Tariff   string          `json:"tariff"`    // version
	// AccountingTax is the tax in the seller's own currency, where the law of its
	// country asks for it (sterling on foreign-currency invoices of a UK seller).
	AccountingTax *AccountingTax `json:"accounting_tax,omitempty"`
	Seal          string         `json:"seal,omitempty"` // SHA-256 of the statement behind it
}

// Party is a seller or a customer as printed.
type Party struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Address   string `json:"address,omitempty"` // lines separated by ", " or newlines
	Country   string `json:"country"`
	VATNumber string `json:"vat_number,omitempty"`
	PeppolID  string `json:"peppol_id,omitempty"` // scheme:identifier, "9930:DE999999999"
	TaxID     string `json:"tax_id,omitempty"`
	Email     string `json:"email,omitempty"`
}

// Preceding names the invoice that a note corrects.
type Preceding struct {
	Number   string      `json:"number"`
	IssuedOn rating.Date `json:"issued_on"`
}

// DocumentLine is a statement line in words.
type DocumentLine struct {
	Kind        rating.LineKind `json:"kind"`
	Description string          `json:"description"` // "Utility notifications to India, tier 1"
	Regime      string          `json:"regime,omitempty"`
	Market      string          `json:"market,omitempty"`
	Category    string          `json:"category,omitempty"`
	Tier        int             `json:"tier,omitempty"`
	Unit        string          `json:"unit"` // "messages", "month", ...
	Quantity    int64           `json:"quantity"`
	UnitPrice   decimal.Decimal `json:"unit_price"` // full precision
	Exact       decimal.Decimal `json:"exact"`
	Billed      decimal.Decimal `json:"billed"`
	PriceRow    string          `json:"price_row,omitempty"`
}

// TaxTotal is the tax on all lines of one treatment.
type TaxTotal struct {
	Treatment   string          `json:"treatment"` // S, AE, O, Z, E
	RatePercent decimal.Decimal `json:"rate_percent"`
	Base        decimal.Decimal `json:"base"`
	Tax         decimal.Decimal `json:"tax"`
	Note        string          `json:"note,omitempty"` // e.g. the wording of a reverse charge
	// What decided it: the row of taxes.csv in force on the tax point, the last day of
	// the month supplied. A note repeats the decision of its invoice.
	Row      string      `json:"row,omitempty"` // "taxes.csv:3"
	TaxPoint rating.Date `json:"tax_point,omitzero"`
}

// AccountingTax is the tax of a document converted into the seller's currency.
type AccountingTax struct {
	Currency string          `json:"currency"`
	Rate     decimal.Decimal `json:"rate"` // units of Currency for one unit of the document's currency
	RateOn   rating.Date     `json:"rate_on"`
	Source   string          `json:"source,omitempty"` // of the rate, as fx.csv says
	Net      decimal.Decimal `json:"net"`
	Tax      decimal.Decimal `json:"tax"`
}

// WorkbookData is what the finance workbook of a month is drawn from.
type WorkbookData struct {
	Month      rating.Month
	Kind       RunKind // draft or final, printed on the first sheet
	RunID      string
	Cutoff     Cutoff
	Tariff     string
	Statements []rating.Statement // in account order
	Documents  []Document         // issued so far for this month, notes included
	Journal    []*Batch           // what the documents are in the general ledger; of a draft, the accrual
	// Prior are the statements of the month before as last issued, nil when it was
	// never closed: then nothing is compared.
	Prior []rating.Statement
	// Rows is the tariff behind the run, to say what its price rows are; nil when it
	// is not at hand.
	Rows *rating.TariffRows
}
