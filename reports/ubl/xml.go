package ubl

import "encoding/xml"

// The elements of UBL 2.1 that we use, in the order that its schemas ask for. One
// struct serves Invoice and CreditNote: what only one of them has is left empty in
// the other.

const (
	invoiceNamespace    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	creditNoteNamespace = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
	cacNamespace        = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	cbcNamespace        = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
)

type document struct {
	XMLName xml.Name
	Default string `xml:"xmlns,attr"`
	Cac     string `xml:"xmlns:cac,attr"`
	Cbc     string `xml:"xmlns:cbc,attr"`

	CustomizationID      string            `xml:"cbc:CustomizationID"`
	ProfileID            string            `xml:"cbc:ProfileID,omitempty"`
	ID                   string            `xml:"cbc:ID"`
	IssueDate            string            `xml:"cbc:IssueDate"`
	DueDate              string            `xml:"cbc:DueDate,omitempty"`            // Invoice only
	InvoiceTypeCode      string            `xml:"cbc:InvoiceTypeCode,omitempty"`    // Invoice only
	CreditNoteTypeCode   string            `xml:"cbc:CreditNoteTypeCode,omitempty"` // CreditNote only
	Note                 string            `xml:"cbc:Note,omitempty"`
	DocumentCurrencyCode string            `xml:"cbc:DocumentCurrencyCode"`
	TaxCurrencyCode      string            `xml:"cbc:TaxCurrencyCode,omitempty"`
	BuyerReference       string            `xml:"cbc:BuyerReference"`
	InvoicePeriod        period            `xml:"cac:InvoicePeriod"`
	BillingReference     *billingReference `xml:"cac:BillingReference"`
	Supplier             party             `xml:"cac:AccountingSupplierParty>cac:Party"`
	Customer             party             `xml:"cac:AccountingCustomerParty>cac:Party"`
	PaymentMeans         *paymentMeans     `xml:"cac:PaymentMeans"`
	PaymentTerms         *note             `xml:"cac:PaymentTerms"`
	TaxTotals            []taxTotal        `xml:"cac:TaxTotal"`
	Total                monetaryTotal     `xml:"cac:LegalMonetaryTotal"`
	InvoiceLines         []line            `xml:"cac:InvoiceLine"`
	CreditNoteLines      []line            `xml:"cac:CreditNoteLine"`
}

type period struct {
	StartDate string `xml:"cbc:StartDate"`
	EndDate   string `xml:"cbc:EndDate"`
}

type billingReference struct {
	ID        string `xml:"cac:InvoiceDocumentReference>cbc:ID"`
	IssueDate string `xml:"cac:InvoiceDocumentReference>cbc:IssueDate"`
}

type party struct {
	EndpointID       *identifier `xml:"cbc:EndpointID"`
	Identification   string      `xml:"cac:PartyIdentification>cbc:ID"`
	Name             string      `xml:"cac:PartyName>cbc:Name"`
	Address          address     `xml:"cac:PostalAddress"`
	TaxScheme        *partyTax   `xml:"cac:PartyTaxScheme"`
	RegistrationName string      `xml:"cac:PartyLegalEntity>cbc:RegistrationName"`
	CompanyID        string      `xml:"cac:PartyLegalEntity>cbc:CompanyID,omitempty"`
	Contact          *contact    `xml:"cac:Contact"`
}

type contact struct {
	ElectronicMail string `xml:"cbc:ElectronicMail"`
}

type note struct {
	Text string `xml:"cbc:Note"`
}

type identifier struct {
	Value  string `xml:",chardata"`
	Scheme string `xml:"schemeID,attr"`
}

// address has address lines 1 to 3 of EN 16931; which of them names the city, we do
// not know.
type address struct {
	Street     string       `xml:"cbc:StreetName,omitempty"`
	Additional string       `xml:"cbc:AdditionalStreetName,omitempty"`
	Line       *addressLine `xml:"cac:AddressLine"`
	Country    string       `xml:"cac:Country>cbc:IdentificationCode"`
}

type addressLine struct {
	Line string `xml:"cbc:Line"`
}

type partyTax struct {
	CompanyID string `xml:"cbc:CompanyID"`
	Scheme    string `xml:"cac:TaxScheme>cbc:ID"`
}

type paymentMeans struct {
	Code      string   `xml:"cbc:PaymentMeansCode"`
	PaymentID string   `xml:"cbc:PaymentID"`
	Account   *account `xml:"cac:PayeeFinancialAccount"`
}

type account struct {
	ID     string  `xml:"cbc:ID"`
	Name   string  `xml:"cbc:Name"`
	Branch *branch `xml:"cac:FinancialInstitutionBranch"`
}

type branch struct {
	ID string `xml:"cbc:ID"`
}

type amount struct {
	Value    string `xml:",chardata"`
	Currency string `xml:"currencyID,attr"`
}

type taxTotal struct {
	Amount    amount        `xml:"cbc:TaxAmount"`
	Subtotals []taxSubtotal `xml:"cac:TaxSubtotal"`
}

type taxSubtotal struct {
	Base     amount      `xml:"cbc:TaxableAmount"`
	Amount   amount      `xml:"cbc:TaxAmount"`
	Category taxCategory `xml:"cac:TaxCategory"`
}

type taxCategory struct {
	ID         string `xml:"cbc:ID"`
	Percent    string `xml:"cbc:Percent,omitempty"`
	ReasonCode string `xml:"cbc:TaxExemptionReasonCode,omitempty"`
	Reason     string `xml:"cbc:TaxExemptionReason,omitempty"`
	Scheme     string `xml:"cac:TaxScheme>cbc:ID"`
}

type monetaryTotal struct {
	Lines   amount `xml:"cbc:LineExtensionAmount"`
	Net     amount `xml:"cbc:TaxExclusiveAmount"`
	Gross   amount `xml:"cbc:TaxInclusiveAmount"`
	Payable amount `xml:"cbc:PayableAmount"`
}

type line struct {
	ID       int              `xml:"cbc:ID"`
	Invoiced *quantity        `xml:"cbc:InvoicedQuantity"`
	Credited *quantity        `xml:"cbc:CreditedQuantity"`
	Net      amount           `xml:"cbc:LineExtensionAmount"`
	Rounding *allowanceCharge `xml:"cac:AllowanceCharge"`
	Item     item             `xml:"cac:Item"`
	Price    amount           `xml:"cac:Price>cbc:PriceAmount"`
}

type quantity struct {
	Value int64  `xml:",chardata"`
	Unit  string `xml:"unitCode,attr"`
}

type allowanceCharge struct {
	Charge bool   `xml:"cbc:ChargeIndicator"`
	Reason string `xml:"cbc:AllowanceChargeReason"`
	Amount amount `xml:"cbc:Amount"`
}

type item struct {
	Name       string         `xml:"cbc:Name"`
	Category   taxCategory    `xml:"cac:ClassifiedTaxCategory"`
	Properties []itemProperty `xml:"cac:AdditionalItemProperty"`
}

type itemProperty struct {
	Name  string `xml:"cbc:Name"`
	Value string `xml:"cbc:Value"`
}
